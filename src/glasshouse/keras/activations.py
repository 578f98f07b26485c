"""``keras.activations``: each is the word that a layer's ``activation`` takes: ``Dense(10, activation=relu)``."""

from glasshouse.layers.activations import ACTIVATIONS

__all__ = [
    "elu", "exponential", "gelu", "get", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "relu", "relu6", "selu",
    "sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip

elu, exponential, gelu, hard_sigmoid, leaky_relu = "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu"
linear, log_softmax, relu, relu6, selu, sigmoid = "linear", "log_softmax", "relu", "relu6", "selu", "sigmoid"
silu = swish = "silu"
softmax, softplus, softsign, tanh = "softmax", "softplus", "softsign", "tanh"


def get(name: str) -> str:
    """The word itself, if there is such an activation.

    >>> get("relu")
    'relu'
    """
    if name not in (*ACTIVATIONS, "swish"):
        raise ValueError(f"no activation {name!r}; there are {', '.join(ACTIVATIONS)}")
    return name
