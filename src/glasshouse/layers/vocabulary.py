"""Every layer there is, by the name that a description uses."""

from .activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from .augmentation import (
    GaussianNoise,
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from .convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from .dense import Dense, Flatten, Reshape
from .embedding import Embedding
from .layer import Layer
from .merging import Add, Average, Concatenate, Cropping2D, Maximum, Multiply, Subtract, ZeroPadding2D
from .normalization import BatchNormalization, Dropout, LayerNormalization, Rescaling, SpatialDropout2D
from .pooling import (
    AdaptiveAveragePooling2D,
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)
from .resampling import Conv2DTranspose, UpSampling2D

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
    "Conv2DTranspose": Conv2DTranspose,
    "Cropping2D": Cropping2D,
    "Dense": Dense,
    "DepthwiseConv2D": DepthwiseConv2D,
    "Dropout": Dropout,
    "ELU": ELU,
    "Embedding": Embedding,
    "Flatten": Flatten,
    "GaussianNoise": GaussianNoise,
    "GlobalAveragePooling2D": GlobalAveragePooling2D,
    "GlobalMaxPooling2D": GlobalMaxPooling2D,
    "LayerNormalization": LayerNormalization,
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
    "UpSampling2D": UpSampling2D,
    "ZeroPadding2D": ZeroPadding2D,
}
