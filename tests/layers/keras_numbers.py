"""The stored numbers of Keras, by name."""

import json
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

FILE = np.load(Path(__file__).with_name("keras_numbers.npz"), allow_pickle=False)
INDEX = json.loads(str(FILE["index"]))
NUMBERS = FILE["numbers"]


def stored(key: str) -> Any:
    """The array that make_keras_numbers.py wrote under this key."""
    start, shape = INDEX["numbers"][key]
    return NUMBERS[start : start + int(np.prod(shape))].reshape(shape)


def keys(prefix: str) -> list[str]:
    """Every key that begins so, without its beginning."""
    return [key.removeprefix(prefix) for key in INDEX["numbers"] if key.startswith(prefix)]


def weight_names(case: str) -> list[str]:
    """Keras' names of a layer's weights, in Keras' order."""
    return [str(name) for name in INDEX["names"][case]]


def generator(name: str) -> np.random.Generator:
    """The generator that a case draws from, in Keras' interpreter and here."""
    return np.random.default_rng(crc32(name.encode()))
