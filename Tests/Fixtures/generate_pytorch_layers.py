"""Writes reference numbers for layers and losses beside the recurrent ones, computed with PyTorch, as safetensors files.

    python generate_pytorch_layers.py OUT_DIR      (needs: torch, numpy, safetensors)

Each file holds one case; its metadata key "config" is the case's JSON, its "kind" one of

embedding   tokens [B,T] with lengths [B] (int32), targets [B,T,D], start and end [V,D]: the table before and after
            `steps` steps of the optimizer named, along the sparse gradient of sum((table[tokens] - targets)^2)
layer_norm  input [N,F], gain, bias [F], output, cotangent, grad.input, grad.gain, grad.bias
batch_norm  input [S,N,F]: S training steps; gain, bias [F]; output and grad.input [S,N,F], grad.gain, grad.bias of the
            last; running_mean, running_variance [F] after them; prediction [N,F] of the last input in evaluation
conv1d      input [B,T,I], weight [O,I,K] and bias [O] as PyTorch keeps them, output [B,T',O], cotangent, grad.*
ctc         logits [B,T,C], lengths [B], labels [sum], label_lengths [B] (int32), losses [B], mean [1], sum [1],
            grad.mean, grad.sum [B,T,C]: with respect to the logits
"""
import json, sys
from pathlib import Path
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

torch.set_num_threads(1)


def embedding(c):
    V, D = 9, 4
    tokens = [[5, 2, 5, 8], [], [2, 7, 0], [5]]
    T = max(map(len, tokens))
    table = torch.nn.Embedding(V, D, sparse=True)
    out = {"start": table.weight.clone()}
    targets = torch.randn(len(tokens), T, D)
    options = {k: v for k, v in c.items() if k not in ("kind", "name", "seed", "optimizer", "steps")}
    optimizer = getattr(torch.optim, c["optimizer"])(table.parameters(), **options)
    for _ in range(c["steps"]):
        optimizer.zero_grad()
        loss = sum(((table(torch.tensor(t)) - targets[b, :len(t)]) ** 2).sum() for b, t in enumerate(tokens) if t)
        loss.backward()
        optimizer.step()
    ids = np.zeros((len(tokens), T), np.int32)
    for b, t in enumerate(tokens):
        ids[b, :len(t)] = t
    out |= {"end": table.weight, "targets": targets, "tokens": ids, "lengths": np.array([len(t) for t in tokens], np.int32)}
    return out


def layer_norm(c):
    x = (torch.randn(c["rows"], c["features"]) * 3 + 1).requires_grad_()
    norm = torch.nn.LayerNorm(c["features"], eps=c["epsilon"])
    torch.nn.init.normal_(norm.weight), torch.nn.init.normal_(norm.bias)
    y = norm(x)
    cotangent = torch.randn_like(y)
    y.backward(cotangent)
    return {"input": x, "gain": norm.weight, "bias": norm.bias, "output": y, "cotangent": cotangent,
            "grad.input": x.grad, "grad.gain": norm.weight.grad, "grad.bias": norm.bias.grad}


def batch_norm(c):
    S, N, C = c["steps"], c["rows"], c["features"]
    x = (torch.randn(S, N, C) * 3 + 1).requires_grad_()
    norm = torch.nn.BatchNorm1d(C, eps=c["epsilon"], momentum=c["momentum"])
    torch.nn.init.normal_(norm.weight), torch.nn.init.normal_(norm.bias)
    cotangent = torch.randn(S, N, C)
    outputs = []
    for s in range(S):
        norm.zero_grad()
        outputs.append(norm(x[s]))
        outputs[-1].backward(cotangent[s])
    out = {"input": x, "gain": norm.weight, "bias": norm.bias, "output": torch.stack(outputs), "cotangent": cotangent,
           "grad.input": x.grad, "grad.gain": norm.weight.grad, "grad.bias": norm.bias.grad,
           "running_mean": norm.running_mean, "running_variance": norm.running_var}
    return out | {"prediction": norm.eval()(x[-1])}


