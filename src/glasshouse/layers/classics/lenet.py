"""LeNet: two convolutions, each pooled, 500 units; the first network that read digits for a living."""

from glasshouse.layers.convolution import Conv2D
from glasshouse.layers.dense import Dense, Flatten
from glasshouse.layers.network import Network
from glasshouse.layers.pooling import MaxPooling2D

__all__ = ["lenet"]


def lenet(input_shape: tuple[int, ...] = (28, 28, 1), classes: int = 10, seed: int = 0) -> Network:
    """LeNet in Caffe's form, with no activation after the convolutions; 431,080 parameters.

    Source: LeCun and others 1998, Gradient-Based Learning Applied to Document Recognition.
    """
    return Network(
        [
            Conv2D(20, 5),
            MaxPooling2D(),
            Conv2D(50, 5),
            MaxPooling2D(),
            Flatten(),
            Dense(500, activation="relu"),
            Dense(classes, activation="softmax"),
        ],
        input_shape=input_shape,
        seed=seed,
        name="LeNet",
    )
