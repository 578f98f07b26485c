"""``keras.applications.xception``: Xception, what its weights expect, its classes by name."""

from .building import Application, decode_predictions

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

Xception = Application("Xception")
preprocess_input = Xception.preprocess_input
