"""Every layer there is, by the name that a description uses."""

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from .convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from .dense import Dense, Flatten, Reshape
from .layer import Layer
from .merging import Add, Average, Concatenate, Cropping2D, Maximum, Multiply, Subtract, ZeroPadding2D
from .normalization import BatchNormalization, Dropout, Rescaling, SpatialDropout2D
from .pooling import (
    AdaptiveAveragePooling2D,
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)

__all__ = ["LAYERS"]

LAYERS: dict[str, type[Layer]] = {
    "Activation": Activation,
    "AdaptiveAveragePooling2D": AdaptiveAveragePooling2D,
    "Add": Add,
    "Average": Average,
    "AveragePooling2D": AveragePooling2D,
    "BatchNormalization": BatchNormalization,
    "Concatenate": Concatenate,
    "Conv2D": Conv2D,
    "Cropping2D": Cropping2D,
    "Dense": Dense,
    "DepthwiseConv2D": DepthwiseConv2D,
    "Dropout": Dropout,
    "ELU": ELU,
    "Flatten": Flatten,
    "GlobalAveragePooling2D": GlobalAveragePooling2D,
    "GlobalMaxPooling2D": GlobalMaxPooling2D,
    "LeakyReLU": LeakyReLU,
    "MaxPooling2D": MaxPooling2D,
    "Maximum": Maximum,
    "Multiply": Multiply,
    "RandomBrightness": RandomBrightness,
    "RandomContrast": RandomContrast,
    "RandomFlip": RandomFlip,
    "RandomRotation": RandomRotation,
    "RandomTranslation": RandomTranslation,
    "RandomZoom": RandomZoom,
    "ReLU": ReLU,
    "Rescaling": Rescaling,
    "Reshape": Reshape,
    "SeparableConv2D": SeparableConv2D,
    "Softmax": Softmax,
    "SpatialDropout2D": SpatialDropout2D,
    "Subtract": Subtract,
    "ZeroPadding2D": ZeroPadding2D,
}
