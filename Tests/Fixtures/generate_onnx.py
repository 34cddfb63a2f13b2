"""Writes onnx/cases.safetensors: small graphs, one operator or a few each, with inputs and what ONNX Runtime
gives for them. With onnx 1.22 and onnxruntime 1.32: python generate_onnx.py

A case NAME is the tensors NAME/model (the bytes of the file), NAME/in/INPUT and NAME/out/OUTPUT. Truth values
are whole numbers there; numbers of sixteen bits are widened."""

import pathlib

import numpy as np
import onnxruntime
from onnx import helper as h
from onnx import numpy_helper as nh
from safetensors.numpy import save_file

generator = np.random.default_rng(7)
rng = generator
tensors = {}


def f(*shape):
    return generator.standard_normal(shape).astype(np.float32)


def save(name, nodes, inputs, outputs, feeds, init={}, opset=16, threads=0):
    types = {"float32": 1, "int64": 7, "int32": 6, "bool": 9, "uint8": 2, "int8": 3, "float16": 10, "float64": 11}
    graph = h.make_graph(
        nodes,
        "graph",
        [h.make_tensor_value_info(n, types[str(feeds[n].dtype)], [None] * feeds[n].ndim) for n in inputs],
        [h.make_tensor_value_info(n, t, None) for n, t in outputs],
        [nh.from_array(v, k) for k, v in init.items()],
    )
    opsets = [h.make_opsetid("", opset)] + [h.make_opsetid(d, 1) for d in sorted({n.domain for n in nodes} - {""})]
    model = h.make_model(graph, opset_imports=opsets)
    model.ir_version = 8
    model = model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    results = session.run(None, {n: feeds[n] for n in inputs})

    def kept(array):
        array = np.array(array, order="C")
        if array.dtype == bool:
            return array.astype(np.int32)
        return array.astype(np.float32) if array.dtype in (np.float16, np.float64) else array

    name = name.removeprefix("op_")
    tensors[name + "/model"] = np.frombuffer(model, np.uint8)
    for n in inputs:
        tensors[f"{name}/in/{n}"] = kept(feeds[n])
    for (n, _), result in zip(outputs, results):
        tensors[f"{name}/out/{n}"] = kept(result)


# Recurrent nodes: each operator and direction with everything that it can say, with functions that only a plain loop
# has, with coupled gates, and with rows of no length.
def recurrent(name, op, direction, attributes, inputs, lengths=(4, 2, 3)):
    directions = 2 if direction == "bidirectional" else 1
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    time, batch, features, hidden = 4, 3, 3, 4
    values = {
        "X": f(time, batch, features),
        "W": f(directions, gates * hidden, features) / 2,
        "R": f(directions, gates * hidden, hidden) / 2,
        "B": f(directions, 2 * gates * hidden) / 2,
        "sequence_lens": np.array(lengths, np.int32),
        "initial_h": f(directions, batch, hidden),
        "initial_c": f(directions, batch, hidden),
        "P": f(directions, 3 * hidden),
    }
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h"] + (["initial_c", "P"] if op == "LSTM" else [])
    names = [n if n in ("X", "W", "R", *inputs) else "" for n in order]
    while not names[-1]:
        names.pop()
    outputs = ["Y", "Y_h"] + (["Y_c"] if op == "LSTM" else [])
    node = h.make_node(op, names, outputs, hidden_size=hidden, direction=direction, **attributes)
    constant = {n: values[n].astype(np.float32) for n in ("W", "R", "B", "P") if n in names}
    save(name, [node], [n for n in names if n and n not in constant], [(o, 1) for o in outputs], values, constant, 14)


for direction in ("forward", "reverse", "bidirectional"):
    twice = 2 if direction == "bidirectional" else 1
    for op in ("LSTM", "GRU", "RNN"):
        every = ("B", "sequence_lens", "initial_h") + (("initial_c", "P") if op == "LSTM" else ())
        functions = {
            "LSTM": (["HardSigmoid", "Elu", "ScaledTanh"], [0.3, 0.8, 1.2], [0.45, 0.9]),
            "GRU": (["HardSigmoid", "ScaledTanh"], [0.3, 1.2], [0.45, 0.9]),
            "RNN": (["ScaledTanh"], [1.2], [0.9]),
        }[op]
        own = dict(
            activations=functions[0] * twice,
            activation_alpha=functions[1] * twice,
            activation_beta=functions[2] * twice,
        )
        name = f"{op}_{direction}"
        recurrent(name + "_everything", op, direction, dict(clip=0.5), every)
        recurrent(name + "_own", op, direction, dict(clip=0.9, **own), every)
        recurrent(name + "_empty", op, direction, {}, every, (0, 4, 3))
        if op == "GRU":
            recurrent(name + "_after", op, direction, dict(linear_before_reset=1, clip=0.5), every)
            recurrent(name + "_own_after", op, direction, dict(linear_before_reset=1, **own), every)
        if op == "LSTM":
            recurrent(name + "_coupled", op, direction, dict(input_forget=1, clip=0.4), every)
            recurrent(name + "_own_coupled", op, direction, dict(input_forget=1, **own), every)
