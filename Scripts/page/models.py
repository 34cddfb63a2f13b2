"""Small models of each job, trained by the command on next to nothing: for Scripts/test-page."""

import json
import os
import struct
import subprocess
import sys
import zlib


def train_models(recurrent, folder, data):
    """One small model of each job."""

    def write(name, text):
        path = os.path.join(data, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    reviews = [
        ("a quiet delight", "good"),
        ("a loud failure", "bad"),
        ("what a delight", "good"),
        ("what a failure", "bad"),
    ]
    names, places = ["Anna", "Bela", "Carl", "Dora"], ["Paris", "Rome", "Oslo", "Bonn"]
    tagged = [
        f"{name} B-PER\nsaw O\n{place} B-LOC\n. O\n" for name in names for place in places for _ in range(4)
    ]
    numbers = ["eins one", "zwei two", "drei three", "vier four", "fünf five", "sechs six"]
    pairs = [tuple(zip(a.split(), b.split())) for a in numbers for b in numbers]
    tunes = [[[60 + (k * step) % 12, 48] for step in range(32)] for k in (2, 3, 4, 5, 7) for _ in range(4)]
    jobs = {
        "forecaster": (["--hidden", "8", "--window", "24"], []),
        "image-classifier": (["--hidden", "16"], []),
        "classifier": (
            ["--hidden", "8", "--embedding", "8", "--epochs", "6"],
            [write("reviews.tsv", "text\tlabel\n" + "".join(f"{a}\t{b}\n" for a, b in reviews * 20))],
        ),
        "tagger": (
            ["--hidden", "8", "--embedding", "8", "--epochs", "12"],
            [write("tagged.conll", "\n".join(tagged))],
        ),
        "translator": (
            ["--hidden", "24", "--embedding", "16", "--vocabulary", "80", "--epochs", "12"],
            [
                write(
                    "pairs.tsv",
                    "".join("\t".join(" ".join(side) for side in pair) + "\n" for pair in pairs * 6),
                )
            ],
        ),
        "generator": (
            ["--hidden", "24"],
            [write("text.txt", "the quick brown fox jumps over the lazy dog\n" * 120)],
        ),
        "composer": (
            ["--hidden", "16", "--steps-per-beat", "4", "--epochs", "20"],
            [write("tunes.json", json.dumps(tunes))],
        ),
    }
    for job, (flags, files) in jobs.items():
        epochs = [] if "--epochs" in flags else ["--epochs", "1"]
        command = [recurrent, "train", job, *files, *flags, *epochs, "--output", os.path.join(folder, job)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def digit():
    """A picture of 8 by 8 grey pixels, as PNG."""
    rows = b"".join(b"\0" + bytes(255 if column in (3, 4) else 0 for column in range(8)) for _ in range(8))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
