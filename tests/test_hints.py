"""Names that readers bring from elsewhere: asking for one says what to write instead, and that can be imported."""

import importlib
import re
from types import ModuleType

import pytest

import glasshouse
from glasshouse import autodiff, layers
from glasshouse.autodiff import functions, hints, optimizers
from glasshouse.autodiff import layers as book_layers
from glasshouse.data import image_data
from glasshouse.dezero import hints as dezero_hints
from glasshouse.errors import InputError, UnknownImportError, UnknownNameError
from glasshouse.keras import hints as keras_hints
from glasshouse.layers.hints import INSTEAD
from glasshouse.training.hints import INSTEAD as LEARNER_LEVEL
from glasshouse.training.hints import LEARNER

TABLES = [
    pytest.param(glasshouse, LEARNER_LEVEL, id="glasshouse"),
    pytest.param(layers, INSTEAD, id="layers"),
    pytest.param(autodiff, hints.INSTEAD, id="autodiff"),
    pytest.param(functions, hints.FUNCTIONS, id="functions"),
    pytest.param(book_layers, hints.LAYERS, id="layers of the book"),
    pytest.param(optimizers, hints.OPTIMIZERS, id="optimizers"),
    *(
        pytest.param(importlib.import_module(f"glasshouse.dezero{name}"), getattr(dezero_hints, table), id="d" + table)
        for name, table in (
            ("", "DEZERO"), (".datasets", "DATASETS"), (".functions", "FUNCTIONS"),
            (".functions_conv", "FUNCTIONS_CONV"), (".layers", "LAYERS"), (".models", "MODELS"),
            (".optimizers", "OPTIMIZERS"), (".transforms", "TRANSFORMS"), (".utils", "UTILS"),
        )
    ),
    *(
        pytest.param(importlib.import_module(f"glasshouse.keras{name}"), getattr(keras_hints, table), id=table)
        for name, table in (
            ("", "KERAS"), (".applications", "APPLICATIONS"), (".callbacks", "CALLBACKS"), (".datasets", "DATASETS"),
            (".preprocessing.image", "IMAGE"), (".initializers", "INITIALIZERS"), (".losses", "LOSSES"),
            (".metrics", "METRICS"), (".models", "MODELS"), (".optimizers", "OPTIMIZERS"),
            (".preprocessing", "PREPROCESSING"), (".utils", "UTILS"),
        )
    ),
]  # fmt: skip
NAMES = {"F": functions, "L": book_layers, "optimizers": optimizers}


@pytest.mark.parametrize(("module", "table"), TABLES)
def test_a_name_from_elsewhere_says_what_to_write(module: ModuleType, table: dict[str, str]) -> None:
    for name, instead in table.items():
        assert name not in vars(module), name
        told = f"has no {name}(; write|:) {re.escape(instead)}"
        with pytest.raises(UnknownNameError, match=told):
            getattr(module, name)
        with pytest.raises(UnknownImportError, match=told):
            exec(f"from {module.__name__} import {name}", {})
        assert not hasattr(module, name)
        assert getattr(module, name, "default") == "default"
    with pytest.raises(AttributeError, match="has no attribute 'Blancmange'"):
        _ = module.Blancmange
    assert not hasattr(module, "__wrapped__")


def test_the_layers_and_callbacks_of_keras_know_them_too() -> None:
    assert issubclass(UnknownNameError, AttributeError) and issubclass(UnknownImportError, ImportError)
    with pytest.raises(InputError, match="has no LSTM: layers of sequences are out of scope"):
        exec("from glasshouse.keras.layers import LSTM", {})
    with pytest.raises(InputError, match="has no TensorBoard; write CSVLogger"):
        exec("from glasshouse.keras.callbacks import TensorBoard", {})


@pytest.mark.parametrize(("module", "table"), TABLES)
def test_what_is_to_be_written_is_there(module: ModuleType, table: dict[str, str]) -> None:
    for name, instead in table.items():
        for place, what in re.findall(r"from (glasshouse[\w.]*) import (\w+(?:, \w+)*)", instead):
            for word in what.split(", "):
                home = importlib.import_module(place)
                assert hasattr(home, word) or importlib.import_module(f"{place}.{word}"), (name, instead)
        for short, word in re.findall(r"\b(F|L|optimizers)\.(\w+)", instead):
            assert word in vars(NAMES[short]), (name, instead)
        for word in re.findall(r"(?<![\w.])([A-Z]\w*)\(", instead) if module is layers else ():
            assert word in layers.__all__ or word == "Learner", (name, instead)


def test_a_learner_and_its_data_say_what_to_write() -> None:
    learner = object.__new__(glasshouse.Learner)
    data = object.__new__(image_data.ImageData)
    for thing, table in ((learner, LEARNER), (data, image_data.INSTEAD)):
        for name, instead in table.items():
            with pytest.raises(AttributeError, match=f"has no {name}; write {re.escape(instead)}"):
                getattr(thing, name)
            for word in re.findall(r"^(\w+)\(", instead):
                assert hasattr(type(thing), word) or word in glasshouse.__all__, (name, instead)
        assert not hasattr(thing, "blancmange")
