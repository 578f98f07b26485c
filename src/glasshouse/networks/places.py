"""Where the weights are that a path names: a file, or a file of a model, a run or another folder."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from glasshouse.errors import WeightsError
from glasshouse.messages import Message
from glasshouse.networks.foreign import BUNDLE, WEIGHTS, foreign_folder

__all__ = ["Origin", "bundled", "origin", "weights_file"]

IN_RUN = ("model/weights.safetensors", "checkpoints/best.safetensors", "checkpoints/last.safetensors")
IN_FOLDER = ("weights.safetensors", "model.safetensors", "pytorch_model.bin")
RATIO = 100  # how much smaller a packed file of weights may be: no more than a few times, unless it is made to flood


@dataclass(frozen=True)
class Origin:
    """What is beside weights: the network they are of (a name, or layers as data) and what it was trained on.

    ``mean`` and ``std`` are those of its pictures (0..1, one per channel), ``classes`` its class names; ``place`` is
    the file that says so. What is not known is None.
    """

    place: Path
    network: str | dict[str, Any] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    classes: tuple[str, ...] | None = None


def weights_file(path: Path) -> Path:
    """Return the file that ``path`` names: itself, or that of a model's or a run's folder, or of one with one file.

    Raises:
        WeightsError: it is a folder without one such file.
    """
    if not path.is_dir():
        return path
    if (path / "recipe.json").is_file() and not (path / "weights.safetensors").is_file():
        found = next((path / name for name in IN_RUN if (path / name).is_file()), None)
        if found is None:
            raise WeightsError("The run in {path} has no weights yet; train it first, or give another file.", path=path)
        return found
    names = sorted(one.name for one in path.iterdir() if one.is_file())
    if not set(names) >= BUNDLE and (what := foreign_folder(path, names)):
        raise WeightsError(what)
    whole = [name for name in names if name in IN_FOLDER] or [n for n in names if n.lower().endswith(WEIGHTS)]
    if len(whole) != 1:
        there = (
            Message("holds {whole}: give one of them", whole=", ".join(whole[:5]))
            if whole
            else Message("holds no file of weights")
        )
        raise WeightsError("Cannot read weights from {path}: it is a folder, and {there}.", path=path, there=there)
    return path / whole[0]


def bundled(path: Path, name: str = "weights.safetensors") -> bytes | None:
    """Return a file of a model of Glasshouse in one file (.model, .zip), None if ``path`` is no such file.

    Raises:
        WeightsError: the model's file is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if not set(archive.namelist()) >= BUNDLE:
                return None
            info = archive.getinfo(name)
            if info.file_size > RATIO * max(1, info.compress_size):
                raise WeightsError(
                    "{path} is not a model of Glasshouse: {name} in it unpacks to too much.", path=path, name=name
                )
            return archive.read(name)
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError, EOFError):
        return None


def origin(path: Path) -> Origin | None:
    """Return what is beside the weights at ``path`` (a file, as ``weights_file`` gives it), None if nothing."""
    if not path.is_file():
        return None
    packed = bundled(path, "model.json")
    if packed is not None:
        return _of_model(path, _parsed(packed))
    layers = _layers_in(path)
    if layers is not None:
        return Origin(path, network=layers)
    recipe = path.parent.parent / "recipe.json"
    if path.parent.name == "checkpoints" and recipe.is_file():
        return _of_recipe(recipe, _json(recipe))
    if path.name == "weights.safetensors" and (path.parent / "card.json").is_file():
        return _of_shelf(path.parent / "card.json", _json(path.parent / "card.json"))
    if path.name == "weights.safetensors" and (path.parent / "model.json").is_file():
        return _of_model(path.parent / "model.json", _json(path.parent / "model.json"))
    if (path.parent / "config.json").is_file():
        return _of_hub(path.parent / "config.json", _json(path.parent / "config.json"))
    return None


def _of_model(place: Path, facts: dict[str, Any]) -> Origin | None:
    network, pictures = facts.get("network"), facts.get("preprocessing")
    if facts.get("kind") != "glasshouse-model" or not isinstance(network, dict):
        return None
    pictures = pictures if isinstance(pictures, dict) else {}
    classes = facts.get("classes")
    return Origin(
        place,
        network.get("layers", network.get("name")),
        _numbers(pictures.get("mean")),
        _numbers(pictures.get("std")),
        tuple(map(str, classes)) if isinstance(classes, list) else None,
    )


def _of_recipe(place: Path, facts: dict[str, Any]) -> Origin | None:
    network = facts.get("network")
    return Origin(place, network) if isinstance(network, str | dict) else None


def _of_shelf(place: Path, facts: dict[str, Any]) -> Origin | None:
    """What the shelf of weights keeps beside them."""
    network = facts.get("network")
    if facts.get("kind") != "glasshouse-weights" or not isinstance(network, str):
        return None
    return Origin(place, network, _numbers(facts.get("mean")) or None, _numbers(facts.get("std")) or None)


def _of_hub(place: Path, facts: dict[str, Any]) -> Origin | None:
    """What timm writes beside its weights: ``architecture``, and the numbers that pictures are normalised by."""
    config = facts.get("pretrained_cfg")
    name = facts.get("architecture")
    if not isinstance(name, str):
        return None
    config = config if isinstance(config, dict) else {}
    return Origin(place, name, _numbers(config.get("mean")), _numbers(config.get("std")))


def _layers_in(path: Path) -> dict[str, Any] | None:
    """Return the layers that ``net.save`` wrote into the head of its file."""
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get("glasshouse-network")
    except (OSError, SafetensorError):
        return None
    return _parsed(text.encode()) or None if text else None


def _json(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path.read_bytes())
    except OSError:
        return {}


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _numbers(given: Any) -> tuple[float, ...] | None:
    if not isinstance(given, list | tuple) or not all(isinstance(one, int | float) for one in given):
        return None
    return tuple(map(float, given))
