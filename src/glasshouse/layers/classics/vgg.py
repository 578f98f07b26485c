"""VGG: nothing but 3x3 convolutions, doubled in number each time the picture is halved."""

from glasshouse.layers.convolution import Conv2D
from glasshouse.layers.dense import Dense, Flatten
from glasshouse.layers.layer import Layer
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.pooling import AdaptiveAveragePooling2D, MaxPooling2D

__all__ = ["vgg16", "vgg19"]

FILTERS = (64, 128, 256, 512, 512)


def vgg16(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """VGG16, configuration D; 138,357,544 parameters. Source: Simonyan and Zisserman 2014, arXiv 1409.1556."""
    return _vgg((2, 2, 3, 3, 3), input_shape, classes, seed)


def vgg19(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """VGG19, configuration E; 143,667,240 parameters. Source: Simonyan and Zisserman 2014, arXiv 1409.1556."""
    return _vgg((2, 2, 4, 4, 4), input_shape, classes, seed)


def _vgg(depths: tuple[int, ...], input_shape: tuple[int, ...], classes: int, seed: int) -> Network:
    layers: list[Layer] = []
    for filters, depth in zip(FILTERS, depths):
        layers += [Conv2D(filters, 3, padding="same", activation="relu") for _ in range(depth)]
        layers.append(MaxPooling2D())
    layers += [
        AdaptiveAveragePooling2D(7),  # what 224x224 pictures have here; others are made to fit
        Flatten(),
        Dense(4096, activation="relu"),
        Dropout(0.5),
        Dense(4096, activation="relu"),
        Dropout(0.5),
        Dense(classes, activation="softmax"),
    ]
    return Network(layers, input_shape=input_shape, seed=seed, name=f"VGG{sum(depths) + 3}")