def conv1d(c):
    x = torch.randn(2, 9, 3, requires_grad=True)
    same = c["padding"] == "same"
    conv = torch.nn.Conv1d(3, 4, c["kernel"], stride=c["stride"], dilation=c["dilation"], padding="same" if same else 0)
    y = conv(x.transpose(1, 2)).transpose(1, 2)
    cotangent = torch.randn_like(y)
    y.backward(cotangent)
    return {"input": x, "weight": conv.weight, "bias": conv.bias, "output": y, "cotangent": cotangent,
            "grad.input": x.grad, "grad.weight": conv.weight.grad, "grad.bias": conv.bias.grad}


def ctc(c):
    B, T, C = c["batch"], c["time"], c["classes"]
    blank = c["blank"]
    lengths = torch.tensor(c["lengths"])
    label_lengths = torch.tensor(c["labelLengths"])
    choices = [k for k in range(C) if k != blank]
    labels = torch.tensor([choices[i] for i in torch.randint(len(choices), (int(label_lengths.sum()),))])
    logits = (torch.randn(B, T, C) * 2).requires_grad_()
    out = {"logits": logits, "lengths": lengths.int(), "labels": labels.int(), "label_lengths": label_lengths.int()}

    def loss(reduction):
        logp = logits.log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(logp, labels, lengths, label_lengths, blank=blank, reduction=reduction,
                          zero_infinity=c["zeroInfinity"])
    out["losses"] = loss("none")
    for reduction in ("mean", "sum"):
        value = loss(reduction)
        out[reduction] = value.reshape(1)
        out["grad." + reduction], = torch.autograd.grad(value, logits)
    return out


CASES = [
    dict(kind="embedding", name="embedding_sgd", seed=1, optimizer="SGD", steps=4, lr=0.05),
    dict(kind="embedding", name="embedding_adagrad", seed=2, optimizer="Adagrad", steps=4, lr=0.1),
    dict(kind="embedding", name="embedding_sparse_adam", seed=3, optimizer="SparseAdam", steps=5, lr=0.05),
    dict(kind="layer_norm", name="layer_norm", seed=4, rows=5, features=19, epsilon=1e-5),
    dict(kind="layer_norm", name="layer_norm_epsilon", seed=5, rows=3, features=8, epsilon=0.1),
    dict(kind="batch_norm", name="batch_norm", seed=6, steps=3, rows=7, features=5, epsilon=1e-5, momentum=0.1),
    dict(kind="batch_norm", name="batch_norm_momentum", seed=7, steps=2, rows=12, features=3, epsilon=1e-3, momentum=0.4),
    dict(kind="conv1d", name="conv1d_same", seed=8, kernel=4, stride=1, dilation=1, padding="same"),
    dict(kind="conv1d", name="conv1d_same_dilated", seed=9, kernel=3, stride=1, dilation=2, padding="same"),
    dict(kind="conv1d", name="conv1d_valid", seed=10, kernel=3, stride=2, dilation=2, padding="valid"),
    dict(kind="ctc", name="ctc", seed=11, batch=4, time=12, classes=6, blank=0, lengths=[12, 7, 9, 12],
         labelLengths=[5, 2, 0, 6], zeroInfinity=False),
    dict(kind="ctc", name="ctc_infinite", seed=12, batch=3, time=8, classes=4, blank=3, lengths=[8, 2, 5],
         labelLengths=[3, 4, 2], zeroInfinity=True),
]

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        torch.manual_seed(case["seed"])
        tensors = {k: np.ascontiguousarray(v if isinstance(v, np.ndarray) else v.detach().numpy())
                   for k, v in globals()[case["kind"]](case).items()}
        save_file(tensors, folder / (case["name"] + ".safetensors"), metadata={"config": json.dumps(case)})
