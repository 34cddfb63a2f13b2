"""Writes a Keras model, its weights as Scripts/keras-to-safetensors makes them, and what it computes.

    KERAS_BACKEND=torch python generate_keras_model.py OUT_DIR      (needs: keras, a backend, h5py, safetensors)

model.keras              Bidirectional(LSTM 3, ave), TimeDistributed(Dense 5, relu), GRU 4 (reset_after False, no bias,
                         hard_sigmoid gates), SimpleRNN 2 (relu), Dense 3
weights.safetensors      Scripts/keras-to-safetensors model.keras weights.safetensors
weights.npz              np.savez(*model.get_weights())
recording.safetensors    input [3,6,4], output [3,3]
"""
import subprocess, sys
from pathlib import Path
import keras
import numpy as np
from keras import layers
from safetensors.numpy import save_file


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    model = keras.Sequential([
        keras.Input((None, 4)),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode="ave"),
        layers.TimeDistributed(layers.Dense(5, activation="relu")),
        layers.GRU(4, reset_after=False, use_bias=False, recurrent_activation="hard_sigmoid",
                   return_sequences=True),
        layers.SimpleRNN(2, activation="relu"),
        layers.Dense(3),
    ])
    for weight in model.weights:
        weight.assign(rng.standard_normal(weight.shape) * 0.6)
    x = rng.standard_normal((3, 6, 4)).astype("float32")
    model.save(folder / "model.keras")
    np.savez(folder / "weights.npz", *model.get_weights())
    save_file({"input": x, "output": np.ascontiguousarray(keras.ops.convert_to_numpy(model(x)))},
              folder / "recording.safetensors")
    script = Path(__file__).resolve().parents[3] / "Scripts/keras-to-safetensors"
    subprocess.run([sys.executable, script, folder / "model.keras", folder / "weights.safetensors"], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
