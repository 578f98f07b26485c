"""Keras' names over `glasshouse.layers`: write ``glasshouse.`` in front of the imports of a Keras program.

    from glasshouse.keras import layers, models

    model = models.Sequential()
    model.add(layers.Dense(12, input_dim=8, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])

Only names and adapters: the layers, formulas and training are those of `glasshouse.layers`, the networks those of the
catalogue, the pictures those of `glasshouse.data`. Importing this loads no
torch. docs/from-keras.md tells what differs.
"""

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name

from . import (
    activations,
    applications,
    callbacks,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    preprocessing,
    regularizers,
    utils,
)
from .hints import KERAS
from .layers import Input
from .models import Model, Sequential

__all__ = [
    "Input", "Model", "Sequential", "activations", "applications", "callbacks", "datasets", "initializers", "layers",
    "losses", "metrics", "models", "optimizers", "preprocessing", "regularizers", "utils",
]  # fmt: skip


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, KERAS)
