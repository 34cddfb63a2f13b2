"""The systems that are compared: what runs them, and a process of each that answers one case after the other."""

import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "Benchmarks/peers"


class Rival:
    """Another library: the worker that drives it, and the packages without which there is no such column."""

    def __init__(self, key, name, script, *packages, flags=()):
        self.key, self.name, self.packages = key, name, packages
        self.arguments = [str(PEERS / script), *flags]

    def python(self, interpreters):
        """The first interpreter that has the packages, or None."""
        test = "import importlib.util as u, sys; sys.exit(any(u.find_spec(p) is None for p in sys.argv[1:]))"
        for interpreter in interpreters:
            try:
                found = subprocess.run([interpreter, "-c", test, *self.packages], capture_output=True)
            except OSError as error:
                sys.exit(f"benchmark: PEERS_PYTHON: {error}")
            if found.returncode == 0:
                return interpreter
        return None


RIVALS = [
    Rival("pytorch", "PyTorch", "pytorch.py", "torch"),
    Rival("keras", "Keras", "keras_tensorflow.py", "keras", "tensorflow"),
    Rival("keras-xla", "Keras XLA", "keras_tensorflow.py", "keras", "tensorflow", flags=["--jit"]),
    Rival("onnxruntime", "ONNX Runtime", "onnx_runtime.py", "onnx", "onnxruntime", "numpy"),
]


class System:
    """A key for files, a name for people, and the command of its worker."""

    def __init__(self, key, name, command, python=None):
        self.key, self.name, self.command, self.python = key, name, command, python


def note(text):
    print(f"benchmark: {text}", file=sys.stderr, flush=True)


def program(variable, package, product):
    """The program that an environment variable names, or a product of a package, built in release form."""
    if named := os.environ.get(variable):
        return named
    # In the command's build folder, so that the library is built once for both. A plan that is kept there may be of
    # another package.
    command = ["swift", "build", "-c", "release", "--package-path", str(package), "--product", product,
               "--scratch-path", str(ROOT / ".build"), "--disable-build-manifest-caching"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    path = subprocess.run(command + ["--show-bin-path"], check=True, capture_output=True, text=True)
    return str(pathlib.Path(path.stdout.strip()) / product)


def ours():
    worker = program("BENCHMARKS", ROOT / "Benchmarks", "recurrent-benchmarks")
    return System("recurrent", "Recurrent", [worker, "--worker"])


BEFORE = "before"


def earlier(path):
    """An earlier build of our own worker, to be measured in turns with ours."""
    return System(BEFORE, "before", [path, "--worker"])


def rivals(threads):
    """Those whose packages are there, each with the interpreter that has them; a line for each that is not."""
    interpreters = [path for path in os.environ.get("PEERS_PYTHON", "").split(":") if path]
    if not interpreters:
        note("PEERS_PYTHON is not set: no rivals")
        return []
    found = []
    for rival in RIVALS:
        if python := rival.python(interpreters):
            command = [python, *rival.arguments, "--threads", str(threads)]
            found.append(System(rival.key, rival.name, command, python))
        else:
            note(f"no interpreter of PEERS_PYTHON has {' and '.join(rival.packages)}: without {rival.name}")
    return found


class Worker:
    """A process of a system. It waits while others are measured, and says how much it used of a processor then."""

    def __init__(self, system, threads):
        variables = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RECURRENT_THREADS"]
        self.system, self.threads = system, threads
        self.start = time.perf_counter()
        self.messages = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(
            system.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.messages, text=True,
            env={**os.environ, **{name: str(threads) for name in variables}, "PYTHONDONTWRITEBYTECODE": "1"})
        self.idle_seconds = self.idle_time = 0.0
        self.answered = time.perf_counter()
        try:
            self.greeting = self._read()
        except EOFError:
            sys.exit(f"benchmark: {system.name} does not start: {self._last_words()}")
        self.seconds = self.greeting["processor"]
        self.modes = self.greeting["modes"]
        self.version = self.greeting["version"]

    def ask(self, case):
        """The answer, with the seconds since the start of the process."""
        if self.process is None:
            return {"error": "the worker has ended"}
        waited = time.perf_counter() - self.answered
        try:
            print(json.dumps({**case, "threads": self.threads}), file=self.process.stdin, flush=True)
            answer = self._read()
        except (BrokenPipeError, EOFError):
            note(f"{self.system.name} ended at {case}: {self._last_words()}")
            self.close()
            return {"error": "the worker has ended"}
        self.answered = time.perf_counter()
        self.seconds = answer.pop("processor")
        # The moments after an answer, in which threads look for more work before they sleep, count too.
        self.idle_seconds += answer.pop("idle", 0)
        self.idle_time += waited
        return {**answer, "process": self.answered - self.start}

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise EOFError
        return json.loads(line)

    def _last_words(self):
        self.messages.seek(0)
        return self.messages.read()[-2000:].strip()

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.kill()
            self.process.wait()
            self.process = None


class Bystanders:
    """What other programs and the host of a virtual machine take of the processors while workers are measured."""

    def __init__(self, workers):
        self.workers, self.time, self.busy = workers, time.perf_counter(), self._busy()
        self.own = self._own()

    def share(self):
        """Processors' worth, on average since the beginning; None where the system does not tell."""
        if self.busy is None:
            return None
        return max(0.0, (self._busy() - self.busy - self._own() + self.own) / (time.perf_counter() - self.time))

    def _own(self):
        return time.process_time() + sum(worker.seconds for worker in self.workers)

    @staticmethod
    def _busy():
        try:
            fields = pathlib.Path("/proc/stat").read_text().split()[1:9]
        except OSError:
            return None
        user, nice, system, _, _, interrupts, soft, stolen = (int(field) / os.sysconf("SC_CLK_TCK") for field in fields)
        return user + nice + system + interrupts + soft + stolen


def processor():
    """The processor's name."""
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return platform.machine()
