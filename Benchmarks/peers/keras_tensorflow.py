"""Keras on TensorFlow at the cases of Scripts/benchmark: everything inside `tf.function`; with `--jit` compiled by
XLA."""

import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tensorflow as tf  # noqa: E402  (after the variables that it reads)

from worker import options, serve, walk  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(options.threads)
tf.config.threading.set_inter_op_parallelism_threads(options.threads)

import keras  # noqa: E402  (after the threads are set)

keras.utils.set_random_seed(0)

KINDS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


def compiled(function):
    return tf.function(function, jit_compile=options.jit)


def waits_for(function, *inputs):
    """A call that ends when the first result is there."""
    def body():
        results = function(*inputs)
        return (results[0] if isinstance(results, (list, tuple)) else results).numpy()

    return body


def layers(case):
    """A function of `[B, T, I]` that gives all outputs, its variables, an input, and the shape of the outputs."""
    shape = case["shape"]
    stack = [KINDS[case["cell"]](shape["hidden"], return_sequences=True) for _ in range(shape["layers"])]
    if shape["directions"] == 2:
        stack = [keras.layers.Bidirectional(layer) for layer in stack]
    x = tf.random.normal((shape["batch"], shape["time"], shape["input"]))
    mask = tf.sequence_mask(shape["lengths"], shape["time"]) if shape.get("lengths") else None

    def forward(values, training):
        for layer in stack:
            values = layer(values, mask=mask, training=training)
        return values

    outputs = forward(x, training=False).shape  # makes the variables
    return forward, [variable for layer in stack for variable in layer.trainable_variables], x, outputs


def gradients(forward, variables):
    """A function of input and gradient of all outputs that gives the gradient of every variable."""
    def function(x, gradient):
        with tf.GradientTape() as tape:
            y = forward(x, training=True)
        return tape.gradient(y, [variable.value for variable in variables], output_gradients=gradient)

    return function


def train(case):
    forward, variables, x, outputs = layers(case)
    return waits_for(compiled(gradients(forward, variables)), x, tf.random.normal(outputs)), outputs


def infer(case):
    forward, _, x, outputs = layers(case)
    return waits_for(compiled(lambda values: forward(values, training=False)), x), outputs


def step(case):
    """One step of a stream, its state carried on."""
    shape = case["shape"]
    layer = KINDS[case["cell"]](shape["hidden"], return_sequences=True, return_state=True)
    x = tf.random.normal((1, 1, shape["input"]))
    state = [tf.zeros((1, shape["hidden"]))] * (2 if case["cell"] == "lstm" else 1)
    layer(x, initial_state=state)
    function = compiled(lambda values, *state: layer(values, initial_state=list(state), training=False))

    def body():
        nonlocal state
        y, *state = function(x, *state)
        return y.numpy()

    return body, body().shape


def product(case):
    size = case["size"]
    body = waits_for(
        compiled(lambda a, b: tf.matmul(a, b)), tf.random.normal((size, size)), tf.random.normal((size, size)))
    return body, (size, size)


def memory(case):
    """Three training steps with Adam."""
    forward, variables, x, outputs = layers(case)
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(variables)
    gradient = gradients(forward, variables)

    @compiled
    def update(x, upstream):
        optimizer.apply(gradient(x, upstream), variables)
        return variables[0].value

    body = waits_for(update, x, tf.random.normal(outputs))
    for _ in range(3):
        body()
    return {}


def recipe(case):
    """Three LSTM(50) and Dense(1), batch 64, mean squared error, Adam, by `fit`."""
    x, y = walk()
    model = keras.Sequential([
        keras.layers.Input((100, 1)),
        keras.layers.LSTM(50, return_sequences=True),
        keras.layers.LSTM(50, return_sequences=True),
        keras.layers.LSTM(50),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mean_squared_error", jit_compile=options.jit)
    start = time.perf_counter()
    history = model.fit(x, y, batch_size=64, epochs=case["epochs"], verbose=0)
    return {"seconds": time.perf_counter() - start, "loss": float(history.history["loss"][-1])}


serve(
    f"Keras {keras.__version__} on TensorFlow {tf.__version__}" + (" (XLA)" if options.jit else ""),
    {"train": train, "infer": infer, "step": step, "product": product},
    {"memory": memory, "recipe": recipe})
