"""Writes reference numbers for ConvLSTM1D and ConvLSTM2D, computed with Keras 3, as safetensors files.

    KERAS_BACKEND=torch python generate_keras_conv.py OUT_DIR      (needs: keras, torch or tensorflow, numpy, safetensors)

Each file holds one case; its metadata key "config" is the case's JSON. Tensors, float32:
    input [B,T,grid...,C]      lengths [B] (int32; steps behind a row's length are masked)
    kernel [k...,C,4F]  recurrent_kernel [k...,F,4F]  bias [4F]        gate order i, f, c, o
    output [B,T,grid...,F]     state.0 (h), state.1 (c) [B,grid...,F]
"""
import json, os, sys
os.environ.setdefault("KERAS_BACKEND", "torch")
from pathlib import Path
import numpy as np
import keras
from safetensors.numpy import save_file

CASES = [
    {"name": "conv_lstm_1d", "seed": 3001, "grid": [7], "kernel": [3], "batch": 3, "time": 5, "channels": 2, "filters": 4},
    {"name": "conv_lstm_1d_even_kernel", "seed": 3002, "grid": [6], "kernel": [4], "batch": 2, "time": 4, "channels": 3, "filters": 2},
    {"name": "conv_lstm_2d", "seed": 3003, "grid": [4, 5], "kernel": [3, 3], "batch": 2, "time": 4, "channels": 3, "filters": 2},
    {"name": "conv_lstm_2d_oblong", "seed": 3004, "grid": [5, 3], "kernel": [2, 5], "batch": 2, "time": 3, "channels": 1, "filters": 3},
    {"name": "conv_lstm_2d_lengths", "seed": 3005, "grid": [3, 4], "kernel": [3, 2], "batch": 3, "time": 5, "channels": 2, "filters": 3,
     "lengths": [2, 5, 4]},
]


def case(c):
    keras.utils.set_random_seed(c["seed"])
    rng = np.random.default_rng(c["seed"])
    x = rng.standard_normal((c["batch"], c["time"], *c["grid"], c["channels"])).astype("float32")
    make = keras.layers.ConvLSTM1D if len(c["grid"]) == 1 else keras.layers.ConvLSTM2D
    layer = make(c["filters"], tuple(c["kernel"]), padding="same", return_sequences=True, return_state=True)
    layer.build(x.shape)
    for w in layer.trainable_weights:  # biases away from 0, so that their place in the formula shows
        w.assign(rng.standard_normal(w.shape).astype("float32") * 0.4)
    lengths = c.get("lengths", [c["time"]] * c["batch"])
    out = {"input": x, "lengths": np.array(lengths, dtype="int32")}
    for w in layer.trainable_weights:
        out[w.name] = keras.ops.convert_to_numpy(w)
    # Keras's masks of ConvLSTM differ between back ends: each row runs alone, cut to its length.
    y = np.zeros((c["batch"], c["time"], *c["grid"], c["filters"]), dtype="float32")
    states = [np.zeros((c["batch"], *c["grid"], c["filters"]), dtype="float32") for _ in range(2)]
    for row, length in enumerate(lengths):
        result = [keras.ops.convert_to_numpy(v) for v in layer(x[row:row + 1, :length])]
        y[row, :length] = result[0][0]
        for state, found in zip(states, result[1:]):
            state[row] = found[0]
    return out | {"output": y, "state.0": states[0], "state.1": states[1]}


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for c in CASES:
        tensors = {k: np.ascontiguousarray(v) for k, v in case(c).items()}
        save_file(tensors, folder / f"{c['name']}.safetensors",
                  metadata={"config": json.dumps(c), "made_with": f"keras {keras.__version__} on {keras.backend.backend()}"})
    print(len(CASES), "files in", folder)


if __name__ == "__main__":
    main(sys.argv[1])