for function in ("Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu", "Softsign", "Softplus"):
    recurrent("RNN_" + function, "RNN", "forward", dict(activations=[function]), ())


# Other operators.
def op1(name, op, ins, attrs={}, outs=(("y", 1),), init={}, opset=16):
    node = h.make_node(op, list(ins) + list(init), [o for o, _ in outs], **attrs)
    save(name, [node], list(ins), list(outs), dict(ins), init, opset)


x = f(2, 3, 4)
for (
    op
) in "Sqrt Exp Log Reciprocal Sigmoid Tanh Softplus Softsign Erf Floor Ceil Round Relu Neg Abs Sign LeakyRelu Elu ThresholdedRelu HardSigmoid Identity".split():
    op1(op, op, {"x": np.abs(x) + 0.1 if op in ("Sqrt", "Log") else x})
op1("Elu_a", "Elu", {"x": x}, dict(alpha=0.3))
op1("HardSigmoid_a", "HardSigmoid", {"x": x}, dict(alpha=0.4, beta=0.3))
for op in "Add Sub Mul Div Pow Max Min".split():
    op1(op + "_b", op, {"a": np.abs(f(2, 1, 4)), "b": np.abs(f(3, 1)) + 0.2})
    op1(op + "_s", op, {"a": np.abs(x), "b": np.array(0.7, np.float32)})
    op1(op + "_s2", op, {"b": np.array(0.7, np.float32), "a": np.abs(x)})
    op1(op + "_mid", op, {"a": np.abs(f(2, 3, 4)), "b": np.abs(f(2, 1, 4)) + 0.2})
    if op not in ("Pow",):
        op1(op + "_i", op, {"a": rng.integers(-9, 9, (2, 1, 4)), "b": rng.integers(1, 9, (3, 1))}, outs=(("y", 7),))
op1("Pow_i", "Pow", {"a": x}, init={"e": np.array([2], np.int64)})
op1("Pow_h", "Pow", {"a": np.abs(x)}, init={"e": np.array(0.5, np.float32)})
op1("Pow3", "Pow", {"a": x}, init={"e": np.array(3, np.float32)})
for op in "Equal Less Greater LessOrEqual GreaterOrEqual".split():
    op1(op + "_f", op, {"a": np.round(x), "b": np.round(f(3, 1))}, outs=(("y", 9),))
    op1(op + "_i", op, {"a": rng.integers(-2, 2, (2, 3)), "b": rng.integers(-2, 2, (3,))}, outs=(("y", 9),))
for op in "And Or Xor".split():
    op1(
        op,
        op,
        {"a": rng.integers(0, 2, (2, 3)).astype(bool), "b": rng.integers(0, 2, (3,)).astype(bool)},
        outs=(("y", 9),),
    )
op1("Not", "Not", {"a": rng.integers(0, 2, (2, 3)).astype(bool)}, outs=(("y", 9),))
op1("Where", "Where", {"c": rng.integers(0, 2, (3, 1)).astype(bool), "a": x, "b": f(4)})
op1(
    "Where_i",
    "Where",
    {"c": rng.integers(0, 2, (3, 1)).astype(bool), "a": rng.integers(0, 9, (2, 3, 4)), "b": rng.integers(0, 9, (4,))},
    outs=(("y", 7),),
)
op1("Clip11", "Clip", {"x": x}, init={"lo": np.array(-0.3, np.float32), "hi": np.array(0.4, np.float32)})
op1("Clip6", "Clip", {"x": x}, dict(min=-0.2, max=0.5), opset=10)
save(
    "op_Clip_hi",
    [h.make_node("Clip", ["x", "", "hi"], ["y"])],
    ["x"],
    [("y", 1)],
    {"x": x},
    {"hi": np.array(0.1, np.float32)},
)
for to, t in (("int64", 7), ("int32", 6), ("bool", 9), ("float64", 11), ("uint8", 2), ("float16", 10)):
    op1("Cast_" + to, "Cast", {"x": (x * 3 if to != "uint8" else np.abs(x * 3))}, dict(to=t), outs=(("y", t),))
