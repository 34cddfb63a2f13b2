"""Small networks sample by sample, beside RTNeural."""

import json
import pathlib
import shutil
import subprocess
import sys

from .measuring import geometric_mean
from .report import digits, table
from .systems import PEERS, note

EIGEN = ["modules/Eigen", "/usr/include/eigen3", "/usr/local/include/eigen3", "/opt/homebrew/include/eigen3"]


def rival(checkout, folder):
    """RTNeural's program, compiled as fast as its compiler can."""
    eigen = next((path for path in (checkout / name for name in EIGEN) if (path / "Eigen").exists()), None)
    compiler = shutil.which("g++") or shutil.which("clang++")
    if not (checkout / "RTNeural/RTNeural.h").exists() or not eigen or not compiler:
        sys.exit(f"benchmark: --streams needs a checkout of RTNeural (not found: {checkout / 'RTNeural/RTNeural.h'}), "
                 "Eigen (libeigen3-dev) and a C++ compiler")
    program = folder / "rtneural"
    subprocess.run(
        [compiler, "-std=c++17", "-O3", "-march=native", f"-I{checkout}", f"-I{eigen}", "-DRTNEURAL_USE_EIGEN=1",
         "-DRTNEURAL_DEFAULT_ALIGNMENT=32", "-DEIGEN_MAX_ALIGN_BYTES=32", "-DRTNEURAL_NAMESPACE=RTNeural",
         # Its weights of 128 units lie in the model itself, which Eigen allows up to a size.
         "-DEIGEN_STACK_ALLOCATION_LIMIT=0", str(PEERS / "rtneural.cpp"), "-o", str(program)],
        check=True, stdout=sys.stderr)
    return program


def ours(program, budget):
    lines = subprocess.run([program, "--mode", "stream", "--json", "--budget", str(budget)],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    times = {"stream": {}, "session": {}}
    for row in map(json.loads, lines):
        times[row["mode"]][row["cell"], int(row["shape"])] = row["milliseconds"]
    return times


def theirs(program, budget):
    lines = subprocess.run([program, str(budget)], check=True, capture_output=True, text=True).stdout.splitlines()
    return {"RTNeural": {(cell, int(units)): float(time) for cell, units, time in map(str.split, lines)}}


def stream_table(own_program, checkout, folder, rounds, budget):
    """In turns; of the rounds the best counts."""
    programs = {"Recurrent": lambda: ours(own_program, budget)}
    if checkout:
        program = rival(pathlib.Path(checkout), folder)
        programs["RTNeural"] = lambda: theirs(program, budget)
    best = {"stream": {}, "session": {}, "RTNeural": {}}
    for turn in range(rounds):
        for name, run in programs.items():
            note(f"round {turn + 1} of {rounds}: {name}")
            for kind, times in run().items():
                for case, time in times.items():
                    best[kind][case] = min(time, best[kind].get(case, time))
    lines, ratios = [], []
    for case, time in best["stream"].items():
        cells = [f"{case[0]} {case[1]}", digits(time * 1e6)]
        if checkout:
            ratios.append(time / best["RTNeural"][case])
            cells += [digits(best["RTNeural"][case] * 1e6), f"{ratios[-1]:.2f}"]
        lines.append([*cells, digits(best["session"][case] * 1e6)])
    head = ["network", "Recurrent ns", *(["RTNeural ns", "ratio"] if checkout else []), "`Session.step` ns"]
    text = table(head, lines)
    if ratios:
        text += f"\n\nRatio: {geometric_mean(ratios):.2f} on average (geometric mean), {max(ratios):.2f} at the most."
    return text
