"""Graphs of other systems beside ONNX Runtime: whole inputs, and frame by frame."""

import pathlib

from .measuring import geometric_mean, measure
from .report import digits, table, times_as_fast
from .systems import note

CALLS = ("calls.npz", "data.npz")


def folders(roots):
    """Every folder below with a model and recorded inputs, and the name of its row."""
    for root in map(pathlib.Path, roots):
        for model in sorted(root.rglob("model.onnx")):
            if any((model.parent / name).exists() for name in CALLS):
                yield model.parent, model.parent.relative_to(root).as_posix()


def rows(roots, workers, pairs, budget):
    """Frame by frame only where calls are recorded: single nodes have no stream. Of the rounds the best counts, as
    whatever else the machine does only makes them longer."""
    found = []
    for folder, name in folders(roots):
        for kind in ["whole", "frames"] if (folder / "calls.npz").exists() else ["whole"]:
            note(f"{name} {kind}")
            request = {"mode": "graph", "folder": str(folder), "inFrames": kind == "frames", "budget": budget}
            if row := measure(f"{name}, {kind}", request, workers, pairs):
                row.milliseconds = {key: [min(times)] for key, times in row.milliseconds.items()}
                found.append(row)
    return found


def graph_table(rows, rivals):
    rivals = [rival for rival in rivals if any(rival.key in row.milliseconds for row in rows)]
    head = ["graph", "Recurrent µs", *(cell for rival in rivals for cell in (f"{rival.name} µs", "times"))]
    lines = [
        [row.name, digits(row.ours * 1e3),
         *(cell for rival in rivals for cell in (
             digits(row.time(rival.key) and row.time(rival.key) * 1e3), times_as_fast(row.ratio(rival.key))))]
        for row in rows]
    parts = [table(head, lines)]
    for rival in rivals:
        if ratios := [row.ratio(rival.key) for row in rows if row.ratio(rival.key)]:
            parts.append(f"Times as fast as {rival.name}: {1 / geometric_mean(ratios):.2f} on average (geometric mean), "
                         f"{1 / max(ratios):.2f} at the least.")
    return "\n\n".join(parts)
