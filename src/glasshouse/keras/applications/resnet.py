"""``keras.applications.resnet``: Keras' newer home of ResNet50."""

from .resnet50 import ResNet50, decode_predictions, preprocess_input

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]
