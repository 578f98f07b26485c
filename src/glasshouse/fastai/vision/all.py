"""All names at once: ``from glasshouse.fastai.vision.all import *``; names that are not here say what to write."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from glasshouse.fastai.callback.mixup import CutMix, MixUp
from glasshouse.fastai.callback.tracker import EarlyStoppingCallback, SaveModelCallback
from glasshouse.fastai.callback.training import GradientClip
from glasshouse.fastai.data.block import CategoryBlock, DataBlock, ImageBlock
from glasshouse.fastai.data.external import URLs, untar_data
from glasshouse.fastai.data.transforms import (
    FuncSplitter,
    GrandparentSplitter,
    RandomSplitter,
    RegexLabeller,
    get_image_files,
    parent_label,
    using_attr,
)
from glasshouse.fastai.hints import absent
from glasshouse.fastai.interpret import ClassificationInterpretation
from glasshouse.fastai.learner import Learner, load_learner
from glasshouse.fastai.losses import CrossEntropyLossFlat, LabelSmoothingCrossEntropy
from glasshouse.fastai.metrics import (
    BalancedAccuracy,
    CohenKappa,
    F1Score,
    MatthewsCorrCoef,
    Precision,
    Recall,
    RocAuc,
    RocAucBinary,
    accuracy,
    error_rate,
    top_k_accuracy,
)
from glasshouse.fastai.optimizer import SGD, Adam, RAdam, RMSProp
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
    "AWD_LSTM",
    "SGD",
    "Adam",
    "BBoxBlock",
    "BalancedAccuracy",
    "Callback",
    "Categorify",
    "CategoryBlock",
    "ClassificationInterpretation",
    "CohenKappa",
    "ColSplitter",
    "CollabDataLoaders",
    "CrossEntropyLossFlat",
    "CutMix",
    "DataBlock",
    "EarlyStoppingCallback",
    "F1Score",
    "FillMissing",
    "FuncSplitter",
    "GradientClip",
    "GrandparentSplitter",
    "Image",
    "ImageBlock",
    "ImageClassifierCleaner",
    "ImageDataLoaders",
    "LabelSmoothingCrossEntropy",
    "Learner",
    "MaskBlock",
    "MatthewsCorrCoef",
    "MixUp",
    "MultiCategoryBlock",
    "Normalize",
    "PILImage",
    "PadMode",
    "Path",
    "PointBlock",
    "Precision",
    "RAdam",
    "RMSProp",
    "RandomResizedCrop",
    "RandomSplitter",
    "Recall",
    "ReduceLROnPlateau",
    "RegexLabeller",
    "RegressionBlock",
    "Resize",
    "ResizeMethod",
    "RocAuc",
    "RocAucBinary",
    "SaveModelCallback",
    "SegmentationDataLoaders",
    "SimpleNamespace",
    "TabularDataLoaders",
    "TextDataLoaders",
    "TransformBlock",
    "URLs",
    "accuracy",
    "accuracy_multi",
    "alexnet",
    "aug_transforms",
    "cnn_learner",
    "collab_learner",
    "densenet121",
    "densenet169",
    "doc",
    "download_images",
    "efficientnet_b0",
    "error_rate",
    "get_image_files",
    "googlenet",
    "imagenet_stats",
    "inception_v3",
    "load_learner",
    "minimum",
    "mobilenet_v2",
    "np",
    "parent_label",
    "partial",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "search_images_ddg",
    "set_seed",
    "show_image",
    "slide",
    "squeezenet1_0",
    "steep",
    "tabular_learner",
    "text_classifier_learner",
    "top_k_accuracy",
    "unet_learner",
    "untar_data",
    "using_attr",
    "valley",
    "verify_images",
    "vgg16",
    "vgg19",
    "vision_learner",
    "xception",
    "xresnet50",
]  # fmt: skip

BBoxBlock, MultiCategoryBlock = absent("BBoxBlock", "MultiCategoryBlock")
Callback, ReduceLROnPlateau, ImageClassifierCleaner = absent("Callback", "ReduceLROnPlateau", "ImageClassifierCleaner")
SegmentationDataLoaders, unet_learner = absent("SegmentationDataLoaders", "unet_learner")
TextDataLoaders, text_classifier_learner = absent("TextDataLoaders", "text_classifier_learner")
TabularDataLoaders, tabular_learner = absent("TabularDataLoaders", "tabular_learner")
CollabDataLoaders, collab_learner = absent("CollabDataLoaders", "collab_learner")
download_images, search_images_ddg, verify_images = absent("download_images", "search_images_ddg", "verify_images")
ColSplitter, MaskBlock, PointBlock, RegressionBlock, TransformBlock = absent(
    "ColSplitter", "MaskBlock", "PointBlock", "RegressionBlock", "TransformBlock"
)
AWD_LSTM, Categorify, FillMissing, accuracy_multi = absent("AWD_LSTM", "Categorify", "FillMissing", "accuracy_multi")
doc, set_seed, show_image, xresnet50 = absent("doc", "set_seed", "show_image", "xresnet50")
minimum, slide, steep, valley = absent("minimum", "slide", "steep", "valley")
