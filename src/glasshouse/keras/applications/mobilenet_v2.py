"""``keras.applications.mobilenet_v2``: MobileNetV2, what its weights expect, its classes by name."""

from .building import Application, decode_predictions

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

MobileNetV2 = Application("MobileNetV2")
preprocess_input = MobileNetV2.preprocess_input
