"""``keras.applications.resnet50``: ResNet50, what its weights expect, its classes by name."""

from .building import Application, decode_predictions

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]

ResNet50 = Application("ResNet50")
preprocess_input = ResNet50.preprocess_input
