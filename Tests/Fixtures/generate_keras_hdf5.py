"""Writes the weights of keras-model as Keras 2 keeps them, without Keras.

    python generate_keras_hdf5.py OUT_DIR      (needs: h5py, numpy; OUT_DIR has weights.npz of generate_keras_model.py)

weights.h5    as model.save_weights("weights.h5") of Keras 2: layer_names, and of each layer weight_names and arrays
"""
import sys
from pathlib import Path
import h5py
import numpy as np

LAYERS = [
    ("bidirectional", ["forward_lstm/kernel:0", "forward_lstm/recurrent_kernel:0", "forward_lstm/bias:0",
                       "backward_lstm/kernel:0", "backward_lstm/recurrent_kernel:0", "backward_lstm/bias:0"]),
    ("time_distributed", ["kernel:0", "bias:0"]),
    ("gru", ["kernel:0", "recurrent_kernel:0"]),
    ("simple_rnn", ["kernel:0", "recurrent_kernel:0", "bias:0"]),
    ("dense", ["kernel:0", "bias:0"]),
]


def main(folder):
    arrays = np.load(Path(folder) / "weights.npz")
    names = iter(arrays.files)
    with h5py.File(Path(folder) / "weights.h5", "w") as file:
        file.attrs["layer_names"] = [name.encode() for name, _ in LAYERS]
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.11.0"
        for layer, weights in LAYERS:
            group = file.create_group(layer)
            weights = [f"{layer}/{name}" for name in weights]
            group.attrs["weight_names"] = [name.encode() for name in weights]
            for name in weights:
                group[name] = arrays[next(names)]


main(sys.argv[1])