op1("Cast_if", "Cast", {"x": rng.integers(-5, 5, (2, 3))}, dict(to=1))
for red in "ReduceMean ReduceMax ReduceMin ReduceProd ReduceSumSquare ReduceL1 ReduceL2".split():
    op1(red + "_13", red, {"x": x}, dict(axes=[1], keepdims=0), opset=13)
    op1(red + "_k", red, {"x": x}, dict(axes=[-1, 0]), opset=13)
    op1(red + "_all", red, {"x": x}, {}, opset=13)
    op1(red + "_18", red, {"x": x}, dict(keepdims=0), init={"ax": np.array([0, 2])}, opset=18)
op1("ReduceSum11", "ReduceSum", {"x": x}, dict(axes=[1]), opset=11)
op1("ReduceSum13", "ReduceSum", {"x": x}, dict(keepdims=0), init={"ax": np.array([1])}, opset=13)
op1("ReduceSum_noop", "ReduceSum", {"x": x}, dict(noop_with_empty_axes=1), opset=13)
op1(
    "ReduceSum_i",
    "ReduceSum",
    {"x": rng.integers(-5, 5, (2, 3))},
    dict(keepdims=0),
    outs=(("y", 7),),
    init={"ax": np.array([1])},
    opset=13,
)
for s in "Softmax LogSoftmax".split():
    op1(s + "11", s, {"x": x}, dict(axis=1), opset=11)
    op1(s + "11d", s, {"x": x}, opset=11)
    op1(s + "13", s, {"x": x}, dict(axis=1), opset=13)
    op1(s + "13d", s, {"x": x}, opset=13)
for ax in (0, 1, -1):
    op1(f"Concat{ax}", "Concat", {"a": x, "b": x + 1, "c": x * 2}, dict(axis=ax))
op1(
    "Concat_i",
    "Concat",
    {"a": rng.integers(0, 9, (2, 3)), "b": rng.integers(0, 9, (2, 1))},
    dict(axis=1),
    outs=(("y", 7),),
)
op1("Unsq11", "Unsqueeze", {"x": x}, dict(axes=[0, -1]), opset=11)
op1("Unsq13", "Unsqueeze", {"x": x}, init={"a": np.array([1, 4])}, opset=13)
op1("Sq11", "Squeeze", {"x": f(1, 3, 1, 2)}, dict(axes=[0]), opset=11)
op1("Sq13", "Squeeze", {"x": f(1, 3, 1, 2)}, init={"a": np.array([-2])}, opset=13)
op1("Sq_all", "Squeeze", {"x": f(1, 3, 1, 2)}, opset=13)


def sl(name, st, en, ax=None, sp=None):
    init = {"s": np.array(st), "e": np.array(en)}
    if ax is not None:
        init["a"] = np.array(ax)
    if sp is not None:
        init["p"] = np.array(sp)
    op1("Slice_" + name, "Slice", {"x": f(5, 6, 7)}, init=init, opset=13)


sl("basic", [1, 0], [4, 5], [0, 2])
sl("neg", [-1], [-100], [1], [-1])
sl("neg2", [100, -2], [-9223372036854775807, 0], [0, 2], [-2, -1])
sl("big", [0], [9223372036854775807], [2], [3])
sl("noax", [1, 2, 3], [4, 5, 6])
sl("empty", [3], [2], [0])
sl("startneg", [-100], [2], [1], [-1])
sl("negax", [1], [-1], [-1])
op1("Slice9", "Slice", {"x": f(5, 6)}, dict(starts=[1, -3], ends=[3, 100], axes=[0, 1]), opset=9)
for p in ([0, 2, 1], [2, 1, 0], [1, 0, 2]):
    op1("Tr" + "".join(map(str, p)), "Transpose", {"x": x}, dict(perm=p))
