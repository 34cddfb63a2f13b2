"""Writes cases/scores.json: a hundred random cases of classes and a hundred of tags, with what scikit-learn
and seqeval say of them. With scikit-learn 1.9 and seqeval 1.2: python generate_scores.py

Classes that no example has, that nothing was taken for, or neither, are among them. Tags break their
scheme, too; for BIO, what seqeval says is compared with the rules of conlleval, written down below."""

import json
import pathlib
import random
import warnings

import numpy
from scipy.stats import binomtest
from seqeval import metrics as seqeval
from sklearn import metrics

warnings.filterwarnings("ignore")
random.seed(8)


def classes_case():
    count = random.randint(2, 6)
    labels = list(range(count))
    there = random.sample(labels, random.randint(1, count))
    taken = random.sample(labels, random.randint(1, count))
    size = random.randint(1, 14)
    truth = [random.choice(there) for _ in range(size)]
    guess = [actual if actual in taken and random.random() < 0.5 else random.choice(taken) for actual in truth]
    rows = []
    for best in guess:
        # Eighths, which are exact in any width; the guess has the most.
        row = [random.randint(0, 3) for _ in labels]
        row[best] = 9
        rows.append([value / 16 for value in row])
    of_each = metrics.precision_recall_fscore_support(truth, guess, labels=labels, zero_division=0)
    interval = binomtest(sum(a == b for a, b in zip(truth, guess)), size).proportion_ci(method="wilson")
    sure = numpy.array([max(row) for row in rows])
    right = numpy.array([a == b for a, b in zip(truth, guess)])
    bins = numpy.minimum((sure * 10).astype(int), 9)
    error = sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins))
    return {
        "classes": count, "truth": truth, "guess": guess, "probabilities": rows,
        "confusion": metrics.confusion_matrix(truth, guess, labels=labels).tolist(),
        "precision": list(of_each[0]), "recall": list(of_each[1]), "f1": list(of_each[2]),
        "support": [int(count) for count in of_each[3]],
        "accuracy": metrics.accuracy_score(truth, guess),
        "macro": metrics.f1_score(truth, guess, average="macro", zero_division=0),
        "interval": [interval.low, interval.high],
        "calibrationError": error,
        "logLoss": float(-numpy.log(numpy.maximum([row[a] for row, a in zip(rows, truth)], 1e-12)).mean()),
    }


def conlleval(truth, guess):
    """Chunks that are right, found and there, and tokens with the right tag, by the rules of conlleval for
    B, I and O (Tjong Kim Sang and Buchholz 2000), going through both columns at once as it does."""

    def parts(tag):
        return tuple(tag.split("-", 1)) if "-" in tag else (tag, "")

    def begins(before, tag):
        return tag[0] == "B" or tag[0] == "I" and (before[0] == "O" or before[1] != tag[1])

    def ends(before, tag):
        return before[0] != "O" and (tag[0] in "BO" or before[1] != tag[1])

    right = found = there = tokens = 0
    for actual, said in zip(truth, guess):
        tokens += sum(a == b for a, b in zip(actual, said))
        inside = False
        before = [("O", ""), ("O", "")]
        for tags in zip(map(parts, actual + ["O"]), map(parts, said + ["O"])):
            over = [ends(*pair) for pair in zip(before, tags)]
            if inside and (over[0] or over[1] or tags[0][1] != tags[1][1]):
                right += over[0] and over[1] and before[0][1] == before[1][1]
                inside = False
            new = [begins(*pair) for pair in zip(before, tags)]
            inside = inside or new[0] and new[1] and tags[0][1] == tags[1][1]
            there += new[0]
            found += new[1]
            before = tags
    return right, found, there, tokens


def tags_case(positions):
    types = ["A", "B", "C"][: random.randint(1, 3)]
    names = ["O"] + [f"{position}-{kind}" for position in positions for kind in types]
    truth, guess = [], []
    for _ in range(random.randint(1, 4)):
        tags = [random.choice(names) for _ in range(random.randint(1, 8))]
        truth.append(tags)
        guess.append([tag if random.random() < 0.7 else random.choice(names) for tag in tags])
    case = {"truth": truth, "guess": guess, "accuracy": seqeval.accuracy_score(truth, guess)}
    there, found = seqeval.sequence_labeling.get_entities(truth), seqeval.sequence_labeling.get_entities(guess)
    case["counts"] = [len(set(there) & set(found)), len(found), len(there)]
    case["overall"] = [
        score(truth, guess, zero_division=0)
        for score in (seqeval.precision_score, seqeval.recall_score, seqeval.f1_score)]
    if positions == "BI":
        *counts, tokens = conlleval(truth, guess)
        assert counts == case["counts"], (case, counts)
        assert tokens == round(case["accuracy"] * sum(map(len, truth))), case
    return case


cases = {
    "classes": [classes_case() for _ in range(100)],
    "tags": [tags_case("BI" if number % 2 else "BIES") for number in range(100)],
}
with open(pathlib.Path(__file__).parent / "cases" / "scores.json", "w") as file:
    for line in ("{", '"classes":[', ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases["classes"]),
                 '],"tags":[', ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases["tags"]), "]}"):
        file.write(line + "\n")
