"""What each kind of layer computes, in one sentence; the Studio's pages have the same sentences in its languages."""

from typing import Any

__all__ = ["ACTIVATION", "SENTENCES", "sentence"]

ACTIVATION = "Then each number goes through %(activation)s: %(formula)s."

SENTENCES = {
    "InputLayer": "The picture as numbers: each pixel minus the mean, divided by the standard deviation.",
    "Dense": "y = x·W + b: each output is the sum of all inputs times its weights, plus its bias.",
    "Conv2D": "y = W * x + b: kernels slide over the picture; each output is the sum of the pixels under a kernel "
    "times its weights, plus its bias.",
    "DepthwiseConv2D": "y = W * x, channel by channel: each channel has its own kernel, and channels do not mix.",
    "SeparableConv2D": "First a kernel for each channel, then a 1x1 convolution that mixes the channels.",
    "MaxPooling2D": "y = max under each window: only the largest number of each window goes on.",
    "AveragePooling2D": "y = mean under each window.",
    "GlobalAveragePooling2D": "y = the mean of each channel: one number a channel.",
    "GlobalMaxPooling2D": "y = the largest number of each channel: one number a channel.",
    "BatchNormalization": "y = γ·(x - μ) / √(σ² + ε) + β for each channel. Here, as in use, μ and σ² are the averages "
    "that training kept; while training they come from the batch.",
    "Flatten": "The same numbers as one row.",
    "Reshape": "The same numbers in another shape.",
    "Dropout": "y = x: in use dropout lets everything pass; only training sets some numbers to 0.",
    "Activation": "The same numbers, before the activation.",
    "ReLU": "y = max(x, 0): negative numbers become 0.",
    "Add": "y = a + b: the shortcut and the block are added.",
    "Concatenate": "The channels of all inputs, one after the other.",
    "ZeroPadding2D": "Zeros around the picture.",
    "Conv2DTranspose": "y = Wᵀ * x + b: each number paints a kernel into a larger picture, and what overlaps is added.",
    "Embedding": "y = W[x]: the row of the table that each whole number names.",
    "GaussianNoise": "y = x: in use everything passes; only training adds noise.",
    "LayerNormalization": "y = γ·(x - μ) / √(σ² + ε) + β, μ and σ² over the channels of each place of this picture.",
    "UpSampling2D": "Each pixel repeated, or blended with its neighbours: a larger picture.",
    "Rescaling": "y = scale·x + offset.",
    "": "One step of the network.",
}


def sentence(kind: str, activation: str | None, formula: str) -> str:
    """The sentence of a layer and of its activation.

    >>> sentence("Flatten", None, "")
    'The same numbers as one row.'
    """
    found = SENTENCES.get(kind, SENTENCES[""])
    extra: dict[str, Any] = {"activation": activation, "formula": formula}
    return f"{found} {ACTIVATION % extra}" if activation else found
