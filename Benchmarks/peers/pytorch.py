"""PyTorch at the cases of Scripts/benchmark: `torch.nn.LSTM` and its like in the faster time-first layout."""

import time

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import pytorch_text
from worker import median_milliseconds, options, serve, walk

torch.set_num_threads(options.threads)
torch.set_num_interop_threads(1)
torch.manual_seed(0)

KINDS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}


def layers(case):
    """The model, a function of it that gives all outputs `[T, B, H]`, and that shape."""
    shape = case["shape"]
    model = KINDS[case["cell"]](
        shape["input"], shape["hidden"], num_layers=shape["layers"], bidirectional=shape["directions"] == 2)
    x = torch.randn(shape["time"], shape["batch"], shape["input"])
    outputs = (shape["time"], shape["batch"], shape["hidden"] * shape["directions"])
    if lengths := shape.get("lengths"):
        def forward():
            packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
            return pad_packed_sequence(model(packed)[0], total_length=shape["time"])[0]
    else:
        def forward():
            return model(x)[0]
    return model, forward, outputs


def batch_first(shape):
    return shape[1], shape[0], *shape[2:]


def train(case):
    model, forward, outputs = layers(case)
    gradient = torch.randn(outputs)

    def body():
        model.zero_grad(set_to_none=True)
        forward().backward(gradient)

    return body, batch_first(forward().shape)


def infer(case):
    model, forward, _ = layers(case)
    model.eval()
    return forward, batch_first(forward().shape)


def step(case):
    """One step of a stream, its state carried on."""
    shape = case["shape"]
    model = KINDS[case["cell"]](shape["input"], shape["hidden"]).eval()
    x = torch.randn(1, 1, shape["input"])
    state = None

    def body():
        nonlocal state
        y, state = model(x, state)
        return y

    return body, batch_first(body().shape)


def product(case):
    size = case["size"]
    a, b, c = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)
    return lambda: torch.mm(a, b, out=c), c.shape


def memory(case):
    """Three training steps with Adam."""
    model, forward, outputs = layers(case)
    gradient = torch.randn(outputs)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(3):
        optimizer.zero_grad(set_to_none=True)
        forward().backward(gradient)
        optimizer.step()
    return {}


def recipe(case):
    """Three LSTM(50) and Dense(1), batch 64, mean squared error, Adam."""
    x, y = (torch.from_numpy(values) for values in walk())

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
    for _ in range(case["epochs"]):
        order, total = torch.randperm(len(x)), 0.0
        for first in range(0, len(x), 64):
            rows = order[first : first + 64]
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
    return {"seconds": time.perf_counter() - start, "loss": total / len(x)}


def text(case):
    """The training step of a text task."""
    return {"milliseconds": median_milliseconds(pytorch_text.step(case), case["budget"])}


serve(
    f"PyTorch {torch.__version__}",
    {"train": train, "infer": infer, "step": step, "product": product},
    {"memory": memory, "recipe": recipe, "text": text},
    around=lambda mode: torch.inference_mode(mode != "train"))
