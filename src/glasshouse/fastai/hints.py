"""What to write instead, for names of fastai that are elsewhere, called otherwise, or out of scope here."""

from collections.abc import Iterator, Mapping
from typing import Any

from glasshouse.errors import InputError, UnknownNameError, instead_of

__all__ = ["INSTEAD", "LEARNED", "LEARNER", "LOADERS", "Absent", "absent", "no_such_attribute"]

_PICTURES = "out of scope: Glasshouse classifies pictures, one class each; write it with fastai itself"
_BLOCK = "ImageDataLoaders.from_path_func(path, get_image_files(path), parent_label, item_tfms=Resize(224))"

INSTEAD: Mapping[str, str] = {
    "AWD_LSTM": _PICTURES,
    "BBoxBlock": _PICTURES,
    "Callback": "a loop over the events: for event in glasshouse.train(recipe, out)",
    "Categorify": _PICTURES,
    "ColSplitter": "valid_col of ImageDataLoaders.from_df",
    "CollabDataLoaders": _PICTURES,
    "FillMissing": _PICTURES,
    "ImageClassifierCleaner": "ClassificationInterpretation.from_learner(learn).plot_top_losses(9)",
    "MaskBlock": _PICTURES,
    "MultiCategoryBlock": _PICTURES,
    "PointBlock": _PICTURES,
    "ReduceLROnPlateau": "fit_one_cycle, whose rate falls by itself",
    "RegressionBlock": _PICTURES,
    "SegmentationDataLoaders": _PICTURES,
    "TabularDataLoaders": _PICTURES,
    "TextDataLoaders": _PICTURES,
    "TransformBlock": _BLOCK,
    "accuracy_multi": _PICTURES,
    "collab_learner": _PICTURES,
    "doc": "help(name)",
    "download_images": "files on this computer: nothing is downloaded",
    "minimum": "learn.lr_find(), which gives valley and steep",
    "search_images_ddg": "files on this computer: nothing is downloaded",
    "set_seed": "seed=42 of ImageDataLoaders, and seed=42 of vision_learner: every number is a function of these",
    "show_image": "dls.show_batch()",
    "slide": "learn.lr_find(), which gives valley and steep",
    "steep": "learn.lr_find().steep",
    "tabular_learner": _PICTURES,
    "text_classifier_learner": _PICTURES,
    "unet_learner": _PICTURES,
    "valley": "learn.lr_find().valley",
    "verify_images": "nothing: pictures that cannot be read are left out, and listed in dls.data.dataset.rejected",
    "xresnet50": "resnet50",
}
LEARNED: Mapping[str, str] = {"dls": "vocab, the classes of the model", "path": "the path that was given to export"}
LOADERS: Mapping[str, str] = {
    "after_batch": "batch_tfms=aug_transforms()",
    "one_batch": "data.train.rows(np.arange(4))",
    "new": "ImageDataLoaders.from_name_func(path, files, label_func, item_tfms=Resize(224))",
    "show": "show_batch()",
    "summary": "data.dataset.warnings",
    "train": "data.train, or train_ds",
    "valid": "data.valid, or valid_ds",
}
LEARNER: Mapping[str, str] = {
    "add_cb": "vision_learner(dls, resnet34, cbs=[MixUp()])",
    "fit_flat_cos": "fit_one_cycle(5)",
    "fit_sgdr": "fit_one_cycle(5)",
    "freeze_to": "freeze(), unfreeze() or fine_tune(1)",
    "load": "vision_learner(dls, resnet34, weights=path), or load_learner(path)",
    "loss_func": "vision_learner(dls, resnet34, loss_func=LabelSmoothingCrossEntropy())",
    "no_bar": "vision_learner(dls, resnet34, show=list)",
    "no_logging": "vision_learner(dls, resnet34, show=list)",
    "path": "learner.run, the folder of the last training",
    "opt_func": "vision_learner(dls, resnet34, opt_func=SGD)",
    "save": 'export("model.pkl")',
    "summary": "learner.model.card",
}


def no_such_attribute(kind: str, name: str, instead: Mapping[str, str]) -> AttributeError:
    """What ``__getattr__`` of an object raises: with what to write instead, if the name is known from fastai."""
    if name in instead:
        return AttributeError(f"{kind} has no {name}{instead_of(instead[name])}")
    return AttributeError(f"{kind} has no attribute {name!r}")


class Absent:
    """A name of fastai that is not there: using it says what to write instead."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *args: object, **kwargs: object) -> Any:
        raise InputError("{name} is not here{instead}", name=self._name, instead=instead_of(INSTEAD[self._name]))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnknownNameError("{name} is not here{instead}", name=self._name, instead=instead_of(INSTEAD[self._name]))


def absent(*names: str) -> Iterator[Absent]:
    """Yield what stands for names that are not there, so that ``import *`` brings their hints too."""
    return map(Absent, names)
