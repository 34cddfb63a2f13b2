"""Writes torch/: files of torch.save and torch.jit.save in the forms that people have, and expected.safetensors with
what the modules in them give. With torch 2.15: python generate_torch_files.py"""

import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

folder = pathlib.Path(__file__).parent / "torch"
folder.mkdir(exist_ok=True)
torch.manual_seed(3)
expected = {}


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 3)
        self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, tokens):
        return self.head(self.lstm(self.embedding(tokens))[0])


tagger = Tagger()
tokens = torch.tensor([[1, 2, 3, 4], [6, 5, 0, 2]])
expected["tagger.tokens"] = tokens
expected["tagger.output"] = tagger(tokens).detach()
state = tagger.state_dict()
torch.save(state, folder / "state_dict.pt")
torch.save(state, folder / "legacy.pt", _use_new_zipfile_serialization=False)

# One step of training, so that the optimizer has a state, whose tensors have the shapes of the model's.
optimizer = torch.optim.Adam(tagger.parameters())
torch.save({"epoch": 3, "loss": 0.5, "history": [0.9, 0.5], "note": None, "done": True}, folder / "no_tensors.pt")
tagger(tokens).sum().backward()
optimizer.step()
torch.save(
    {"epoch": 3, "model_state_dict": tagger.state_dict(), "optimizer_state_dict": optimizer.state_dict()},
    folder / "checkpoint.ckpt",
)
expected["checkpoint.output"] = tagger(tokens).detach()

# DataParallel's names, in sixteen bits of both kinds.
for kind, name in ((torch.bfloat16, "bfloat16"), (torch.float16, "float16")):
    torch.save({"module." + key: value.to(kind) for key, value in state.items()}, folder / f"{name}.pt")
    expected[f"{name}.head.weight"] = state["head.weight"].to(kind).float()

# Tensors that share a storage, turned ones, repeated ones, whole numbers.
base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8
several = {
    "base": base,
    "turned": base.t(),
    "part": base[1:3, ::2],
    "repeated": torch.tensor([1.5, -2.0]).expand(3, 2),
    "double": torch.tensor([0.5, 0.25], dtype=torch.float64),
    "third": torch.tensor([1 / 3], dtype=torch.float64),
    "bytes": torch.tensor([0, 200], dtype=torch.uint8),
    "whole": torch.tensor([[-3, 2**40]]),
    "truth": torch.tensor([True, False]),
    "one": torch.tensor(2.5),
    "parameter": nn.Parameter(torch.tensor([4.0])),
    "none": torch.zeros(0, 3),
}
torch.save(several, folder / "several.pt")
torch.save(several, folder / "several_legacy.pt", _use_new_zipfile_serialization=False)

# Modules whose names have no layer number, and others.
cells = nn.ModuleDict(
    {
        "lstm": nn.LSTMCell(3, 4),
        "gru": nn.GRUCell(3, 4),
        "rnn": nn.RNNCell(3, 4, bias=False),
        "convolution": nn.Conv1d(3, 5, 3, padding="same"),
        "norm": nn.BatchNorm1d(3),
        "query": nn.Linear(4, 6),
        "memory": nn.Linear(3, 6, bias=False),
        "score": nn.Linear(6, 1, bias=False),
    }
)
cells["norm"](torch.randn(20, 3) * 2 + 1)
cells.eval()
x = torch.randn(2, 5, 3)
expected["cells.input"] = x
expected["cells.convolution"] = cells["convolution"](x.transpose(1, 2)).transpose(1, 2).detach()
expected["cells.norm"] = cells["norm"](x.transpose(1, 2)).transpose(1, 2).detach()
for name in ("lstm", "gru", "rnn"):
    state, steps = None, []
    for step in range(5):
        state = cells[name](x[:, step], state)
        steps.append(state[0] if name == "lstm" else state)
    expected["cells." + name] = torch.stack(steps, 1).detach()
queries = torch.randn(2, 2, 4)
expected["cells.queries"] = queries
scores = cells["score"](torch.tanh(cells["query"](queries)[:, :, None] + cells["memory"](x)[:, None]))[..., 0]
expected["cells.context"] = (scores.softmax(-1) @ x).detach()
torch.save(cells.state_dict(), folder / "cells.pth")


class Scripted(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.GRU(3, 4, batch_first=True)
        self.head = nn.Linear(4, 2)
        self.sizes = [1, 2]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(x)[0])


scripted = torch.jit.script(Scripted())
torch.jit.save(scripted, folder / "scripted.jit")
expected["scripted.output"] = scripted(x).detach()


# A file that would run something if it were loaded, and one of a whole module, by its class.
class Harm:
    def __reduce__(self):
        return (print, ("harm",))


torch.save({"weight": base, "harm": Harm()}, folder / "harm.pt")
torch.save(nn.Linear(2, 1), folder / "whole_module.pt")
save_file({key: value.contiguous() for key, value in expected.items()}, folder / "expected.safetensors")
