"""All names at once: ``from glasshouse.fastai.vision.all import *``."""

from pathlib import Path

from glasshouse.fastai.data.external import URLs, untar_data
from glasshouse.fastai.data.transforms import get_image_files, parent_label
from glasshouse.fastai.learner import Learner, load_learner
from glasshouse.fastai.metrics import accuracy, error_rate
from glasshouse.fastai.vision.augment import (
    Normalize,
    PadMode,
    RandomResizedCrop,
    Resize,
    ResizeMethod,
    aug_transforms,
    imagenet_stats,
)
from glasshouse.fastai.vision.core import PILImage
from glasshouse.fastai.vision.data import ImageDataLoaders
from glasshouse.fastai.vision.learner import cnn_learner, vision_learner
from glasshouse.fastai.vision.models import (
    alexnet,
    densenet121,
    densenet169,
    efficientnet_b0,
    googlenet,
    inception_v3,
    mobilenet_v2,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
    squeezenet1_0,
    vgg16,
    vgg19,
    xception,
)

__all__ = [
    "ImageDataLoaders",
    "Learner",
    "Normalize",
    "PILImage",
    "PadMode",
    "Path",
    "RandomResizedCrop",
    "Resize",
    "ResizeMethod",
    "URLs",
    "accuracy",
    "alexnet",
    "aug_transforms",
    "cnn_learner",
    "densenet121",
    "densenet169",
    "efficientnet_b0",
    "error_rate",
    "get_image_files",
    "googlenet",
    "imagenet_stats",
    "inception_v3",
    "load_learner",
    "mobilenet_v2",
    "parent_label",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "squeezenet1_0",
    "untar_data",
    "vgg16",
    "vgg19",
    "vision_learner",
    "xception",
]  # fmt: skip