op1("Tr_def", "Transpose", {"x": x})
op1("CoS", "ConstantOfShape", {"s": np.array([2, 3])}, dict(value=h.make_tensor("v", 1, [1], [0.5])))
op1("CoS_i", "ConstantOfShape", {"s": np.array([2, 3])}, dict(value=h.make_tensor("v", 7, [1], [3])), outs=(("y", 7),))
op1("CoS_d", "ConstantOfShape", {"s": np.array([2])})
for ax in (0, 1, -1):
    op1(f"Gather{ax}", "Gather", {"x": x, "i": np.array([[0, -1], [1, 0]])}, dict(axis=ax))
op1("Gather_s", "Gather", {"x": x, "i": np.array(1)}, dict(axis=1))
op1("Gather_i", "Gather", {"x": rng.integers(0, 9, (4, 2)), "i": np.array([3, 0])}, outs=(("y", 7),))
op1("Reshape", "Reshape", {"x": x}, init={"s": np.array([0, -1])})
op1("Reshape2", "Reshape", {"x": x}, init={"s": np.array([4, -1, 2])})
op1("Reshape3", "Reshape", {"x": f(0, 3)}, dict(allowzero=1), init={"s": np.array([3, 0])})
op1("Shape", "Shape", {"x": x}, outs=(("y", 7),))
op1("Shape15", "Shape", {"x": x}, dict(start=1, end=-1), outs=(("y", 7),))
op1("Size", "Size", {"x": x}, outs=(("y", 7),))
for mode in "constant reflect edge".split():
    op1("Pad_" + mode, "Pad", {"x": x}, dict(mode=mode), init={"p": np.array([0, 2, 1, 1, 1, 3])}, opset=13)
op1("Pad_v", "Pad", {"x": x}, init={"p": np.array([0, 2, 1, 1, 1, 3]), "v": np.array(2.5, np.float32)}, opset=13)
op1("Pad_neg", "Pad", {"x": x}, init={"p": np.array([0, -1, 1, 0, 0, -2])}, opset=13)
op1("Pad10", "Pad", {"x": x}, dict(pads=[0, 0, 1, 0, 0, 2], value=1.5), opset=10)
op1("Pad_wrap", "Pad", {"x": x}, dict(mode="wrap"), init={"p": np.array([0, 2, 1, 1, 1, 3])}, opset=19)
save(
    "op_Pad18",
    [h.make_node("Pad", ["x", "p", "v", "a"], ["y"])],
    ["x"],
    [("y", 1)],
    {"x": x},
    {"p": np.array([1, 2]), "v": np.array(0.0, np.float32), "a": np.array([-1])},
    18,
)
op1("Split11", "Split", {"x": f(6, 2)}, dict(axis=0, split=[1, 2, 3]), outs=(("a", 1), ("b", 1), ("c", 1)), opset=11)
op1("Split13", "Split", {"x": f(6, 2)}, outs=(("a", 1), ("b", 1), ("c", 1)), init={"s": np.array([3, 1, 2])}, opset=13)
op1("Split_eq", "Split", {"x": f(2, 6)}, dict(axis=1), outs=(("a", 1), ("b", 1)), opset=13)
op1("Split18", "Split", {"x": f(7, 2)}, dict(num_outputs=3), outs=(("a", 1), ("b", 1), ("c", 1)), opset=18)
op1("Expand", "Expand", {"x": f(3, 1)}, init={"s": np.array([2, 1, 4])})
op1("Expand2", "Expand", {"x": f(3, 4)}, init={"s": np.array([1, 1])})
op1("Flatten", "Flatten", {"x": x})
op1("Flatten0", "Flatten", {"x": x}, dict(axis=0))
op1("Flatten_neg", "Flatten", {"x": x}, dict(axis=-1))
op1("Tile", "Tile", {"x": f(2, 3)}, init={"r": np.array([2, 3])})
op1("TopK", "TopK", {"x": f(3, 5)}, dict(axis=1), outs=(("v", 1), ("i", 7)), init={"k": np.array([3])})
op1("TopK_s", "TopK", {"x": f(5, 3)}, dict(axis=0, largest=0), outs=(("v", 1), ("i", 7)), init={"k": np.array([2])})
op1(
    "TopK_i",
    "TopK",
    {"x": rng.integers(0, 4, (3, 5))},
    dict(axis=-1),
    outs=(("v", 7), ("i", 7)),
    init={"k": np.array([4])},
)
op1("ArgMax", "ArgMax", {"x": x}, dict(axis=1), outs=(("y", 7),))
op1("ArgMax_k", "ArgMax", {"x": np.round(x)}, dict(axis=-1, keepdims=0, select_last_index=1), outs=(("y", 7),))
op1("ArgMin", "ArgMin", {"x": x}, outs=(("y", 7),))
op1("LayerNorm", "LayerNormalization", {"x": x, "s": f(4), "b": f(4)}, outs=(("y", 1),), opset=17)
op1(
    "LayerNorm_ax",
    "LayerNormalization",
    {"x": x, "s": f(3, 4), "b": f(3, 4)},
    dict(axis=1, epsilon=1e-3),
    outs=(("y", 1), ("m", 1), ("d", 1)),
    opset=17,
)
op1("BatchNorm", "BatchNormalization", {"x": x, "s": f(3), "b": f(3), "m": f(3), "v": np.abs(f(3)) + 0.1})
op1(
    "BatchNorm2",
    "BatchNormalization",
    {"x": f(4, 3), "s": f(3), "b": f(3), "m": f(3), "v": np.abs(f(3)) + 0.1},
    dict(epsilon=0.01),
)
op1("Dropout", "Dropout", {"x": x})
op1("Dropout7", "Dropout", {"x": x}, dict(ratio=0.4), opset=10)
op1("MatMul2", "MatMul", {"a": f(3, 4), "b": f(4, 5)})
op1("MatMul3", "MatMul", {"a": f(2, 3, 4), "b": f(4, 5)})
op1("MatMulc", "MatMul", {"a": f(2, 3, 4)}, init={"b": f(4, 5)})
op1("MatMul4", "MatMul", {"a": f(2, 1, 3, 4), "b": f(5, 4, 6)})
op1("MatMul_v", "MatMul", {"a": f(4), "b": f(4, 5)})
op1("MatMul_v2", "MatMul", {"a": f(2, 3, 4), "b": f(4)})
op1("MatMul_vv", "MatMul", {"a": f(4), "b": f(4)})
op1("MatMul_vc", "MatMul", {"a": f(4)}, init={"b": f(4, 5)})
op1("MatMul_bc", "MatMul", {"a": f(2, 3, 4)}, init={"b": f(2, 4, 5)})
for ta in (0, 1):
    for tb in (0, 1):
        op1(
            f"Gemm{ta}{tb}",
            "Gemm",
            {"a": f(4, 3) if ta else f(3, 4)},
            dict(transA=ta, transB=tb, alpha=0.5, beta=1.5),
            init={"b": f(5, 4) if tb else f(4, 5), "c": f(5)},
        )
