#!/usr/bin/env python3
"""LSTMs as ONNX graphs, in floats and with weights of eight bits (DynamicQuantizeLSTM), each in a folder with an input:

    quantized_graphs.py FOLDER
    PEERS_PYTHON=… Scripts/benchmark --graphs FOLDER --threads 1

Needs numpy, onnx and onnxruntime.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

SIZES = [(64, 1, 100), (128, 1, 100), (256, 1, 100), (512, 1, 100), (256, 32, 50)]  # units and inputs, rows, steps


def lstm(units, random):
    def weights(name, deviation, *shape):
        return numpy_helper.from_array(random.normal(0, deviation, shape).astype(np.float32), name)

    def port(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        [helper.make_node("LSTM", ["x", "W", "R", "B"], ["y"], hidden_size=units)], "lstm",
        [port("x", "time", "rows", units)], [port("y", "time", 1, "rows", units)],
        [weights("W", 0.3 / units**0.5, 1, 4 * units, units), weights("R", 0.3 / units**0.5, 1, 4 * units, units),
         weights("B", 0.1, 1, 8 * units)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)])
    model.ir_version = 8
    return model


for units, rows, time in SIZES:
    random = np.random.default_rng(units)
    model = lstm(units, random)
    x = random.normal(0, 1, (time, rows, units)).astype(np.float32)
    folder = pathlib.Path(sys.argv[1]) / f"lstm-{units}-{rows}-rows"
    for kind in ("float", "int8"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        np.savez(folder / kind / "data.npz", in_x=x)
    onnx.save(model, folder / "float" / "model.onnx")
    quantize_dynamic(folder / "float" / "model.onnx", folder / "int8" / "model.onnx", op_types_to_quantize=["LSTM"],
                     weight_type=QuantType.QInt8)
