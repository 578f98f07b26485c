"""What to write instead, for names of the book's library (and of others) that this room does not have."""

from collections.abc import Mapping

from glasshouse.autodiff.hints import FUNCTIONS as _FUNCTIONS
from glasshouse.autodiff.hints import INSTEAD as _DEZERO
from glasshouse.autodiff.hints import LAYERS, OPTIMIZERS

__all__ = ["DATASETS", "DEZERO", "FUNCTIONS", "FUNCTIONS_CONV", "LAYERS", "MODELS", "OPTIMIZERS", "TRANSFORMS", "UTILS"]

_CLASSES = {
    "BatchNorm": "batch_norm", "BroadcastTo": "broadcast_to", "Clip": "clip", "Cos": "cos", "Exp": "exp",
    "GetItem": "get_item", "LeakyReLU": "leaky_relu", "Linear": "linear", "Log": "log", "LogSoftmax": "log_softmax",
    "MatMul": "matmul", "Max": "max", "MeanSquaredError": "mean_squared_error", "Min": "min", "ReLU": "relu",
    "Reshape": "reshape", "Sigmoid": "sigmoid", "Sin": "sin", "Softmax": "softmax",
    "SoftmaxCrossEntropy": "softmax_cross_entropy", "Sum": "sum", "SumTo": "sum_to", "Tanh": "tanh",
    "Transpose": "transpose",
}  # fmt: skip
_CONV = {"AveragePooling": "average_pooling", "Col2im": "col2im", "Conv2d": "conv2d", "Deconv2d": "deconv2d",
         "Im2col": "im2col", "Pooling": "pooling"}  # fmt: skip
_PICTURES = "from glasshouse import ImageData; then ImageData.from_folder(path), which resizes and changes pictures"
_NETWORK = 'from glasshouse import Learner; then Learner(data, "{}", weights="pretrained")'

DEZERO: Mapping[str, str] = {name: words for name, words in _DEZERO.items() if name != "setup_variable"}  # it is here
DATASETS: Mapping[str, str] = {
    "CIFAR10": "from glasshouse import ImageData; then ImageData.from_folder(path) of its pictures in class folders",
    "CIFAR100": "from glasshouse import ImageData; then ImageData.from_folder(path) of its pictures in class folders",
    "ImageNet": "from glasshouse.keras.applications.vgg16 import decode_predictions; it knows the labels",
    "Shakespear": "out of scope: texts; read the file into an array of numbers yourself",
}
FUNCTIONS: Mapping[str, str] = {**_FUNCTIONS, **{name: f"F.{word}, or a Function of yours"
                                                 for name, word in _CLASSES.items()}}  # fmt: skip
FUNCTIONS_CONV: Mapping[str, str] = {name: f"F.{word}, or a Function of yours" for name, word in _CONV.items()}
MODELS: Mapping[str, str] = {
    "VGG16": "from glasshouse.keras.applications import VGG16; its weights come from a file",
    **{f"ResNet{n}": _NETWORK.format(f"resnet{n}") for n in (50, 101, 152)},
    "ResNet": _NETWORK.format("resnet50"),
    "SqueezeNet": _NETWORK.format("squeezenet1_0"),
}
TRANSFORMS: Mapping[str, str] = dict.fromkeys(
    ("CenterCrop", "Convert", "RandomHorizontalFlip", "Resize", "ToArray", "ToPIL"), _PICTURES
)
UTILS: Mapping[str, str] = {
    "get_file": "a path: nothing is downloaded",
    "show_progress": "print",
}
