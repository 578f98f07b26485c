"""AlexNet: five convolutions and three dense layers; it won ImageNet in 2012."""

from glasshouse.layers.convolution import Conv2D
from glasshouse.layers.dense import Dense, Flatten
from glasshouse.layers.merging import ZeroPadding2D
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.pooling import AdaptiveAveragePooling2D, MaxPooling2D

__all__ = ["alexnet"]


def alexnet(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """AlexNet on one card, as torchvision has it; 61,100,840 parameters.

    Source: Krizhevsky and others 2012; in this form Krizhevsky 2014, arXiv 1404.5997.
    """
    return Network(
        [
            ZeroPadding2D(2),
            Conv2D(64, 11, strides=4, activation="relu"),
            MaxPooling2D(3, strides=2),
            Conv2D(192, 5, padding="same", activation="relu"),
            MaxPooling2D(3, strides=2),
            Conv2D(384, 3, padding="same", activation="relu"),
            Conv2D(256, 3, padding="same", activation="relu"),
            Conv2D(256, 3, padding="same", activation="relu"),
            MaxPooling2D(3, strides=2),
            AdaptiveAveragePooling2D(6),  # what 224x224 pictures have here; others are made to fit
            Flatten(),
            Dropout(0.5),
            Dense(4096, activation="relu"),
            Dropout(0.5),
            Dense(4096, activation="relu"),
            Dense(classes, activation="softmax"),
        ],
        input_shape=input_shape,
        seed=seed,
        name="AlexNet",
    )
