"""``keras.applications.vgg16``: VGG16, what its weights expect, its classes by name."""

from .building import Application, decode_predictions

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

VGG16 = Application("VGG16")
preprocess_input = VGG16.preprocess_input
