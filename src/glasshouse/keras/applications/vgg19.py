"""``keras.applications.vgg19``: VGG19, what its weights expect, its classes by name."""

from .building import Application, decode_predictions

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

VGG19 = Application("VGG19")
preprocess_input = VGG19.preprocess_input