op1("Gemm_c", "Gemm", {"a": f(3, 4), "b": f(4, 5), "c": f(3, 1)})
op1("Gemm_n", "Gemm", {"a": f(3, 4), "b": f(4, 5)})
op1("Gemm_s", "Gemm", {"a": f(3, 4), "b": f(4, 5), "c": np.array(2.0, np.float32)})
op1("Gemm_1n", "Gemm", {"a": f(3, 4)}, init={"b": f(4, 5), "c": f(1, 5)})
op1("Gemm_mn", "Gemm", {"a": f(3, 4)}, init={"b": f(4, 5), "c": f(3, 5)})


def conv(name, xs, ws, bias=True, **a):
    op1("Conv_" + name, "Conv", {"x": f(*xs)}, a, init={"w": f(*ws), **({"b": f(ws[0])} if bias else {})})


conv("v", (2, 3, 10), (4, 3, 3))
conv("p", (2, 3, 10), (4, 3, 3), pads=[1, 2])
conv("s", (2, 3, 11), (4, 3, 3), strides=[2], pads=[1, 1])
conv("d", (2, 3, 11), (4, 3, 3), dilations=[2], pads=[2, 2])
conv("g", (2, 4, 10), (6, 2, 3), group=2, pads=[1, 1])
conv("dw", (2, 4, 10), (4, 1, 3), group=4, pads=[1, 0])
conv("su", (2, 3, 10), (4, 3, 4), auto_pad="SAME_UPPER", strides=[2])
conv("sl", (2, 3, 9), (4, 3, 4), auto_pad="SAME_LOWER")
conv("va", (2, 3, 9), (4, 3, 4), False, auto_pad="VALID")
conv("2d", (2, 3, 8, 9), (4, 3, 3, 2), pads=[1, 0, 2, 1], strides=[2, 1], dilations=[1, 2])
conv("2dg", (1, 4, 5, 5), (4, 2, 3, 3), group=2)
conv("k1", (2, 3, 4), (5, 3, 1))
conv("wide", (1, 1, 600), (10, 1, 256), False, strides=[128])
op1("Conv_dyn", "Conv", {"x": f(2, 3, 10), "w": f(4, 3, 3)}, dict(pads=[1, 1]))
op1("Range", "Range", {"a": np.array(1), "b": np.array(10), "c": np.array(3)}, outs=(("y", 7),))
save(
    "op_RangeF",
    [h.make_node("Range", ["a", "b", "c"], ["y"])],
    ["a", "b", "c"],
    [("y", 1)],
    {"a": np.array(1, np.float32), "b": np.array(-3, np.float32), "c": np.array(-0.7, np.float32)},
)
op1("DQL", "DynamicQuantizeLinear", {"x": x}, outs=(("y", 2), ("s", 1), ("z", 2)))
op1(
    "DeqL",
    "DequantizeLinear",
    {"x": rng.integers(-128, 127, (2, 3, 4)).astype(np.int8)},
    init={"s": np.array([0.1, 0.2, 0.3], np.float32), "z": np.array([1, 2, -3], np.int8)},
)
op1(
    "DeqL_s",
    "DequantizeLinear",
    {"x": rng.integers(0, 255, (2, 3)).astype(np.uint8)},
    init={"s": np.array(0.1, np.float32), "z": np.array(128, np.uint8)},
)
op1(
    "QL",
    "QuantizeLinear",
    {"x": x},
    outs=(("y", 2),),
    init={"s": np.array(0.05, np.float32), "z": np.array(128, np.uint8)},
)
op1(
    "MMI",
    "MatMulInteger",
    {"a": rng.integers(0, 255, (3, 4)).astype(np.uint8)},
    outs=(("y", 6),),
    init={"b": rng.integers(-128, 127, (4, 5)).astype(np.int8)},
)
save(
    "op_MMIz",
    [h.make_node("MatMulInteger", ["a", "b", "za", "zb"], ["y"])],
    ["a"],
    [("y", 6)],
    {"a": rng.integers(0, 255, (2, 3, 4)).astype(np.uint8)},
    {"b": rng.integers(0, 255, (4, 5)).astype(np.uint8), "za": np.array(120, np.uint8), "zb": np.array(130, np.uint8)},
)


