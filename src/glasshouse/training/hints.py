"""What to write instead, for names of fastai, Keras and torch that ``glasshouse`` and its Learner do not have."""

from collections.abc import Mapping

__all__ = ["INSTEAD", "LEARNER"]

_FASTAI = "from glasshouse.fastai.vision.all import"
_KERAS = "from glasshouse.keras"
_LEVEL3 = "from glasshouse.layers import"

INSTEAD: Mapping[str, str] = {
    # fastai
    "ClassificationInterpretation": f"learner.evaluate(), or {_FASTAI} ClassificationInterpretation",
    "DataBlock": "ImageData.from_folder(path), from_function, from_pattern, from_csv or from_labels",
    "ImageDataLoaders": f"ImageData.from_folder(path), or {_FASTAI} ImageDataLoaders",
    "Resize": f"ImageData.from_folder(path, size=224), or {_FASTAI} Resize",
    "URLs": f"{_FASTAI} URLs",
    "accuracy": 'Learner(data, network, metrics="accuracy")',
    "aug_transforms": f'Learner(data, network, augmentation={{"rotation": 10}}), or {_FASTAI} aug_transforms',
    "cnn_learner": f'Learner(data, "resnet34", weights="pretrained"), or {_FASTAI} cnn_learner',
    "error_rate": 'Learner(data, network, metrics="error_rate")',
    "get_image_files": f"ImageData.from_folder(path), or {_FASTAI} get_image_files",
    "load_learner": f"load_model(path), or {_FASTAI} load_learner",
    "untar_data": f'ImageData.from_folder("pets.tgz"), or {_FASTAI} untar_data',
    "vision_learner": f'Learner(data, "resnet34", weights="pretrained"), or {_FASTAI} vision_learner',
    # Keras and torch
    "DataLoader": "ImageData.from_folder(path)",
    "Dataset": "ImageData.from_folder(path), or open_dataset(path)",
    "ImageFolder": "ImageData.from_folder(path)",
    "Sequential": f"{_LEVEL3} Network (or {_KERAS}.models import Sequential)",
    "image_dataset_from_directory": "ImageData.from_folder(path)",
    # of other levels
    "Network": f"{_LEVEL3} Network",
    "Variable": "from glasshouse.autodiff import Variable",
}
LEARNER: Mapping[str, str] = {
    "compile": 'Learner(data, network, optimizer="rmsprop", lr=0.001)',
    "data": "dataset",
    "export": 'save("pets.model")',
    "fit_one_cycle": "fit(5, lr=0.001), whose rate follows one cycle",
    "freeze": 'Learner(data, network, weights="pretrained", strategy="features")',
    "get_preds": "model.probabilities(rows)",
    "load": "glasshouse.load_model(path), or weights=path of another Learner",
    "lr_find": "find_learning_rate()",
    "recorder": "history, or plot()",
    "save_weights": 'save("pets.model")',
    "score": "evaluate()",
    "show_results": "evaluate()",
    "summary": "model.card",
    "train": "fit(5)",
    "unfreeze": "fine_tune(3), which trains all layers after the first epoch",
    "validate": "evaluate()",
}
