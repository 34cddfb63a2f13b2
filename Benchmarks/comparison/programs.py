"""Whole programs: the classic recipe from process start to its last epoch, text tasks, start-up, and memory."""

import os
import pathlib
import statistics
import subprocess
import tempfile

from .measuring import wall_milliseconds
from .systems import ROOT, Worker, note, program

IMPORTS = {"pytorch": "torch", "keras": "keras", "onnxruntime": "onnxruntime"}


class Line:
    """A line of the table of programs: what, the unit, and a list of values a system, one a round: times or bytes, of
    which few are good, or speeds."""

    def __init__(self, mode, name, unit, values, is_speed=False):
        self.mode, self.name, self.unit, self.values, self.is_speed = mode, name, unit, values, is_speed

    def value(self, key):
        return statistics.median(self.values[key]) if self.values.get(key) else None

    def ratio(self, key):
        """Ours over the rival's, of speeds the inverse, round by round, then the median."""
        if not self.values.get(key):
            return None
        return statistics.median(t / o if self.is_speed else o / t
                                 for o, t in zip(self.values["recurrent"], self.values[key]))


def in_fresh_processes(systems, request, threads, pairs, read):
    """What `read` makes of the answers of fresh workers, in turn; a list a system."""
    values = {system.key: [] for system in systems}
    for round in range(pairs):
        for system in systems if round % 2 == 0 else systems[::-1]:
            worker = Worker(system, threads)
            if request["mode"] in worker.modes:
                answer = worker.ask(request)
                if "error" in answer:
                    note(f"{system.name} cannot {request['mode']}: {answer['error']}")
                else:
                    values[system.key].append(read(answer, worker.greeting))
            worker.close()
    return {key: entries for key, entries in values.items() if len(entries) == pairs}


def recipe(systems, threads, pairs, epochs):
    both = in_fresh_processes(
        systems, {"mode": "recipe", "epochs": epochs}, threads, pairs,
        lambda answer, _: (answer["process"], answer["seconds"]))
    for index, what in enumerate(["process start to last epoch", "training alone"]):
        values = {key: [entry[index] for entry in entries] for key, entries in both.items()}
        yield Line("recipe", f"classic recipe, {epochs} epochs, {what}", "s", values)


def text(systems, greeting, threads, pairs, budget):
    """Training steps of whole text tasks, as tokens a second."""
    for task, shape in sorted(greeting["texts"].items()):
        note(f"text {task}")
        tokens = shape["batch"] * shape["time"]
        values = in_fresh_processes(
            systems, {"mode": "text", "task": task, "sizes": shape, "budget": budget}, threads, pairs,
            lambda answer, _: tokens / answer["milliseconds"])
        sizes = f"{shape['batch']} texts of {shape['time']} tokens, {shape['hidden']} units"
        yield Line("text", f"training of the {task}, {sizes}", "thousand tokens/s", values, is_speed=True)


def start(systems, pairs):
    """Our command beside no more than the import of a rival."""
    command = program("RECURRENT", ROOT, "recurrent")
    names = {key: name for key, name in IMPORTS.items() if any(system.key == key for system in systems)}
    pythons = {system.key: system.python for system in systems}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as folder:
        model = str(pathlib.Path(folder) / "model")
        subprocess.run([command, "train", "forecaster", "--epochs", "1", "--output", model], check=True, **quiet)
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
        ours = {"recurrent --version": [command, "--version"],
                "a forecast by a saved model": [command, "predict", model, "--steps", "1"]}
        times = {name: {"recurrent": []} for name in ours}
        imports = {key: [] for key in names}
        for _ in range(pairs):
            for name, arguments in ours.items():
                times[name]["recurrent"].append(
                    wall_milliseconds(lambda: subprocess.run(arguments, check=True, **quiet), 10))
            for key, package in names.items():
                arguments = [pythons[key], "-c", f"import {package}"]
                imports[key].append(wall_milliseconds(
                    lambda: subprocess.run(arguments, check=True, env=environment, **quiet), 1))
    for name, values in times.items():
        yield Line("start", f"`{name}`; rivals: import alone" if "recurrent" in name
                   else f"{name}, from process start; rivals: import alone", "ms", {**values, **imports})


def memory(systems, greeting, threads, pairs, shape_name):
    """What a process has in memory after training steps with Adam, and what of it came with the steps."""
    shape = greeting["shapes"][shape_name]
    request = {"mode": "memory", "cell": "lstm", "shape": shape}
    answers = in_fresh_processes(
        systems, request, threads, pairs,
        lambda answer, greeting: {
            "process": answer["resident"], "beyond": answer["resident"] - greeting["resident"],
            **{key: answer[key] for key in ("stored", "stepPeak", "stepStored") if key in answer}})

    def line(name, key):
        return Line("memory", name, "MB", {
            system: [entry[key] / 1e6 for entry in entries] for system, entries in answers.items() if key in entries[0]})

    yield line(f"process that trains lstm {shape_name} with Adam, peak", "process")
    yield line("of that: more than after its start", "beyond")
    yield line("needed for that: activations, weights, gradients, moments", "stored")
    yield line(f"a training step of lstm {shape_name} without optimizer: peak of its buffers", "stepPeak")
    yield line("needed for that: activations, weights, gradients", "stepStored")
