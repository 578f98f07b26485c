"""What to write instead, for names of Keras, torch, fastai and DeZero that `glasshouse.layers` does not have."""

from collections.abc import Mapping

__all__ = ["INSTEAD"]

_SEQUENCES = "layers of sequences are out of scope: Glasshouse classifies pictures; train it with torch or Keras"
_ONE_OR_THREE = "pictures have two directions here: Conv2D, MaxPooling2D, AveragePooling2D"
_WITH_DIRECTIONS = ("AveragePooling", "Conv", "GlobalAveragePooling", "GlobalMaxPooling", "MaxPooling", "UpSampling",
                    "ZeroPadding")  # fmt: skip
_KERAS = "from glasshouse.keras"
_LOSS = 'net.compile(loss="sparse_categorical_crossentropy"), or glasshouse.layers.Loss'

INSTEAD: Mapping[str, str] = {
    # Keras
    "AlphaDropout": "Dropout(0.1), or GaussianNoise(0.1)",
    "AvgPool2D": f"AveragePooling2D(2), or {_KERAS}.layers import AvgPool2D",
    "Attention": _SEQUENCES,
    "Bidirectional": _SEQUENCES,
    "CategoryEncoding": f"{_KERAS}.utils import to_categorical",
    "CenterCrop": "Cropping2D(2), or a size of ImageData.from_folder",
    **{f"{name}{n}D": _ONE_OR_THREE for n in (1, 3) for name in _WITH_DIRECTIONS},
    "Conv2d": "Conv2D(32, 3), with rows, columns, channels in this order",
    "ConvLSTM2D": _SEQUENCES,
    "CSVLogger": f"{_KERAS}.callbacks import CSVLogger",
    "Dot": "Multiply(), then a Dense layer",
    "EarlyStopping": f"{_KERAS}.callbacks import EarlyStopping",
    "GRU": _SEQUENCES,
    "GaussianDropout": "Dropout(0.1), or GaussianNoise(0.1)",
    "GlobalAvgPool2D": f"GlobalAveragePooling2D(), or {_KERAS}.layers import GlobalAvgPool2D",
    "GlobalMaxPool2D": f"GlobalMaxPooling2D(), or {_KERAS}.layers import GlobalMaxPool2D",
    "GroupNormalization": "LayerNormalization(), or BatchNormalization()",
    "ImageDataGenerator": f"{_KERAS}.preprocessing.image import ImageDataGenerator",
    "InputLayer": "Input((28, 28, 1))",
    "LSTM": _SEQUENCES,
    "Lambda": "Rescaling, Activation or another layer: a network holds no code, so that a file of it can be trusted",
    "Masking": _SEQUENCES,
    "MaxPool2D": f"MaxPooling2D(2), or {_KERAS}.layers import MaxPool2D",
    "Model": f"Network(inputs, outputs), or {_KERAS}.models import Model",
    "ModelCheckpoint": f"{_KERAS}.callbacks import ModelCheckpoint",
    "MultiHeadAttention": _SEQUENCES,
    "Normalization": "Rescaling(1 / deviation, -mean / deviation)",
    "PReLU": "LeakyReLU(0.2), whose slope is given and not learned",
    "Permute": "Reshape((28, 28, 1)), or transpose the arrays before fit",
    "RandomCrop": "RandomTranslation(0.1, 0.1)",
    "ReduceLROnPlateau": f"{_KERAS}.callbacks import ReduceLROnPlateau",
    "RNN": _SEQUENCES,
    "RepeatVector": _SEQUENCES,
    "Resizing": "the size of ImageData.from_folder, or target_size of flow_from_directory",
    "Sequential": f"Network([...], input_shape=(28, 28, 1)), or {_KERAS}.models import Sequential",
    "SimpleRNN": _SEQUENCES,
    "StringLookup": _SEQUENCES,
    "TextVectorization": _SEQUENCES,
    "ThresholdedReLU": "ReLU(threshold=1.0)",
    "TimeDistributed": _SEQUENCES,
    "load_model": f"load_network(path), or {_KERAS}.models import load_model",
    "to_categorical": f"{_KERAS}.utils import to_categorical",
    # torch
    "AdaptiveAvgPool2d": "AdaptiveAveragePooling2D(7), or GlobalAveragePooling2D()",
    "AvgPool2d": "AveragePooling2D(2)",
    "BCELoss": 'net.compile(loss="binary_crossentropy")',
    "BCEWithLogitsLoss": 'Loss("binary_crossentropy", from_logits=True)',
    "BatchNorm2d": "BatchNormalization(momentum=0.9, epsilon=1e-5), whose momentum is 1 minus torch's",
    "ConvTranspose2d": "Conv2DTranspose(32, 3)",
    "CrossEntropyLoss": _LOSS,
    "DataLoader": "net.fit(loader): a DataLoader of torch is taken as it is",
    "Dropout2d": "SpatialDropout2D(0.5)",
    "GELU": 'Activation("gelu")',
    "Identity": 'Activation("linear")',
    "LayerNorm": "LayerNormalization()",
    "Linear": "Dense(10), which finds out by itself how many numbers come in",
    "MSELoss": 'net.compile(loss="mse")',
    "MaxPool2d": "MaxPooling2D(2)",
    "Module": "Network(inputs, outputs); to_torch() gives a torch module of it",
    "Parameter": "a layer, which holds its weights; net.weights() gives them",
    "ReLU6": 'Activation("relu6")',
    "SiLU": 'Activation("silu")',
    "Sigmoid": 'Activation("sigmoid"), or Dense(1, activation="sigmoid")',
    "Tanh": 'Activation("tanh"), or Dense(10, activation="tanh")',
    "Tensor": "NumPy arrays: net.predict(array)",
    "Upsample": "UpSampling2D(2)",
    "ZeroPad2d": "ZeroPadding2D(1)",
    # fastai
    "ConvLayer": 'Conv2D(32, 3, padding="same"), BatchNormalization(), Activation("relu")',
    "Learner": "from glasshouse import Learner",
    "cnn_learner": "from glasshouse import Learner: Learner(data, network), or glasshouse.fastai",
    "vision_learner": "from glasshouse import Learner: Learner(data, network), or glasshouse.fastai",
    # the book's library
    "Deconv2d": "Conv2DTranspose(32, 3)",
    "EmbedID": "Embedding(256, 8)",
    "Function": "glasshouse.autodiff.Function",
    "MLP": 'Network([Dense(100, activation="sigmoid"), Dense(10)], input_shape=(784,))',
    "Variable": "glasshouse.autodiff.Variable",
}
