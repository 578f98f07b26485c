"""What to write instead, for names of Keras, torch, fastai and the book that are elsewhere or called otherwise here."""

from collections.abc import Mapping

__all__ = ["FUNCTIONS", "INSTEAD", "LAYERS", "OPTIMIZERS"]

_FUNCTIONS = ("relu", "sigmoid", "softmax", "tanh", "exp", "log", "sin", "cos", "matmul", "conv2d",
              "dropout", "reshape", "transpose", "mean_squared_error", "softmax_cross_entropy", "accuracy")  # fmt: skip
_LAYERS = ("Linear", "Conv2d", "Deconv2d", "BatchNorm", "EmbedID", "RNN", "LSTM")
_OPTIMIZERS = ("SGD", "MomentumSGD", "AdaGrad", "AdaDelta", "Adam", "RMSprop")

LAYERS: Mapping[str, str] = {
    "BatchNorm2d": "L.BatchNorm()",
    "BatchNormalization": "L.BatchNorm()",
    "Conv2D": "L.Conv2d(32, 3, pad=1)",
    "ConvTranspose2d": "L.Deconv2d(32, 3)",
    "Dense": "L.Linear(10)",
    "Dropout": "F.dropout(x, 0.5)",
    "Embedding": "L.EmbedID(256, 8)",
    "Flatten": "F.flatten(x)",
    "LSTMCell": "L.LSTM(100)",
    "MaxPool2d": "F.pooling(x, 2, 2)",
    "MaxPooling2D": "F.pooling(x, 2, 2)",
    "ReLU": "F.relu(x)",
    "SimpleRNN": "L.RNN(100)",
    "Softmax": "F.softmax(x)",
}
FUNCTIONS: Mapping[str, str] = {
    "avg_pool2d": "F.average_pooling(x, 2, 2)",
    "binary_crossentropy": "F.binary_cross_entropy(p, t)",
    "binary_cross_entropy_with_logits": "F.sigmoid_cross_entropy(x, t)",
    "cat": "F.concatenate([x, y], axis)",
    "cross_entropy": "F.softmax_cross_entropy(x, t)",
    "embedding": "F.embed_id(x, W)",
    "max_pool2d": "F.pooling(x, 2, 2)",
    "mse_loss": "F.mean_squared_error(x, t)",
    "nll_loss": "F.softmax_cross_entropy(x, t), of the numbers before softmax",
    "permute": "F.transpose(x, (0, 2, 3, 1))",
    "view": "F.reshape(x, (2, 3))",
}
OPTIMIZERS: Mapping[str, str] = {
    "Adadelta": "optimizers.AdaDelta()",
    "Adagrad": "optimizers.AdaGrad()",
    "Momentum": "optimizers.MomentumSGD()",
}
INSTEAD: Mapping[str, str] = {
    **{name: f"import glasshouse.autodiff.functions as F; then F.{name}" for name in _FUNCTIONS},
    **{name: f"import glasshouse.autodiff.layers as L; then L.{name}" for name in _LAYERS},
    **{name: f"from glasshouse.autodiff import optimizers; then optimizers.{name}" for name in _OPTIMIZERS},
    **{name: f"import glasshouse.autodiff.{(text[:1] == 'L' and 'layers as L') or 'functions as F'}; then {text}"
       for name, text in LAYERS.items()},
    "DataBlock": "from glasshouse import ImageData; or glasshouse.fastai.vision.all",
    "ImageDataLoaders": "from glasshouse import ImageData; or glasshouse.fastai.vision.all",
    "Learner": "from glasshouse import Learner",
    "MLP": "from glasshouse.autodiff.models import MLP",
    "Module": "Model, or Layer",
    "Sequential": "from glasshouse.autodiff.models import Sequential",
    "Tensor": "Variable(array)",
    "tensor": "Variable(array)",
    "backward": "y.backward()",
    "nn": "from glasshouse.autodiff import layers, functions",
    "optim": "from glasshouse.autodiff import optimizers",
    "plot_dot_graph": "from glasshouse.autodiff.utils import plot_dot_graph",
    "setup_variable": "nothing: Variable has its operators at once",
    "vision_learner": "from glasshouse import Learner; or glasshouse.fastai.vision.all",
}  # fmt: skip
