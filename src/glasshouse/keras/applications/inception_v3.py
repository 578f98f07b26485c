"""``keras.applications.inception_v3``: InceptionV3, what its weights expect, its classes by name."""

from .building import Application, decode_predictions

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

InceptionV3 = Application("InceptionV3")
preprocess_input = InceptionV3.preprocess_input
