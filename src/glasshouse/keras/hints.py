"""What to write instead, for names of Keras that this room does not have: a table for each module."""

from collections.abc import Mapping

from glasshouse.layers.hints import INSTEAD as LAYERS

__all__ = [
    "APPLICATIONS", "CALLBACKS", "DATASETS", "IMAGE", "INITIALIZERS", "KERAS", "LAYERS", "LOSSES", "METRICS", "MODEL",
    "MODELS", "OPTIMIZERS", "PREPROCESSING", "UTILS",
]  # fmt: skip

_PICTURES = "out of scope: Glasshouse classifies pictures, one class each; write it with Keras itself"
_SCHEDULE = "from glasshouse.keras.callbacks import LearningRateScheduler"
_FOLDERS = "ImageDataGenerator().flow_from_directory(directory), of a folder with a folder for each class"
_BATCHES = "a generator of batches, fit(batches(), steps_per_epoch=100), or a DataLoader of torch"
_SCORES = "model.predict(x), then a function of sklearn.metrics; a Learner takes it as metrics="
_CATALOGUE = 'Learner(data, network, weights="pretrained") with a network of `glasshouse networks`'
_CROSSENTROPY = "CategoricalCrossentropy(), BinaryCrossentropy(), MeanSquaredError() or Huber()"

KERAS: Mapping[str, str] = {
    "backend": "import numpy as np, and work on what predict and get_weights give",
    "constraints": "from glasshouse.keras import regularizers",
    "ops": "layers, or NumPy on what predict gives",
    "random": "seed= of a model and of fit",
    "saving": "from glasshouse.keras.models import load_model",
    "wrappers": "from glasshouse import Learner",
}
APPLICATIONS: Mapping[str, str] = {
    **{f"EfficientNetB{n}": f"EfficientNetLite0(), or {_CATALOGUE}" for n in range(8)},
    **{f"DenseNet{n}": _CATALOGUE for n in (121, 169, 201)},
    **{f"ResNet{name}": f"ResNet50(), or {_CATALOGUE}" for name in ("101", "152", "50V2", "101V2", "152V2")},
    **dict.fromkeys((
        "ConvNeXtTiny", "InceptionResNetV2", "MobileNetV3Large", "MobileNetV3Small", "NASNetLarge",
        "NASNetMobile"), _CATALOGUE),
}  # fmt: skip
CALLBACKS: Mapping[str, str] = {
    "BackupAndRestore": "a run of the Learner, which goes on after an interruption: glasshouse resume RUN",
    "History": "history = model.fit(...), which returns it",
    "ProgbarLogger": "model.fit(..., verbose=1)",
    "RemoteMonitor": "LambdaCallback(on_epoch_end=lambda epoch, logs: ...)",
    "SwapEMAWeights": "Learner(..., ema_decay=0.999)",
    "TensorBoard": 'CSVLogger("log.csv"), or look at a run in the Studio',
}
DATASETS: Mapping[str, str] = {
    **dict.fromkeys(("cifar10", "cifar100"), f"files on this computer, nothing is downloaded: {_FOLDERS}"),
    **dict.fromkeys(("boston_housing", "california_housing", "imdb", "reuters"), _PICTURES),
}
IMAGE: Mapping[str, str] = {
    "DirectoryIterator": _FOLDERS,
    "Iterator": _FOLDERS,
    "NumpyArrayIterator": "ImageDataGenerator().flow(x, y)",
    **{f"random_{name}": f"ImageDataGenerator({name}_range=...).random_transform(x)"
       for name in ("brightness", "rotation", "shear", "zoom")},
    "random_shift": "ImageDataGenerator(width_shift_range=0.2).random_transform(x)",
    "save_img": "array_to_img(x).save(path)",
    "smart_resize": "load_img(path, target_size=(rows, columns))",
}  # fmt: skip
INITIALIZERS: Mapping[str, str] = {
    "Identity": "layer.set_weights([np.eye(10)])",
    "VarianceScaling": "HeNormal(), LecunNormal() or GlorotUniform(), which are that with numbers of their own",
}
LOSSES: Mapping[str, str] = {
    **dict.fromkeys((
        "BinaryFocalCrossentropy", "CTC", "CategoricalFocalCrossentropy", "CategoricalHinge", "CosineSimilarity",
        "Hinge", "LogCosh", "Poisson", "SquaredHinge"), _CROSSENTROPY),
    "MeanAbsolutePercentageError": "MeanAbsoluteError()",
    "MeanSquaredLogarithmicError": "MeanSquaredError(), of the logarithms",
}  # fmt: skip
METRICS: Mapping[str, str] = {
    **dict.fromkeys((
        "AUC", "F1Score", "FBetaScore", "FalseNegatives", "FalsePositives", "Precision", "R2Score", "Recall",
        "TrueNegatives", "TruePositives"), _SCORES),
    "Mean": "np.mean",
    "MeanIoU": _PICTURES,
    "RootMeanSquaredError": 'metrics=["mse"], and its root',
}  # fmt: skip
MODEL: Mapping[str, str] = {
    "add_loss": "loss= of compile",
    "add_metric": "metrics= of compile",
    "export": "model.to_torch(), or train it with a Learner, whose model can be written as ONNX",
    "get_config": "model.to_dict()",
    "predict_classes": "(model.predict(x) > 0.5).astype(int), or model.predict(x).argmax(-1)",
    "predict_proba": "model.predict(x)",
    "reset_states": "nothing: no layer keeps a state",
    "to_json": "json.dumps(model.to_dict())",
    "to_yaml": "json.dumps(model.to_dict())",
}
MODELS: Mapping[str, str] = {
    "clone_model": "Model.from_dict(model.to_dict())",
    "model_from_json": "load_model(path), or Model.from_dict(json.loads(text))",
    "save_model": "model.save(path)",
}
OPTIMIZERS: Mapping[str, str] = {
    "Adafactor": "Adam()",
    "Adamax": "Adam()",
    "Ftrl": "SGD()",
    "Lamb": "AdamW()",
    "Lion": "AdamW()",
    "Muon": "AdamW()",
    "legacy": "from glasshouse.keras.optimizers import Adam; there is one of each",
    "schedules": _SCHEDULE,
}
PREPROCESSING: Mapping[str, str] = {
    **dict.fromkeys((
        "sequence", "text", "text_dataset_from_directory", "timeseries", "timeseries_dataset_from_array"), _PICTURES),
}  # fmt: skip
UTILS: Mapping[str, str] = {
    "PyDataset": _BATCHES,
    "Sequence": _BATCHES,
    "get_file": "a path: nothing is downloaded",
    "model_to_dot": "from glasshouse.layers.diagram import Diagram; then Diagram.of(model).to_svg()",
    "multi_gpu_model": "model.fit(...), which takes one device",
    "np_utils": "from glasshouse.keras.utils import to_categorical",
    "pad_sequences": _PICTURES,
    "plot_model": "from glasshouse.layers.diagram import Diagram; then Diagram.of(model).to_svg()",
    "save_img": "array_to_img(x).save(path)",
    "set_random_seed": "seed= of a model and of fit",
    "split_dataset": 'image_dataset_from_directory(path, validation_split=0.2, subset="both", seed=1)',
    "text_dataset_from_directory": _PICTURES,
    "timeseries_dataset_from_array": _PICTURES,
}
