"""Text tasks in PyTorch: the networks of `TextCase.swift`, as one would write them there, each with its training step.

Every function gives a step: forward, backward, gradients clipped to norm 1, Adam. Texts are random and full, `[T, B]`.
"""

import torch
from torch import nn


def step(case):
    """A training step of the case's task."""
    return TASKS[case["task"]](case["sizes"])


def training(model, loss):
    """A step of training `model` by `loss`, a function without arguments."""
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def run():
        optimizer.zero_grad(set_to_none=True)
        value = loss()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return value.item()

    return run


class Classifier(nn.Module):
    """Word vectors, a bidirectional LSTM, the largest value of each feature over time, classes."""

    def __init__(self, shape):
        super().__init__()
        self.embedding = nn.Embedding(shape["vocabulary"], shape["embedding"])
        self.recurrent = nn.LSTM(shape["embedding"], shape["hidden"], bidirectional=True)
        self.head = nn.Linear(2 * shape["hidden"], shape["classes"])
        self.dropout = nn.Dropout(0.5)

    def forward(self, tokens):
        hidden, _ = self.recurrent(self.dropout(self.embedding(tokens)))
        return self.head(self.dropout(hidden.amax(0)))


def classifier(shape):
    model = Classifier(shape)
    tokens = torch.randint(shape["vocabulary"], (shape["time"], shape["batch"]))
    classes = torch.arange(shape["batch"]) % shape["classes"]
    return training(model, lambda: nn.functional.cross_entropy(model(tokens), classes))


TASKS = {"classifier": classifier}
