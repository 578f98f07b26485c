"""Level 3: networks built layer by layer, in Keras' words and with their meanings.

    net = Network([Flatten(), Dense(128, activation="relu"), Dense(10, activation="softmax")], input_shape=(28, 28, 1))
    net.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = net.fit(x_train, y_train, epochs=5, batch_size=64, validation_split=0.1)

A layer is data; a Network holds the weights, and computes with torch (`to_torch`) or with glasshouse.autodiff
(`to_autodiff`). Importing this loads no torch.
"""

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .augmentation import (
    GaussianNoise,
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from .convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from .dense import Dense, Flatten, Reshape
from .embedding import Embedding
from .graph import Input
from .hints import INSTEAD
from .history import BatchDone, Control, EpochEnd, History
from .initializers import Initializer
from .layer import Layer, Symbol
from .losses import Loss
from .merging import Add, Average, Concatenate, Cropping2D, Maximum, Multiply, Subtract, ZeroPadding2D
from .network import Network, load_network
from .normalization import BatchNormalization, Dropout, LayerNormalization, Rescaling, SpatialDropout2D
from .optimizers import SGD, Adadelta, Adagrad, Adam, AdamW, Nadam, RMSprop
from .pooling import (
    AdaptiveAveragePooling2D,
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)
from .regularizers import Regularizer
from .resampling import Conv2DTranspose, UpSampling2D
from .vocabulary import LAYERS

__all__ = [
    "ELU", "LAYERS", "SGD", "Activation", "Adadelta", "Adagrad", "Adam", "AdamW", "AdaptiveAveragePooling2D", "Add",
    "Average", "AveragePooling2D", "BatchDone", "BatchNormalization", "Concatenate", "Control", "Conv2D",
    "Conv2DTranspose", "Cropping2D", "Dense", "DepthwiseConv2D", "Dropout", "Embedding", "EpochEnd", "Flatten",
    "GaussianNoise", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "History", "Initializer", "Input", "Layer",
    "LayerNormalization", "LeakyReLU", "Loss", "MaxPooling2D", "Maximum", "Multiply", "Nadam", "Network", "RMSprop",
    "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "ReLU",
    "Regularizer", "Rescaling", "Reshape", "SeparableConv2D", "Softmax", "SpatialDropout2D", "Subtract", "Symbol",
    "UpSampling2D", "ZeroPadding2D", "load_network",
]  # fmt: skip


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, INSTEAD)
