"""Cases, and how they are measured: all systems in turn, so that each meets the same machine."""

import dataclasses
import math
import statistics
import time

from .systems import note

CELLS = ["lstm", "gru", "rnn"]
LAYER_MODES = ["train", "infer", "step"]


@dataclasses.dataclass
class Row:
    """What a case took: a list a system, one entry a round; nothing where a system failed or has no such mode."""

    mode: str
    name: str
    milliseconds: dict
    gigaflops: list

    @property
    def ours(self):
        return statistics.median(self.milliseconds["recurrent"])

    @property
    def rate(self):
        """GFLOP/s of ours; 0 where operations are not counted."""
        return statistics.median(self.gigaflops) if self.gigaflops else 0.0

    def time(self, key):
        times = self.milliseconds.get(key)
        return statistics.median(times) if times else None

    def ratio(self, key):
        """Time of ours over that of the rival, round by round, then the median; None without that rival."""
        times = self.milliseconds.get(key)
        return statistics.median(o / t for o, t in zip(self.milliseconds["recurrent"], times)) if times else None


def cases(modes, cells, shapes, greeting, budget):
    """Name and request of each case; `greeting` has the sizes."""
    for mode in modes:
        if mode == "step":
            named = [name for name in (shapes or ["step"]) if name in ("step", "tiny")]
        else:
            standard = greeting["trained" if mode == "train" else "predicted"]
            named = [name for name in (shapes or standard) if name in standard or name == "tiny"]
        for cell in cells:
            for name in named:
                shape = greeting["shapes"][name]
                yield f"{mode} {cell} {name}", {"mode": mode, "cell": cell, "shape": shape, "budget": budget}


def measure(name, request, workers, pairs):
    """A row, or None if our own worker failed. Every other round runs backwards, so that no system always follows the
    same one."""
    able = [worker for worker in workers if request["mode"] in worker.modes]
    milliseconds, gigaflops, output = {worker.system.key: [] for worker in able}, [], {}
    for round in range(pairs):
        for worker in able if round % 2 == 0 else able[::-1]:
            key = worker.system.key
            if key not in milliseconds:
                continue
            answer = worker.ask(request)
            if "milliseconds" not in answer:
                note(f"{worker.system.name} cannot {name}: {answer.get('error')}")
                del milliseconds[key]
                continue
            milliseconds[key].append(answer["milliseconds"])
            output[key] = answer.get("output")
            if key == "recurrent":
                gigaflops.append(answer["gigaflops"])
    if "recurrent" not in milliseconds:
        return None
    if request["mode"] in LAYER_MODES:
        for key, shape in output.items():
            if shape != output["recurrent"] and key in milliseconds:
                note(f"{name}: {key} gives {shape}, Recurrent {output['recurrent']}; not compared")
                del milliseconds[key]
    return Row(request["mode"], name, milliseconds, gigaflops)


def product(workers, pairs, budget, size):
    """GFLOP/s of each system's own matrix product, the best round."""
    row = measure("product", {"mode": "product", "size": size, "budget": budget}, workers, pairs)
    return {key: 2 * size**3 / min(times) / 1e6 for key, times in row.milliseconds.items() if times}


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


def wall_milliseconds(run, repeats):
    """The median time of calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)
