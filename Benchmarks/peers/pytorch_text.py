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


class Tagger(nn.Module):
    """Word vectors, a bidirectional LSTM, a linear-chain conditional random field; the partition function by a loop
    over time, as pytorch-crf has it."""

    def __init__(self, shape):
        super().__init__()
        self.embedding = nn.Embedding(shape["vocabulary"], shape["embedding"])
        self.recurrent = nn.LSTM(shape["embedding"], shape["hidden"], bidirectional=True)
        self.head = nn.Linear(2 * shape["hidden"], shape["classes"])
        self.dropout = nn.Dropout(0.5)
        self.start, self.end = (nn.Parameter(0.1 * torch.randn(shape["classes"])) for _ in range(2))
        self.transitions = nn.Parameter(0.1 * torch.randn(shape["classes"], shape["classes"]))

    def forward(self, tokens, tags):
        hidden, _ = self.recurrent(self.dropout(self.embedding(tokens)))
        scores = self.head(self.dropout(hidden))
        path = self.start[tags[0]] + self.end[tags[-1]]
        path = path + scores.gather(2, tags[..., None])[..., 0].sum(0) + self.transitions[tags[:-1], tags[1:]].sum(0)
        alpha = self.start + scores[0]
        for step in scores[1:]:
            alpha = torch.logsumexp(alpha[:, :, None] + self.transitions + step[:, None], 1)
        return (torch.logsumexp(alpha + self.end, 1) - path).mean()


def tagger(shape):
    model = Tagger(shape)
    tokens = torch.randint(shape["vocabulary"], (shape["time"], shape["batch"]))
    tags = torch.randint(shape["classes"], (shape["time"], shape["batch"]))
    return training(model, lambda: model(tokens, tags))


class Translator(nn.Module):
    """A bidirectional LSTM reads; an LSTM of twice the units with multiplicative attention and input feeding writes;
    the vectors of the target's tokens are the output layer's weights too."""

    def __init__(self, shape):
        super().__init__()
        vector, units = shape["embedding"], shape["hidden"]
        self.source = nn.Embedding(shape["vocabulary"], vector)
        self.target = nn.Embedding(shape["vocabulary"], vector)
        self.encoder = nn.LSTM(vector, units, bidirectional=True)
        self.bridge = nn.Linear(4 * units, 4 * units)
        self.cell = nn.LSTMCell(2 * vector, 2 * units)
        self.attention = nn.Linear(2 * units, 2 * units, bias=False)
        self.combination = nn.Linear(4 * units, vector)
        self.head = nn.Linear(vector, shape["vocabulary"])
        self.head.weight = self.target.weight
        self.dropout = nn.Dropout(0.3)

    def forward(self, source, given):
        memory, (h, c) = self.encoder(self.dropout(self.source(source)))
        memory = self.dropout(memory).transpose(0, 1)
        state = torch.tanh(self.bridge(torch.cat([*h, *c], 1))).chunk(2, 1)
        keys = self.attention(memory).transpose(1, 2)
        inputs = self.dropout(self.target(given))
        fed, outputs = torch.zeros_like(inputs[0]), []
        for vectors in inputs:
            state = self.cell(torch.cat([vectors, fed], 1), state)
            weights = torch.softmax(torch.bmm(state[0][:, None], keys), 2)
            context = torch.bmm(weights, memory)[:, 0]
            fed = torch.tanh(self.combination(torch.cat([context, state[0]], 1)))
            outputs.append(fed)
        return self.head(self.dropout(torch.stack(outputs)))


def translator(shape):
    model = Translator(shape)
    source, target = (torch.randint(shape["vocabulary"], (shape["time"], shape["batch"])) for _ in range(2))
    return training(model, lambda: nn.functional.cross_entropy(
        model(source, target).flatten(0, 1), target.flatten(), label_smoothing=0.1))


class Generator(nn.Module):
    """Token vectors, two LSTM layers, logits of the next token; the state goes on from step to step."""

    def __init__(self, shape):
        super().__init__()
        self.embedding = nn.Embedding(shape["vocabulary"], shape["embedding"])
        self.recurrent = nn.LSTM(shape["embedding"], shape["hidden"], num_layers=2, dropout=0.3)
        self.head = nn.Linear(shape["hidden"], shape["vocabulary"])
        self.dropout = nn.Dropout(0.3)
        self.state = None

    def forward(self, tokens):
        hidden, state = self.recurrent(self.embedding(tokens), self.state)
        self.state = tuple(part.detach() for part in state)
        return self.head(self.dropout(hidden))


def generator(shape):
    model = Generator(shape)
    tokens = torch.randint(shape["vocabulary"], (shape["time"] + 1, shape["batch"]))
    return training(model, lambda: nn.functional.cross_entropy(
        model(tokens[:-1]).flatten(0, 1), tokens[1:].flatten()))


TASKS = {"classifier": classifier, "tagger": tagger, "translator": translator, "generator": generator}