op1(
    "MMI_deep",
    "MatMulInteger",
    {"a": rng.integers(250, 256, (2, 700)).astype(np.uint8)},
    outs=(("y", 6),),
    init={"b": rng.integers(-128, -120, (700, 3)).astype(np.int8)},
)
# If
def sub(nodes, out):
    return h.make_graph(nodes, "s", [], [h.make_tensor_value_info(out, 1, None)])


for cond in (True, False):
    t = sub([h.make_node("Add", ["x", "w"], ["o1"])], "o1")
    e = sub([h.make_node("Mul", ["x", "w"], ["m"]), h.make_node("Tanh", ["m"], ["o2"])], "o2")
    save(
        f"op_If_{cond}",
        [h.make_node("If", ["c"], ["y"], then_branch=t, else_branch=e), h.make_node("Add", ["y", "x"], ["z"])],
        ["c", "x"],
        [("z", 1)],
        {"c": np.array(cond), "x": x},
        {"w": f(4)},
    )
    save(
        f"op_IfConst_{cond}",
        [h.make_node("If", ["c"], ["y"], then_branch=t, else_branch=e), h.make_node("Add", ["y", "x"], ["z"])],
        ["x"],
        [("z", 1)],
        {"x": x},
        {"w": f(4), "c": np.array(cond)},
    )
    save(
        f"op_IfScript_{cond}",
        [
            h.make_node("Shape", ["x"], ["sh"]),
            h.make_node("Gather", ["sh", "ix"], ["b"]),
            h.make_node("Equal", ["b", "two" if cond else "ix"], ["c"]),
            h.make_node("If", ["c"], ["y"], then_branch=t, else_branch=e),
        ],
        ["x"],
        [("y", 1)],
        {"x": x},
        {"w": f(4), "ix": np.array(0), "two": np.array(2)},
    )
