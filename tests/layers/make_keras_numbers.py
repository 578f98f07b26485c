"""Writes keras_numbers.npz, the numbers that tests hold the layers against.

KERAS_BACKEND=torch python tests/layers/make_keras_numbers.py        in an environment with keras 3 and torch
"""

import json
import os
from pathlib import Path
from zlib import crc32

os.environ["KERAS_BACKEND"] = "torch"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import layer_cases as cases
import numpy as np
import torch

N = 4
found = {}
names = {"keras": keras.__version__, "torch": torch.__version__}


def generator(name):
    return np.random.default_rng(crc32(name.encode()))


def numbers(x):
    return x.detach().cpu().numpy().astype("float32")


def layer(name, kind, settings, shapes):
    rng = generator(name)
    made = getattr(keras.layers, kind)(**settings)
    xs = [torch.tensor(x, requires_grad=True) for x in cases.arrays(rng, [(N, *shape) for shape in shapes])]
    made.build(xs[0].shape if len(xs) == 1 else [x.shape for x in xs])
    made.set_weights(
        [
            np.abs(w) if v.name == "moving_variance" else w
            for v, w in zip(made.weights, cases.arrays(rng, [w.shape for w in made.weights]))
        ]
    )
    for training in [False, True] if name in cases.TRAINED else [False]:
        way = f"layer/{name}/{'training' if training else 'use'}"
        for x in xs:
            x.grad = None
        made.zero_grad()
        y = made(xs[0] if len(xs) == 1 else xs, training=training)
        found[f"{way}/y"] = numbers(y)
        (y * torch.tensor(generator(name + "y").standard_normal(tuple(y.shape)).astype("float32"))).sum().backward()
        for i, x in enumerate(xs):
            found[f"{way}/x{i}"] = numbers(x.grad)
        for v in made.weights:
            if v.trainable:
                found[f"{way}/g_{v.name}"] = numbers(v.value.grad)
            elif v.name.startswith("moving"):
                found[f"{way}/w_{v.name}"] = numbers(v.value)
    names[name] = [v.name for v in made.weights]


def optimizer(name, kind, settings):
    rng = generator(name)
    weights, steps = cases.arrays(rng, [(3, 4), (4,)]), [cases.arrays(rng, [(3, 4), (4,)]) for _ in range(5)]
    variables = [keras.Variable(w) for w in weights]
    made = getattr(keras.optimizers, kind)(**settings)
    made.build(variables)
    for gradients in steps:
        made.apply([torch.tensor(g) for g in gradients], variables)
    for i, v in enumerate(variables):
        found[f"optimizer/{name}/{i}"] = numbers(v.value)


def loss(name, word, activation, settings):
    rng = generator(name)
    scores = torch.tensor(cases.arrays(rng, [(6, 3)])[0], requires_grad=True)
    p = keras.activations.get(activation)(scores)
    y = rng.integers(0, 3, 6)
    target = torch.tensor(y if word == "sparse_categorical_crossentropy" else cases.one_hot(y, 3))
    kinds = {
        "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
        "categorical_crossentropy": "CategoricalCrossentropy",
        "binary_crossentropy": "BinaryCrossentropy",
        "mean_squared_error": "MeanSquaredError",
        "mean_absolute_error": "MeanAbsoluteError",
        "huber": "Huber",
        "kl_divergence": "KLDivergence",
    }
    value = getattr(keras.losses, kinds[word])(**settings)(target, p)
    value.backward()
    found[f"loss/{name}/value"], found[f"loss/{name}/gradient"] = numbers(value), numbers(scores.grad)


def initializer(word):
    """Mean, deviation, smallest and largest of many draws, of a convolution's kernel."""
    values = numbers(
        getattr(
            keras.initializers,
            {"zeros": "Zeros", "ones": "Ones"}.get(word) or "".join(part.title() for part in word.split("_")),
        )(**({} if word in ("zeros", "ones") else {"seed": 1}))((3, 3, 64, 128))
    )
    found[f"initializer/{word}"] = np.array([values.mean(), values.std(), values.min(), values.max()])


def network(layers):
    return keras.Sequential([keras.Input(cases.CURVE_SHAPE), *(getattr(keras.layers, k)(**s) for k, s in layers)])


def curve(name, word, layers):
    rng = generator("curve")
    x, y = cases.curve_data(rng)
    net = network(layers)
    net.set_weights(
        [
            np.abs(w) if "var" in v.path else w / 3
            for v, w in zip(net.weights, cases.arrays(rng, [w.shape for w in net.weights]))
        ]
    )
    net.compile(optimizer=word, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = net.fit(x, y, verbose=0, **cases.CURVE_FIT).history
    for key, values in history.items():
        found[f"curve/{name}/{key}"] = np.array(values)
    found[f"curve/{name}/evaluate"] = np.array(net.evaluate(x, y, verbose=0, batch_size=7))
    found[f"curve/{name}/predict"] = net.predict(x[:3], verbose=0)


for name, case in cases.CASES.items():
    layer(name, *case)
for name, case in cases.OPTIMIZERS.items():
    optimizer(name, *case)
for name, case in cases.LOSSES.items():
    loss(name, *case)
for word in cases.INITIALIZERS:
    initializer(word)
for word in ("sgd", "rmsprop", "adam"):
    curve(word, word, cases.CURVE)
curve("penalized", "sgd", cases.PENALIZED)
index, start = {}, 0
for key, values in found.items():
    index[key] = [start, list(np.shape(values))]
    start += np.size(values)
every = np.concatenate([np.ravel(values) for values in found.values()]).astype("float32")
index = json.dumps({"numbers": index, "names": names})
np.savez_compressed(Path(__file__).with_name("keras_numbers.npz"), numbers=every, index=np.array(index))
