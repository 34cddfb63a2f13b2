"""Ratios that are kept with the source, and the check of new ones against them, or against an earlier build."""

import json

from .systems import BEFORE, ROOT, processor

FILE = ROOT / "Benchmarks/ratios.json"
WORSE = 1.15


def entry(row, own_product):
    """Time of ours over each rival's, and ours as a share of our own product's speed."""
    ratios = {key: ratio for key in row.milliseconds if key != "recurrent" and (ratio := row.ratio(key)) is not None}
    return {"share": row.rate / own_product, **ratios}


def load():
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def store(rows, own_product, threads):
    """Replaces the measured rows of this number of threads."""
    kept = load()
    kept["processor"] = processor()
    kept.setdefault(str(threads), {}).update(
        {row.name: {key: round(value, 4) for key, value in entry(row, own_product).items()} for row in rows})
    FILE.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def foreign():
    """The processor of the ratios that are kept, if it is another than this machine's."""
    kept = load().get("processor")
    return kept if kept != processor() else None


def worse(row, own_product, threads):
    """What got worse by more than 15 %, in words. Where an earlier build is there, that alone counts; else rivals, as far
    as they are there; else the share of our product."""
    if (ratio := row.ratio(BEFORE)) is not None:
        return [f"{ratio:.3f} of the earlier build's time"] if ratio > WORSE else []
    then, now = load().get(str(threads), {}).get(row.name), entry(row, own_product)
    if then is None:
        return []
    rivals = [key for key in now if key != "share" and key in then]
    found = [f"{key}: {now[key]:.3f} of its time, was {then[key]:.3f}"
             for key in rivals if now[key] > WORSE * then[key]]
    if not rivals and then["share"] > WORSE * now["share"]:
        found.append(f"share of our own product: {now['share']:.3f}, was {then['share']:.3f}")
    return found


def is_known(name, threads):
    return name in load().get(str(threads), {})
