"""Models on disk: a folder, or one zip when the name ends in ``.zip``, ``.model`` or ``.pkl``.

``model.json`` (network, classes, preprocessing, format), ``weights.safetensors``, ``recipe.json``, ``card.md``, and
``model.onnx`` where the engine is another than torch, ``uncertainty.safetensors`` if it can say what it does not know.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import DamagedModelError, ModelError
from glasshouse.export.archive import MANIFEST, read_files, write_files
from glasshouse.export.description import ONNX, UNCERTAINTY, WEIGHTS, Description, check_texts, engine_of, read_manifest
from glasshouse.export.predictor import Model, OnnxModel
from glasshouse.recipe import TrainingRecipe
from glasshouse.uncertainty.uncertainty import Uncertainty

if TYPE_CHECKING:
    from torch import nn

__all__ = ["find_model", "load_model", "save", "save_model"]


def save_model(
    path: str | Path,
    *,
    network: Mapping[str, Any],
    module: "nn.Module",
    preprocessing: Preprocessing,
    classes: Sequence[str],
    recipe: TrainingRecipe | None = None,
    card: str = "",
    onnx: bytes | None = None,
    engine: str = "onnxruntime",
    class_names: Mapping[str, str] | None = None,
    uncertainty: Uncertainty | None = None,
) -> Path:
    """Write a model to ``path`` in one step and return the path; see ``Description`` for ``network``.

    With ``onnx``, the same network as an ONNX file, the model's engine is ``engine``. ``class_names`` are display
    names by class; ``uncertainty`` is what lets it say what it does not know.

    Raises:
        ModelError: something that is no model is there already, or it cannot be written.
    """
    description = Description(network, tuple(classes), preprocessing, recipe, card, class_names=dict(class_names or {}))
    return _write(path, description, module, onnx, engine, uncertainty)


def save(model: Model, path: str | Path) -> Path:
    """Write ``model`` to ``path`` in one step and return the path; a model loaded from there is the same."""
    return _write(path, model.description, model.module, model.onnx, model.engine, model.uncertainty)


def load_model(path: str | Path, device: str = "auto", engine: str | None = None) -> Model:
    """Return the model in a folder, in a ``.zip``, ``.model`` or ``.pkl`` file, or that a run's folder holds.

    ``engine``, one of ``ENGINES``, computes in the place of the one that the model was made with (None), with other
    last digits. On a ``device`` other than the processor torch computes.

    Raises:
        ModelError: there is none, a piece is missing or damaged, or a later version wrote it.
    """
    place = find_model(path)
    files = read_files(place)
    description = Description.from_files(files, str(place))
    made = partial(_module, description, files[WEIGHTS], place, device)
    known = _uncertainty(files, place)
    if engine != "torch" and device in ("auto", "cpu") and (data := _onnx(files, place)) is not None:
        check_texts(files, str(place), description)
        return Model(OnnxModel(data, made, engine or engine_of(files, str(place))), description, place, known)
    if engine not in (None, "torch"):
        raise ModelError("The model at {place} has no {ONNX}; only torch can compute it.", place=place, ONNX=ONNX)
    module = made()
    check_texts(files, str(place), description)
    return Model(module, description, place, known)


def find_model(path: str | Path) -> Path:
    """Return where the model is: ``path`` itself, or the folder ``model`` of the run at ``path``.

    Raises:
        ModelError: there is none.
    """
    place = Path(path)
    if not place.is_dir() or (place / MANIFEST).is_file():
        return place
    if (place / "model" / MANIFEST).is_file():
        return place / "model"
    if (place / "run.json").is_file():
        raise ModelError("The run at {place} has no model yet; finish it with: glasshouse resume {place}", place=place)
    raise ModelError(
        "There is no model at {place}: the folder has no {MANIFEST}. Give a model or a run's folder.",
        place=place,
        MANIFEST=MANIFEST,
    )


def _write(path: str | Path, description: Description, module: "nn.Module", onnx: bytes | None, engine: str,
           uncertainty: Uncertainty | None) -> Path:  # fmt: skip
    from glasshouse.export.module_files import weights_of  # loads torch

    known = None if uncertainty is None else uncertainty.to_bytes()
    write_files(Path(path), description.to_files(weights_of(module), onnx, engine, known))
    return Path(path)


def _module(description: Description, weights: bytes, place: Path, device: str) -> "nn.Module":
    from glasshouse.export.module_files import module_of  # loads torch

    return module_of(description, weights, place, device)


def _onnx(files: Mapping[str, bytes], place: Path) -> bytes | None:
    """Return the model's ONNX file if its description has one; a file that lies there besides is none of it."""
    return files[ONNX] if isinstance(read_manifest(files, str(place)).get("onnx"), dict) else None


def _uncertainty(files: Mapping[str, bytes], place: Path) -> Uncertainty | None:
    """Return what the model knows of its limits; None of models that were made before.

    Raises:
        DamagedModelError: the file of it is damaged.
    """
    if not isinstance(read_manifest(files, str(place)).get("uncertainty"), dict):
        return None
    try:
        return Uncertainty.from_bytes(files[UNCERTAINTY])
    except ValueError as error:
        raise DamagedModelError(
            "The model at {where} is damaged: {how}. Copy or save it again.",
            where=place,
            how=f"{UNCERTAINTY}: {error}",
        ) from None