# unrolled LSTM by primitives
H = 6
Iw = 5
W = f(Iw, 4 * H) * np.float32(0.5)
R = f(H, 4 * H) * np.float32(0.5)
B = f(4 * H)
nodes = []
hh, cc = "h0", "c0"
for t in range(4):
    nodes += [
        h.make_node("Gather", ["x", f"i{t}"], [f"x{t}"], axis=1),
        h.make_node("MatMul", [f"x{t}", "W"], [f"xw{t}"]),
        h.make_node("MatMul", [hh, "R"], [f"hr{t}"]),
        h.make_node("Add", [f"xw{t}", f"hr{t}"], [f"s{t}"]),
        h.make_node("Add", [f"s{t}", "B"], [f"g{t}"]),
        h.make_node("Split", [f"g{t}"], [f"i_{t}", f"f_{t}", f"g_{t}", f"o_{t}"], axis=1),
    ]
    nodes += [
        h.make_node("Sigmoid", [f"i_{t}"], [f"si{t}"]),
        h.make_node("Sigmoid", [f"f_{t}"], [f"sf{t}"]),
        h.make_node("Tanh", [f"g_{t}"], [f"tg{t}"]),
        h.make_node("Sigmoid", [f"o_{t}"], [f"so{t}"]),
        h.make_node("Mul", [f"sf{t}", cc], [f"fc{t}"]),
        h.make_node("Mul", [f"si{t}", f"tg{t}"], [f"ig{t}"]),
        h.make_node("Add", [f"fc{t}", f"ig{t}"], [f"c{t+1}"]),
        h.make_node("Tanh", [f"c{t+1}"], [f"tc{t}"]),
        h.make_node("Mul", [f"so{t}", f"tc{t}"], [f"h{t+1}"]),
    ]
    hh, cc = f"h{t+1}", f"c{t+1}"
save(
    "op_unrolled",
    nodes,
    ["x", "h0", "c0"],
    [("h4", 1), ("c4", 1)],
    {"x": f(3, 4, Iw), "h0": f(3, H), "c0": f(3, H)},
    {"W": W, "R": R, "B": B, **{f"i{t}": np.array(t) for t in range(4)}},
)



# LSTMs of eight bits. On one thread: with more of them ONNX Runtime rounds the rows of a batch in groups.
def quantized(name, direction, batch, signed, per_column, zeros, lengths=None, **attributes):
    directions = 2 if direction == "bidirectional" else 1
    time, features, hidden = 7, 12, 20
    kind = np.int8 if signed else np.uint8
    columns = (directions, 4 * hidden) if per_column else (directions,)

    def whole(rows):
        return generator.integers(-127 if signed else 0, 128 if signed else 256, (directions, rows, 4 * hidden)).astype(kind)

    def zero():
        middle = 0 if signed else 128
        return (middle + (generator.integers(-9, 10, columns) if zeros else np.zeros(columns))).astype(kind)

    values = {
        "x": f(time, batch, features), "W": whole(features), "R": whole(hidden), "B": f(directions, 8 * hidden) / 4,
        "h": f(directions, batch, hidden) / 2, "c": f(directions, batch, hidden),
        "Ws": generator.uniform(0.002, 0.006, columns).astype(np.float32), "Wz": zero(),
        "Rs": generator.uniform(0.002, 0.006, columns).astype(np.float32), "Rz": zero(),
    }
    inputs = ["x", "h", "c"]
    if lengths:
        values["lengths"] = np.array(lengths, np.int32)
        inputs.append("lengths")
    node = h.make_node(
        "DynamicQuantizeLSTM",
        ["x", "W", "R", "B", "lengths" if lengths else "", "h", "c", "", "Ws", "Wz", "Rs", "Rz"], ["Y", "Yh", "Yc"],
        domain="com.microsoft", hidden_size=hidden, direction=direction, **attributes)
    save(name, [node], inputs, [("Y", 1), ("Yh", 1), ("Yc", 1)], values,
         {n: v for n, v in values.items() if n not in inputs}, threads=1)


quantized("dqlstm_signed", "forward", 1, True, False, False)
quantized("dqlstm_columns", "forward", 3, True, True, False)
quantized("dqlstm_zeros", "reverse", 2, False, False, True)
quantized("dqlstm_both", "bidirectional", 3, True, True, False, clip=1.5)
quantized("dqlstm_lengths", "bidirectional", 3, False, False, False, (7, 3, 5))

folder = pathlib.Path(__file__).parent / "onnx"
folder.mkdir(exist_ok=True)
save_file(tensors, folder / "cases.safetensors")
print(len([name for name in tensors if name.endswith("/model")]), "cases")
