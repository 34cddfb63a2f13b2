"""The tables, as Markdown."""

import datetime
import os
import platform

from .measuring import geometric_mean
from .systems import processor

TITLES = {"train": "training", "infer": "prediction", "step": "one streaming step"}


def digits(value):
    """Three significant digits, without an exponent."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    decimals = next((count for least, count in ((10, 1), (1, 2), (0.1, 3)) if value >= least), 4)
    return f"{value:.{decimals}f}"


def times_as_fast(ratio):
    return "–" if ratio is None else f"**{1 / ratio:.2f}**"


def table(head, rows):
    align = ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, align, *rows])


def heading(command, threads, versions, idle, others):
    lines = [
        f"Made by `{command}` on {datetime.date.today().isoformat()}: {processor()}, "
        f"{os.cpu_count()} processors, {platform.system()}; "
        f"{threads} thread{'s' if threads > 1 else ''} for each system.",
        "",
        *(f"- {version}" for version in versions),
        "",
        "Systems take turns case by case; times are medians, ratios are taken round by round and then their median. "
        "*times* says how many times as fast (or as small) Recurrent is.",
    ]
    if idle:
        lines.append("While others were measured, a waiting worker used of one processor at most "
                     f"{100 * max(idle.values()):.1f} %.")
    if others is not None:
        lines.append(f"Other programs took {others:.2f} processors on average.")
        if others > 0.1:
            lines.append("**That is too much: these figures say little.**")
    return "\n".join(lines)


def ceiling_lines(ceilings, names, size):
    best = max(ceilings, key=ceilings.get)
    each = ", ".join(f"{names[key]} {value:.1f}" for key, value in ceilings.items())
    return (f"Ceiling: the best matrix product of {size}³ in this run, {ceilings[best]:.1f} GFLOP/s by {names[best]} "
            f"({each}). *share* is operations / time / ceiling; activations are not counted as operations.")


def layer_table(rows, rivals, ceiling):
    head = ["case", "Recurrent ms", "GFLOP/s", "share"]
    for rival in rivals:
        head += [f"{rival.name} ms", "times"]
    body = []
    for row in rows:
        cells = [row.name, digits(row.ours), f"{row.rate:.1f}", f"{row.rate / ceiling:.2f}"]
        for rival in rivals:
            cells += [digits(row.time(rival.key)), times_as_fast(row.ratio(rival.key))]
        body.append(cells)
    for mode, title in TITLES.items():
        means = []
        for rival in rivals:
            ratios = [r for row in rows if row.mode == mode and (r := row.ratio(rival.key)) is not None]
            means += ["", times_as_fast(geometric_mean(ratios) if ratios else None)]
        if any(cell not in ("", "–") for cell in means):
            body.append([f"**{title}: geometric mean**", "", "", "", *means])
    return table(head, body)


def program_table(lines, rivals):
    head = ["program", "unit", "Recurrent"]
    for rival in rivals:
        head += [rival.name, "times"]
    body = []
    for line in lines:
        cells = [line.name, line.unit, digits(line.value("recurrent"))]
        for rival in rivals:
            cells += [digits(line.value(rival.key)), times_as_fast(line.ratio(rival.key))]
        body.append(cells)
    return table(head, body)
