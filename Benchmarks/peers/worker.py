"""What the rivals' workers share: a case a line on standard input, what it took a line on standard output."""

import argparse
import contextlib
import json
import os
import resource
import statistics
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--jit", action="store_true", help="Keras: compile with XLA")
options = parser.parse_args()

GATES = {"lstm": 4, "gru": 3, "rnn": 1}

# Answers have the standard output to themselves; what a library prints goes to standard error.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def median_milliseconds(body, budget):
    """The median of at least three repeats, more until the budget (s) is spent; before them at least two runs, more
    until a tenth of the budget is over, do not count. `medianMilliseconds` in Swift keeps the same rule."""
    start, runs = time.perf_counter(), 0
    while runs < 2 or time.perf_counter() - start < budget / 10:
        body()
        runs += 1
    start, times = time.perf_counter(), []
    while len(times) < 3 or (time.perf_counter() - start < budget and len(times) < 100_000):
        begin = time.perf_counter()
        body()
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def resident():
    """The most bytes that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def walk(windows=843, window=100):
    """The windows of a random walk scaled to 0...1, `[windows, window, 1]`, and what follows each, `[windows, 1]`."""
    import numpy

    prices = numpy.random.default_rng(0).standard_normal(windows + window).cumsum().astype("float32")
    prices = (prices - prices.min()) / (prices.max() - prices.min())
    return numpy.stack([prices[i : i + window] for i in range(windows)])[..., None], prices[window:, None]


def serve(version, timed, untimed, around=lambda mode: contextlib.nullcontext()):
    """Answers cases until the input ends.

    `timed`: mode -> function of a case that gives what is timed and the shape of its output, batch first.
    `untimed`: mode -> function of a case that gives the fields of the answer.
    `around`: function of a timed mode that gives the context in which it runs.
    """
    def send(fields):
        print(json.dumps(fields), file=answers, flush=True)

    send({"version": version, "modes": [*timed, *untimed], "resident": resident(), "processor": time.process_time()})
    last, body, output = None, None, None
    answered = time.process_time()
    for line in sys.stdin:
        # Processor seconds between the last answer and the request: how much a waiting worker disturbs others.
        idle = time.process_time() - answered
        case = json.loads(line)
        try:
            if case["mode"] in untimed:
                fields = untimed[case["mode"]](case)
            else:
                with around(case["mode"]):
                    if line != last:  # the same case again: the same weights, nothing compiled anew
                        last, body, output = line, None, None
                        body, output = timed[case["mode"]](case)
                    fields = {"milliseconds": median_milliseconds(body, case["budget"]), "output": list(output)}
        except Exception as error:
            fields = {"error": f"{type(error).__name__}: {error}"[:300]}
            last = None
        send({**fields, "resident": resident(), "processor": time.process_time(), "idle": idle})
        answered = time.process_time()
