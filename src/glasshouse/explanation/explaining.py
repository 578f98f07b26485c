"""Why a model gave its answer for one picture: a map of the evidence, with the result of the method's own check.

explain("runs/pets-1", "louie.jpg")                                  Grad-CAM, for the class of the answer
explain(model, "louie.jpg", method="occlusion", class_name="dog")    in a notebook: picture, map and check
"""

from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import InputError
from glasshouse.events import Progress, result_of
from glasshouse.explanation.attribution.explanation import Explanation
from glasshouse.explanation.attribution.methods import Attribution, check_method
from glasshouse.explanation.checks.checking import checking
from glasshouse.explanation.checks.result import Check
from glasshouse.explanation.opened import OpenedModel, open_model
from glasshouse.export.predictor import Model
from glasshouse.export.reading import Picture
from glasshouse.messages import Message

__all__ = ["attribution_of", "explain", "explained", "explaining"]


def explain(
    model: Model | str | Path, picture: Picture, *, method: str = "grad-cam", class_name: str | None = None,
    data: Dataset | ImageData | str | Path | None = None, told: Callable[[Progress], None] | None = None,
) -> Explanation:  # fmt: skip
    """Return why a run or a model gave its answer for a picture: a path, bytes, a PIL image or an array.

    ``class_name`` is whose evidence is asked for, without it that of the answer. The check of the method is computed
    once, on at least 50 validation pictures of ``data`` or the dataset that the model was trained on, and kept with
    the model; without such a dataset the result is "not checked". ``told`` hears how far the check is.

    Raises:
        InputError: there is no such method or class, or the picture cannot be read.
        ModelError: the model is damaged.
        NetworkError: the method cannot work for this network.
    """
    steps = explaining(open_model(model, data, needs_data=False), picture, method, class_name)
    return result_of(steps, told or (lambda _: None))


def explaining(
    opened: OpenedModel, picture: Picture, method: str = "grad-cam", class_name: str | None = None
) -> Generator[Progress, None, Explanation]:
    """Yield how far the check is, if it has to be computed, and return the explanation; see `explain`."""
    check_method(method)
    _check_class(opened, class_name)
    row = opened.row(picture)
    attribution = attribution_of(opened, method)
    check = yield from checking(opened, method)
    path = str(picture) if isinstance(picture, str | Path) else None
    return explained(opened, row, attribution, check, class_name, path)


def explained(
    opened: OpenedModel, row: NDArray[np.uint8], attribution: Attribution, check: Check, class_name: str | None = None,
    path: str | None = None,
) -> Explanation:  # fmt: skip
    """Return the explanation of a picture at the network's size, ``row`` (H, W, C), with a check that is known.

    Raises:
        InputError: there is no such class.
    """
    _check_class(opened, class_name)
    probabilities = opened.model.probabilities(row[None])[0]
    label = opened.classes[int(probabilities.argmax())]
    asked, method = class_name or label, attribution.method
    values = attribution.maps(opened.inputs(row[None]), np.array([opened.classes.index(asked)]))[0]
    return Explanation(
        path, row, label, float(probabilities.max()), method, asked,
        None if attribution.layer is None else attribution.layer.name, values, check, opened.classes,
        tuple(float(p) for p in probabilities), tuple(_notes(method)),
    )  # fmt: skip


def attribution_of(opened: OpenedModel, method: str) -> Attribution:
    """Return a method on the network of an opened model.

    Raises:
        InputError: there is no such method.
        NetworkError: the method cannot work for this network; the text says why.
    """
    H, W, C = opened.model.preprocessing.shape
    return Attribution(method, opened.module, (C, H, W))


def _check_class(opened: OpenedModel, class_name: str | None) -> None:
    if class_name is not None and class_name not in opened.classes:
        raise InputError(
            "The model has no class {name}; it has {classes}.", name=repr(class_name), classes=", ".join(opened.classes)
        )


def _notes(method: str) -> list[str]:
    if method == "integrated-gradients":
        return [Message("The way begins at a picture of the mean colour, which is 0 after the normalization.")]
    return []
