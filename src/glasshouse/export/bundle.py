"""Models on disk: a folder, or one zip when the name ends in ``.zip`` or ``.model``.

``model.json`` (network, classes, preprocessing, format), ``weights.safetensors``, ``recipe.json``, ``card.md``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor, nn

from glasshouse.data.preprocess import Preprocessing
from glasshouse.errors import ModelError, NetworkError, RecipeError
from glasshouse.export.archive import MANIFEST, read_files, write_files
from glasshouse.export.description import Description
from glasshouse.export.inference import lay_out, pick_device
from glasshouse.export.predictor import Model
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe

__all__ = ["find_model", "load_model", "save", "save_model"]


def save_model(
    path: str | Path,
    *,
    network: Mapping[str, Any],
    module: nn.Module,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    recipe: TrainingRecipe | None = None,
    card: str = "",
) -> Path:
    """Write a model to ``path`` in one step and return the path; see ``Description`` for ``network``.

    Raises:
        ModelError: something that is no model is there already, or it cannot be written.
    """
    return _write(path, Description(network, tuple(classes), preprocessing, recipe, card), module)


def save(model: Model, path: str | Path) -> Path:
    """Write ``model`` to ``path`` in one step and return the path; a model loaded from there is the same."""
    return _write(path, model.description, model.module)


def load_model(path: str | Path, device: str = "auto") -> Model:
    """Return the model in a folder, in a ``.zip`` or ``.model`` file, or that a run's folder holds.

    Raises:
        ModelError: there is none, a piece is missing or damaged, or a later version wrote it.
    """
    place = find_model(path)
    files = read_files(place)
    description = Description.from_files(files, str(place))
    module = _module(description, place)
    module.load_state_dict(_weights(files["weights.safetensors"], module, place), strict=True)
    module.eval().to(pick_device(device))
    for parameter in module.parameters():
        parameter.data = lay_out(parameter)
    return Model(module, description, place)


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
        raise ModelError(f"The run at {place} has no model yet; finish it with: glasshouse resume {place}")
    raise ModelError(f"There is no model at {place}: the folder has no {MANIFEST}. Give a model or a run's folder.")


def _write(path: str | Path, description: Description, module: nn.Module) -> Path:
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in module.state_dict().items()}
    write_files(Path(path), description.to_files(safetensors.torch.save(state)))
    return Path(path)


def _module(description: Description, place: Path) -> nn.Module:
    try:
        return build(**description.build_arguments()).module
    except (NetworkError, RecipeError, TypeError) as error:
        raise ModelError(f"The model at {place} cannot be built: {error}") from None


def _weights(data: bytes, module: nn.Module, place: Path) -> dict[str, Tensor]:
    """Return the weights by name, checked to be exactly those of ``module``."""
    try:
        weights: dict[str, Tensor] = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError) as error:
        raise ModelError(f"The model at {place} is damaged: weights.safetensors: {error}") from None
    problems = list(_misfits(weights, module.state_dict()))
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise ModelError(
            f"The weights of the model at {place} do not fit its network: {'; '.join(problems[:3])}{more}."
        )
    return weights


def _misfits(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    missing = [f"{name} is missing" for name in expected if name not in weights]
    extra = [f"{name} is not part of it" for name in weights if name not in expected]
    both = [(name, weights[name], tensor) for name, tensor in expected.items() if name in weights]
    shapes = [
        f"{name} is {got.dtype} {tuple(got.shape)}, expected {tensor.dtype} {tuple(tensor.shape)}"
        for name, got, tensor in both
        if got.shape != tensor.shape or got.dtype != tensor.dtype
    ]
    return missing + extra + shapes
