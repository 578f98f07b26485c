"""``keras.applications.efficientnet_lite0``: EfficientNetLite0, what its weights expect, its classes by name."""

from .building import Application, decode_predictions

__all__ = ["EfficientNetLite0", "decode_predictions", "preprocess_input"]

EfficientNetLite0 = Application("EfficientNetLite0")
preprocess_input = EfficientNetLite0.preprocess_input
