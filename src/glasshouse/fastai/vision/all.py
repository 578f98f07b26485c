"""All names at once: ``from glasshouse.fastai.vision.all import *``; names that are not here say what to write."""

from functools import partial
from pathlib import Path

from glasshouse.fastai.callback.mixup import CutMix, MixUp
from glasshouse.fastai.callback.tracker import EarlyStoppingCallback, SaveModelCallback
from glasshouse.fastai.callback.training import GradientClip
from glasshouse.fastai.data.external import URLs, untar_data
from glasshouse.fastai.data.transforms import get_image_files, parent_label
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
    "SGD",
    "Adam",
    "BBoxBlock",
    "BalancedAccuracy",
    "Callback",
    "CategoryBlock",
    "ClassificationInterpretation",
    "CohenKappa",
    "CollabDataLoaders",
    "CrossEntropyLossFlat",
    "CutMix",
    "DataBlock",
    "EarlyStoppingCallback",
    "F1Score",
    "GradientClip",
    "GrandparentSplitter",
    "ImageBlock",
    "ImageClassifierCleaner",
    "ImageDataLoaders",
    "LabelSmoothingCrossEntropy",
    "Learner",
    "MatthewsCorrCoef",
    "MixUp",
    "MultiCategoryBlock",
    "Normalize",
    "PILImage",
    "PadMode",
    "Path",
    "Precision",
    "RAdam",
    "RMSProp",
    "RandomResizedCrop",
    "RandomSplitter",
    "Recall",
    "ReduceLROnPlateau",
    "RegexLabeller",
    "Resize",
    "ResizeMethod",
    "RocAuc",
    "RocAucBinary",
    "SaveModelCallback",
    "SegmentationDataLoaders",
    "TabularDataLoaders",
    "TextDataLoaders",
    "URLs",
    "accuracy",
    "alexnet",
    "aug_transforms",
    "cnn_learner",
    "collab_learner",
    "densenet121",
    "densenet169",
    "download_images",
    "efficientnet_b0",
    "error_rate",
    "get_image_files",
    "googlenet",
    "imagenet_stats",
    "inception_v3",
    "load_learner",
    "mobilenet_v2",
    "parent_label",
    "partial",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "search_images_ddg",
    "squeezenet1_0",
    "tabular_learner",
    "text_classifier_learner",
    "top_k_accuracy",
    "unet_learner",
    "untar_data",
    "verify_images",
    "vgg16",
    "vgg19",
    "vision_learner",
    "xception",
]  # fmt: skip

BBoxBlock, CategoryBlock, ImageBlock, MultiCategoryBlock, DataBlock = absent(
    "BBoxBlock", "CategoryBlock", "ImageBlock", "MultiCategoryBlock", "DataBlock"
)
GrandparentSplitter, RandomSplitter, RegexLabeller = absent("GrandparentSplitter", "RandomSplitter", "RegexLabeller")
Callback, ReduceLROnPlateau, ImageClassifierCleaner = absent("Callback", "ReduceLROnPlateau", "ImageClassifierCleaner")
SegmentationDataLoaders, unet_learner = absent("SegmentationDataLoaders", "unet_learner")
TextDataLoaders, text_classifier_learner = absent("TextDataLoaders", "text_classifier_learner")
TabularDataLoaders, tabular_learner = absent("TabularDataLoaders", "tabular_learner")
CollabDataLoaders, collab_learner = absent("CollabDataLoaders", "collab_learner")
download_images, search_images_ddg, verify_images = absent("download_images", "search_images_ddg", "verify_images")
