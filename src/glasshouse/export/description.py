"""What a model is besides its weights, and how that stands in its files."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from glasshouse import __version__
from glasshouse.data.preprocess import Preprocessing
from glasshouse.errors import ModelError, RecipeError
from glasshouse.export.archive import MANIFEST
from glasshouse.recipe import TrainingRecipe

__all__ = ["FORMAT", "Description", "network_facts"]

FORMAT = 1
KIND = "glasshouse-model"
NEEDED = {"network": dict, "classes": list, "preprocessing": dict, "weights": dict, "files": list}


def network_facts(recipe: TrainingRecipe) -> dict[str, Any]:
    """Return what a model's description says of its network: the name, and the layers where they are data."""
    layers = {} if isinstance(recipe.network, str) else {"layers": recipe.network}
    return {"name": recipe.network_name, **layers}


@dataclass(frozen=True)
class Description:
    """A model without its weights.

    ``network`` has the name in the catalogue and the arguments that ``networks.build`` takes: ``{"name": "LeNet",
    "dropout": None}``; of layers as data it has ``layers`` too, which are built in the place of the name. Picture size
    and channels come from ``preprocessing``, the number of classes from ``classes``.
    ``glasshouse`` is the version that made it.
    """

    network: Mapping[str, Any]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    recipe: TrainingRecipe | None = None
    card: str = ""
    glasshouse: str = field(default=__version__)

    def __post_init__(self) -> None:
        if "name" not in self.network:
            raise ModelError(f"A model needs its network's name, got {dict(self.network)}.")
        if len(set(self.classes)) < len(self.classes) or not self.classes:
            raise ModelError(f"A model needs class names that differ, got {list(self.classes)[:10]}.")
        p = self.preprocessing
        if not len(p.mean) == len(p.std) == p.channels:
            raise ModelError(
                f"A model needs a mean and a std for each of {p.channels} channels, got {p.mean}, {p.std}."
            )

    def build_arguments(self) -> dict[str, Any]:
        """Return what ``networks.build`` takes to build the network without its weights."""
        p = self.preprocessing
        fixed = {"classes": len(self.classes), "channels": p.channels, "width": p.width, "height": p.height}
        network = dict(self.network)
        layers = network.pop("layers", None)
        return {**fixed, "dropout": None, "seed": 0, **network, **({} if layers is None else {"name": layers})}

    def to_files(self, weights: bytes) -> dict[str, bytes]:
        """Return the model's files by name; the same model gives the same bytes."""
        files = {"weights.safetensors": weights, "card.md": self.card.encode()}
        if self.recipe is not None:
            files["recipe.json"] = self.recipe.to_json().encode()
        manifest = {
            "kind": KIND,
            "format": FORMAT,
            "glasshouse": self.glasshouse,
            "network": dict(self.network),
            "classes": list(self.classes),
            "preprocessing": self.preprocessing.to_dict(),
            "temperature": None,
            "weights": {"bytes": len(weights), "sha256": hashlib.sha256(weights).hexdigest()},
            "files": sorted(files),
        }
        return {MANIFEST: (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode(), **files}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], where: str) -> Self:
        """Return the description that ``files`` of the model at ``where`` hold.

        Raises:
            ModelError: a piece is missing or damaged, or a later version wrote it.
        """
        manifest = _manifest(files, where)
        _check_pieces(files, manifest, where)
        try:
            recipe = files.get("recipe.json")
            return cls(
                network=dict(manifest["network"]),
                classes=tuple(manifest["classes"]),
                preprocessing=Preprocessing.from_dict(manifest["preprocessing"]),
                recipe=TrainingRecipe.from_json(recipe.decode()) if recipe is not None else None,
                card=files.get("card.md", b"").decode(),
                glasshouse=str(manifest.get("glasshouse")),
            )
        except (RecipeError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"The model at {where} is damaged: {error}") from None


def _manifest(files: Mapping[str, bytes], where: str) -> dict[str, Any]:
    if MANIFEST not in files:
        raise ModelError(f"There is no model at {where}: it has no {MANIFEST}.")
    try:
        manifest = json.loads(files[MANIFEST])
    except ValueError as error:
        raise ModelError(f"The model at {where} is damaged: {MANIFEST}: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise ModelError(f"There is no model at {where}: its {MANIFEST} was written by something else.")
    version = manifest.get("format")
    if not isinstance(version, int) or version > FORMAT or manifest.get("temperature") is not None:
        raise ModelError(
            f"The model at {where} has format {version}, this version of Glasshouse ({__version__}) reads up to "
            f"{FORMAT}; it was made by {manifest.get('glasshouse')}. Install that version or a later one."
        )
    lacking = [name for name, kind in NEEDED.items() if not isinstance(manifest.get(name), kind)]
    if lacking:
        raise ModelError(f"The model at {where} is damaged: {MANIFEST} lacks {', '.join(lacking)}.")
    return manifest


def _check_pieces(files: Mapping[str, bytes], manifest: dict[str, Any], where: str) -> None:
    """Raise a ModelError unless every listed file is there and the weights are those the manifest tells of."""
    missing = [name for name in ("weights.safetensors", *manifest["files"]) if name not in files]
    if missing:
        raise ModelError(f"The model at {where} is not whole: {missing[0]} is missing. Copy or save it again.")
    weights = files["weights.safetensors"]
    if hashlib.sha256(weights).hexdigest() != manifest["weights"].get("sha256"):
        raise ModelError(
            f"The model at {where} is damaged: weights.safetensors ({len(weights):,} bytes) is not the file that "
            f"{MANIFEST} tells of ({manifest['weights'].get('bytes')} bytes). Copy or save it again."
        )
