"""How time and memory of the LSTM grow with steps, rows, units and threads, drawn by our own charts."""

import os

from .systems import Worker, note

BASE = {"batch": 32, "time": 100, "input": 64, "hidden": 128, "layers": 1, "directions": 1}
# File, what varies, its label, its values, the slopes to expect of time and of memory.
GROWTH = [
    ("cost-time", "time", "steps T", [16, 32, 64, 128, 256, 512, 1024], (1, "∝ T"), BASE),
    ("cost-batch", "batch", "rows B", [1, 2, 4, 8, 16, 32, 64, 128, 256], (1, "∝ B"), BASE),
    ("cost-hidden", "hidden", "units H", [16, 32, 64, 128, 256, 512, 1024], (2, "∝ H²"), BASE),
]
THREADS_SHAPE = {**BASE, "batch": 64, "input": 256, "hidden": 256}
NAMES = {"batch": "B", "time": "T", "input": "I", "hidden": "H"}


def described(shape, but=None):
    return "LSTM, " + ", ".join(f"{NAMES[key]} = {shape[key]}" for key in NAMES if key != but)


def request(mode, shape, budget):
    return {"mode": mode, "cell": "lstm", "shape": shape, "budget": budget}


def milliseconds(worker, mode, shapes, budget):
    return [worker.ask(request(mode, shape, budget))["milliseconds"] for shape in shapes]


def megabytes(system, threads, shapes):
    """What a fresh process takes for training steps beyond its start, and what these have to keep."""
    peaks, stored = [], []
    for shape, count in zip(shapes, threads):
        worker = Worker(system, count)
        answer = worker.ask(request("memory", shape, 0))
        peaks.append((answer["resident"] - worker.greeting["resident"]) / 1e6)
        stored.append(answer["stored"] / 1e6)
        worker.close()
    return peaks, stored


def memory_lines(peaks, stored):
    return [{"name": "peak of a training process beyond its start", "values": peaks},
            {"name": "activations, weights, gradients, moments (computed)", "values": stored, "isComputed": True}]


def draw(system, folder, budget):
    """Writes the pictures; 0 if all went well."""
    folder.mkdir(parents=True, exist_ok=True)
    threads = os.cpu_count()
    for name, varied, label, values, (slope, slope_name), base in GROWTH:
        shapes = [{**base, varied: value} for value in values]
        note(f"{label}: {values}")
        worker = Worker(system, threads)
        time = [
            {"name": "training step", "values": milliseconds(worker, "train", shapes, budget),
             "slope": slope, "slopeName": f"expected: {slope_name}"},
            {"name": "prediction", "values": milliseconds(worker, "infer", shapes, budget), "slope": slope},
        ]
        memory = memory_lines(*megabytes(system, [threads] * len(shapes), shapes))
        subtitle = f"{described(base, but=varied)}; {threads} thread{'s' if threads > 1 else ''}"
        write(worker, folder / f"{name}.svg", f"Cost of an LSTM over {label}", subtitle, label, values, time, memory)
        worker.close()
    draw_threads(system, folder, budget)
    return 0


def draw_threads(system, folder, budget):
    counts = list(range(1, os.cpu_count() + 1))
    note(f"threads: {counts}")
    time = []
    for mode, name in (("train", "training step"), ("infer", "prediction")):
        values = []
        for count in counts:
            worker = Worker(system, count)
            values += milliseconds(worker, mode, [THREADS_SHAPE], budget)
            worker.close()
        # The expected line goes through the first point: what more threads could do at best.
        time.append({"name": name, "values": values, "slope": -1, "fromFirst": True})
    time[0]["slopeName"] = "expected: ∝ 1 / threads"
    memory = memory_lines(*megabytes(system, counts, [THREADS_SHAPE] * len(counts)))
    worker = Worker(system, 1)
    write(worker, folder / "cost-threads.svg", "Cost of an LSTM over threads", described(THREADS_SHAPE), "threads",
          counts, time, memory)
    worker.close()


def write(worker, path, title, subtitle, label, x, time, memory):
    chart = {"title": title, "subtitle": subtitle, "label": label, "x": x, "time": time, "memory": memory}
    answer = worker.ask({"mode": "draw", "chart": chart})
    path.write_text(answer["svg"])
    note(f"wrote {path}")
