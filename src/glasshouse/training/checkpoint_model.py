"""A model of one checkpoint of a run: it predicts with the weights of that epoch, whether the run was finished or not.

The network, its classes and what is done to a picture are those of the run's model; while there is none they are read
from the recipe and the dataset, which then has to be there. The engine is that of the recipe.
"""

from pathlib import Path

import safetensors.torch
from torch import Tensor

from glasshouse.data.dataset import open_dataset
from glasshouse.export.archive import MANIFEST
from glasshouse.export.bundle import load_model
from glasshouse.export.description import Description
from glasshouse.export.module_files import module_of
from glasshouse.export.predictor import Model, OnnxModel
from glasshouse.training.checkpoints import read_checkpoint, read_tensors
from glasshouse.training.finalization import described, onnx_of
from glasshouse.training.kept_epochs import checkpoint_of
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.setup import gather

__all__ = ["checkpoint_model", "epoch_model"]


def checkpoint_model(run: str | Path, name: str, data: str | Path | None = None) -> Model:
    """Return the model that the checkpoint ``name`` (``best``, ``last``, ``epoch-0003``) of ``run`` is.

    ``data`` is where the run's dataset lies now, for a run without a model.

    Raises:
        DamagedRunError: the checkpoint, or the frozen body beside it, is missing or damaged.
        DatasetError: the run has no model, and its dataset is missing or another one.
        DamagedModelError: the weights do not fit the network.
    """
    folder = RunFolder.open(Path(run))
    tensors, _ = read_checkpoint(folder.checkpoint(name))
    description, engine = _described(folder, None if data is None else Path(data))
    state = _network_state(folder, description, tensors)
    device = "auto" if engine == "torch" else "cpu"
    module = module_of(description, safetensors.torch.save(state), folder.checkpoint(name), device)
    onnx = None if engine == "torch" else onnx_of(module, description.preprocessing, engine)
    given = module if onnx is None else OnnxModel(onnx, lambda: module, engine)
    return Model(given, description, folder.checkpoint(name))


def epoch_model(run: str | Path, epoch: int | str, data: str | Path | None = None) -> Model:
    """Return the model that ``run`` was after an epoch, of those that it keeps: a number, ``best`` or ``last``.

    Raises:
        ModelError: it keeps no such epoch; those that it keeps are named.
        DamagedRunError, DatasetError, DamagedModelError: as `checkpoint_model`.
    """
    return checkpoint_model(run, checkpoint_of(Path(run), epoch), data)


def _described(folder: RunFolder, data: Path | None) -> tuple[Description, str]:
    """Return the model's description without weights, and the engine that computes it."""
    if (folder.model / MANIFEST).is_file():
        model = load_model(folder.model)
        return model.description, model.engine
    dataset = open_dataset(folder.dataset_path(data))
    resources = gather(folder.recipe, dataset, with_weights=False)
    return described(resources, folder.recipe), resources.recipe.engine or "torch"


def _network_state(folder: RunFolder, description: Description, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the whole network's weights: the averaged ones where there are some, with the body that was frozen."""
    prefix = "average/" if any(key.startswith("average/") for key in tensors) else "module/"
    found = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    if not folder.frozen.exists():
        return found
    head = description.resolved.head_name
    return {**read_tensors(folder.frozen), **{f"{head}.{key}": value for key, value in found.items()}}
