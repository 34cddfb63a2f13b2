"""ONNX Runtime at the cases of Scripts/benchmark: prediction by the LSTM, GRU and RNN nodes of a graph, time first, as
PyTorch exports them."""

import itertools
import pathlib

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from worker import GATES, options, serve

random = np.random.default_rng(0)


def tensor(name, *shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def session(nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(nodes, "case", inputs, outputs, list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return opened(model.SerializeToString())


def opened(model):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])


def weights(case, prefix, inputs, directions):
    """W, R and B of a node, uniform within 1 / √H as PyTorch draws them."""
    hidden = case["shape"]["hidden"]
    rows = GATES[case["cell"]] * hidden
    for name, shape in (("W", (rows, inputs)), ("R", (rows, hidden)), ("B", (2 * rows,))):
        values = random.uniform(-1, 1, (directions, *shape)).astype("float32") / np.sqrt(np.float32(hidden))
        yield numpy_helper.from_array(values, prefix + name)


def node(case, inputs, outputs, directions=1):
    attributes = {"hidden_size": case["shape"]["hidden"]}
    if directions == 2:
        attributes["direction"] = "bidirectional"
    if case["cell"] == "gru":
        attributes["linear_before_reset"] = 1  # PyTorch's formula
    return helper.make_node(case["cell"].upper(), inputs, outputs, **attributes)


def infer(case):
    shape = case["shape"]
    batch, time, hidden, directions = (shape[key] for key in ("batch", "time", "hidden", "directions"))
    nodes, stored, inputs = [], [], [tensor("x", time, batch, shape["input"])]
    values = {"x": random.standard_normal((time, batch, shape["input"]), dtype="float32")}
    lengths = ""
    if shape.get("lengths"):
        lengths = "lengths"
        inputs.append(tensor(lengths, batch, kind=TensorProto.INT32))
        values[lengths] = np.array(shape["lengths"], "int32")
    stored.append(numpy_helper.from_array(np.array([0, 0, -1], "int64"), "joined"))
    below, width = "x", shape["input"]
    for layer in range(shape["layers"]):
        prefix = f"{layer}."
        stored += weights(case, prefix, width, directions)
        parameters = [prefix + name for name in "WRB"]
        nodes += [  # [T, directions, B, H] becomes [T, B, directions · H]
            node(case, [below, *parameters, lengths], [prefix + "y"], directions),
            helper.make_node("Transpose", [prefix + "y"], [prefix + "t"], perm=[0, 2, 1, 3]),
            helper.make_node("Reshape", [prefix + "t", "joined"], [prefix + "out"]),
        ]
        below, width = prefix + "out", directions * hidden
    model = session(nodes, inputs, [tensor(below, time, batch, width)], stored)
    time_first = model.run(None, values)[0].shape
    return lambda: model.run(None, values), (time_first[1], time_first[0], time_first[2])


def step(case):
    """One step of a stream, its state carried on."""
    shape = case["shape"]
    width, hidden = shape["input"], shape["hidden"]
    names = ["h", "c"] if case["cell"] == "lstm" else ["h"]
    model = session(
        [node(case, ["x", "W", "R", "B", "", *names], ["y", *(name + "'" for name in names)])],
        [tensor("x", 1, 1, width), *(tensor(name, 1, 1, hidden) for name in names)],
        [tensor("y", 1, 1, 1, hidden), *(tensor(name + "'", 1, 1, hidden) for name in names)],
        weights(case, "", width, 1))
    values = {"x": random.standard_normal((1, 1, width), dtype="float32")}
    values |= {name: np.zeros((1, 1, hidden), "float32") for name in names}

    def body():
        y, *state = model.run(None, values)
        values.update(zip(names, state))
        return y[:, 0]

    return body, body().shape


def product(case):
    size = case["size"]
    model = session(
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        [tensor("a", size, size), tensor("b", size, size)], [tensor("c", size, size)])
    values = {name: random.standard_normal((size, size), dtype="float32") for name in "ab"}
    return lambda: model.run(None, values), (size, size)


def graph(case):
    """A model at its recorded inputs; `GraphCase` in Swift does the same. In frames, each output behind the first becomes
    the input of its place, where there is one; a graph without inputs for its state starts each frame anew, which is no
    more work."""
    folder = pathlib.Path(case["folder"])
    model = opened(str(folder / "model.onnx"))
    names = [port.name for port in model.get_inputs()]
    has_calls = (folder / "calls.npz").exists()
    arrays = numpy_arrays(folder / ("calls.npz" if has_calls else "data.npz"))
    values = {}
    for name in names:
        own = ("0.in." if has_calls else "in_") + name
        values[name] = arrays[own if own in arrays else name]
    if not case["inFrames"]:
        return lambda: model.run(None, values), ()
    given, port = values[names[0]], model.get_inputs()[0]
    axis = next((axis for axis, size in enumerate(port.shape)
                 if given.shape[axis] > 1 and not isinstance(size, int)), None)
    if axis is not None:
        frames = [np.ascontiguousarray(part) for part in np.split(given, given.shape[axis], axis)]
    else:
        frames = [arrays[f"{call}.in.{names[0]}"] for call in range(len(arrays)) if f"{call}.in.{names[0]}" in arrays]
    for name, port in list(zip(names, model.get_inputs()))[1:]:
        values[name] = np.zeros([size if isinstance(size, int) else 1 for size in port.shape], values[name].dtype)
    following = itertools.cycle(frames)

    def body():
        values[names[0]] = next(following)
        _, *state = model.run(None, values)
        values.update(zip(names[1:], state))

    return body, ()


def numpy_arrays(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive}


serve(
    f"ONNX Runtime {onnxruntime.__version__}",
    {"infer": infer, "step": step, "product": product, "graph": graph}, {})
