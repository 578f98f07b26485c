"""``keras.applications.mobilenet``: MobileNet, what its weights expect, its classes by name."""

from .building import Application, decode_predictions

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

MobileNet = Application("MobileNet")
preprocess_input = MobileNet.preprocess_input
