"""PyTorch at the cases of `recurrent-benchmarks`, printing the same JSON lines.

    python pytorch.py --mode recipe --epochs 20 --threads 2
    python pytorch.py --mode train --cell lstm gru --shape seed small --threads 1
"""

import argparse
import json
import statistics
import sys
import time

SHAPES = {  # batch, time, input features, hidden units
    "seed": (64, 100, 1, 50),
    "small": (32, 50, 64, 128),
    "medium": (64, 100, 256, 256),
    "large": (64, 64, 512, 512),
    "xl": (64, 32, 1024, 1024),
    "long": (8, 1000, 64, 128),
    "one": (1, 100, 1, 50),
    "step": (1, 1, 128, 128),
    "one-medium": (1, 50, 256, 256),
    "one-large": (1, 100, 512, 512),
    "tiny": (8, 20, 16, 24),
}
TRAINED = ["seed", "small", "medium", "large", "xl", "long"]
GATES = {"lstm": 4, "gru": 3, "rnn": 1}

parser = argparse.ArgumentParser()
parser.add_argument("--mode", choices=["recipe", "train", "infer", "product"], required=True)
parser.add_argument("--cell", nargs="+", choices=GATES, default=list(GATES))
parser.add_argument("--shape", nargs="+", choices=SHAPES, default=[])
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--epochs", type=int, default=100)
parser.add_argument("--budget", type=float, default=2.0)
parser.add_argument("--json", action="store_true", help="the only form there is")
options = parser.parse_args()

import torch  # noqa: E402  (after the arguments, so that a wrong flag answers at once)

torch.set_num_threads(options.threads)
torch.set_num_interop_threads(1)
torch.manual_seed(0)


def show(**fields):
    fields = {"system": "pytorch", "mode": options.mode, "threads": options.threads, **fields}
    print(json.dumps(fields), flush=True)


def median_milliseconds(body):
    """Of at least seven repeats, more until the budget is spent, after three that do not count."""
    for _ in range(3):
        body()
    start, times = time.perf_counter(), []
    while len(times) < 7 or (time.perf_counter() - start < options.budget and len(times) < 2000):
        begin = time.perf_counter()
        body()
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def recipe(windows=843, window=100):
    """Three LSTM(50) and Dense(1), batch 64, mean squared error, Adam, on a random walk."""
    walk = torch.randn(windows + window).cumsum(0)
    walk = (walk - walk.min()) / (walk.max() - walk.min())
    x = torch.stack([walk[i : i + window] for i in range(windows)])[..., None]
    y = walk[window:, None]

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent = torch.nn.LSTM(1, 50, num_layers=3, batch_first=True)
            self.dense = torch.nn.Linear(50, 1)

        def forward(self, values):
            return self.dense(self.recurrent(values)[0][:, -1])

    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    start = time.perf_counter()
    for _ in range(options.epochs):
        order, total = torch.randperm(windows), 0.0
        for first in range(0, windows, 64):
            rows = order[first : first + 64]
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
    show(epochs=options.epochs, seconds=time.perf_counter() - start, loss=total / windows)


def layer(cell, shape):
    batch, steps, inputs, units = SHAPES[shape]
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[cell]
    model = kind(inputs, units)
    x = torch.randn(steps, batch, inputs)  # time first: PyTorch's faster layout
    gradient = torch.randn(steps, batch, units)
    forward = 2.0 * batch * steps * GATES[cell] * units * (inputs + units)
    backward = forward + 2.0 * batch * steps * GATES[cell] * units * units

    def train():
        model.zero_grad(set_to_none=True)
        model(x)[0].backward(gradient)

    if options.mode == "train":
        milliseconds, operations = median_milliseconds(train), forward + backward
    else:
        model.eval()
        with torch.inference_mode():
            milliseconds, operations = median_milliseconds(lambda: model(x)), forward
    show(cell=cell, shape=shape, milliseconds=milliseconds,
         gigaflops=operations / milliseconds / 1e6)


def product(size=2048):
    a, b, c = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)
    milliseconds = median_milliseconds(lambda: torch.mm(a, b, out=c))
    show(shape=str(size), milliseconds=milliseconds, gigaflops=2 * size**3 / milliseconds / 1e6)


if options.mode == "recipe":
    recipe()
elif options.mode == "product":
    product()
else:
    for cell in options.cell:
        for shape in options.shape or (TRAINED if options.mode == "train" else SHAPES):
            layer(cell, shape)
sys.stdout.flush()
