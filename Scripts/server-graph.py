#!/usr/bin/env python3
"""An ONNX graph for measurements and tests of the server: an LSTM whose state is inputs and outputs.

    server-graph.py FILE FEATURES UNITS
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

path, features, units = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(units)


def weights(name, deviation, *shape):
    return numpy_helper.from_array(random.normal(0, deviation, shape).astype(np.float32), name)


def port(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


state = (1, 1, units)
graph = helper.make_graph(
    [
        helper.make_node(
            "LSTM", ["x", "W", "R", "B", "", "h", "c"], ["y", "hn", "cn"], hidden_size=units
        ),
        helper.make_node("Squeeze", ["y", "axes"], ["steps"]),
        helper.make_node("MatMul", ["steps", "D"], ["output"]),
    ],
    "lstm",
    [port("x", "time", 1, features), port("h", *state), port("c", *state)],
    [port("output", "time", 1, 1), port("hn", *state), port("cn", *state)],
    [
        weights("W", 0.3, 1, 4 * units, features),
        weights("R", 0.3 / units**0.5, 1, 4 * units, units),
        weights("B", 0.1, 1, 8 * units),
        weights("D", 0.3, units, 1),
        numpy_helper.from_array(np.array([1]), "axes"),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, path)
