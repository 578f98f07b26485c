"""What a model is besides its weights, and how that is written in its files."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

from glasshouse import __version__
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import DamagedModelError, ModelError, NetworkError, RecipeError
from glasshouse.export.archive import MANIFEST
from glasshouse.export.card_file import CARD, CARD_PARTS
from glasshouse.export.checks import class_problems, network_problems, preprocessing_problems, recipe_problems
from glasshouse.export.engines import ENGINES
from glasshouse.integrity.documents import CHECKSUM, checksum_fault, parse_object, with_checksum
from glasshouse.messages import Message, joined, message_of, parts_of
from glasshouse.networks.resolved import ResolvedNetwork, resolve
from glasshouse.recipe import TrainingRecipe

__all__ = [
    "CERTIFICATE", "CLASS_NAMES", "FORMAT", "ONNX", "TEXTS", "UNCERTAINTY", "WEIGHTS", "Description", "check_texts",
    "engine_of", "names_in", "network_facts", "piece_problems", "pieces", "read_manifest", "text_problems",
]  # fmt: skip

FORMAT = 1
KIND = "glasshouse-model"
WEIGHTS = "weights.safetensors"
ONNX = "model.onnx"
UNCERTAINTY = "uncertainty.safetensors"
PIECES = {WEIGHTS: "weights", ONNX: "onnx", UNCERTAINTY: "uncertainty"}  # files and their keys in model.json
TEXTS = "checksums"  # SHA-256 of the files that are text; models made before have none
CLASS_NAMES = "class_names"
CERTIFICATE = "certificate"  # of its ONNX file, see export/kept_certificate.py
SETTINGS = {"name", "layers", "dropout"}  # of a network
NEEDED = {"network": dict, "classes": list, "preprocessing": dict, "weights": dict, "files": list}


def network_facts(recipe: TrainingRecipe) -> dict[str, Any]:
    """Return what a model's description says of its network: the name, and the layers where they are data."""
    layers = {} if isinstance(recipe.network, str) else {"layers": recipe.network}
    return {"name": recipe.network_name, **layers}


@dataclass(frozen=True)
class Description:
    """A model without its weights.

    ``network`` has the name in the catalogue and the dropout that it was trained with: ``{"name": "LeNet", "dropout":
    None}``; of layers as data it has ``layers`` too, which are built in the place of the name. Picture size and
    channels come from ``preprocessing``, the number of classes from ``classes``.
    ``glasshouse`` is the version that made it; ``class_names`` are display names of classes that have one;
    ``certificate`` is that of its ONNX file, which the card has in words.
    """

    network: Mapping[str, Any]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    recipe: TrainingRecipe | None = None
    card: str = ""
    glasshouse: str = field(default=__version__)
    class_names: Mapping[str, str] = field(default_factory=dict)
    certificate: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        problems = [*network_problems(self.network), *class_problems(self.classes)]
        problems += preprocessing_problems(self.preprocessing)
        if problems:
            raise ModelError("This is no description of a model: {problems}.", problems=joined("; ", problems[:3]))

    @cached_property
    def resolved(self) -> ResolvedNetwork:
        """The network for these pictures and classes, which ``networks.build.construct`` builds.

        Raises:
            NetworkError, RecipeError: there is none of that name, or it does not fit.
        """
        if unknown := sorted(set(self.network) - SETTINGS):
            named = ", ".join(unknown)[:200]
            raise NetworkError(
                "a network is built from a name, layers and dropout; this one also has {named}", named=named
            )
        p = self.preprocessing
        network = self.network.get("layers", self.network["name"])
        return resolve(network, classes=len(self.classes), channels=p.channels, width=p.width, height=p.height)

    @property
    def dropout(self) -> float | None:
        """The part of the features that training dropped, if it was not the network's own."""
        return self.network.get("dropout")

    def to_files(
        self,
        weights: bytes,
        onnx: bytes | None = None,
        engine: str = "onnxruntime",
        uncertainty: bytes | None = None,
    ) -> dict[str, bytes]:
        """Return the model's files by name; the same model gives the same bytes.

        ``engine`` computes the network as an ONNX file; without one it is torch. ``uncertainty`` says what it does not
        know.
        """
        files = {WEIGHTS: weights, CARD: self.card.encode()}
        if self.recipe is not None:
            files["recipe.json"] = self.recipe.to_json().encode()
        parts = parts_of(self.card)
        texts = {name: data for name, data in files.items() if name != WEIGHTS}
        manifest = with_checksum(
            {
                "kind": KIND,
                "format": FORMAT,
                "glasshouse": self.glasshouse,
                "network": dict(self.network),
                "classes": list(self.classes),
                **({CLASS_NAMES: dict(self.class_names)} if self.class_names else {}),
                "preprocessing": self.preprocessing.to_dict(),
                "temperature": None,
                "weights": _piece(weights),
                **({} if onnx is None else {"engine": engine, "onnx": _piece(onnx)}),
                **({} if uncertainty is None else {"uncertainty": _piece(uncertainty)}),
                "files": sorted(files),
                TEXTS: {name: hashlib.sha256(data).hexdigest() for name, data in sorted(texts.items())},
                **({} if self.certificate is None else {CERTIFICATE: dict(self.certificate)}),
                **({} if parts is None else {CARD_PARTS: parts}),
            }
        )
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        more = {ONNX: onnx, UNCERTAINTY: uncertainty}
        return {MANIFEST: text.encode(), **files, **{name: data for name, data in more.items() if data is not None}}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], where: str) -> Self:
        """Return the description that ``files`` of the model at ``where`` hold.

        The texts are verified by ``check_texts``, after what they mean: that says more.

        Raises:
            ModelError: a piece is missing or damaged, or a later version wrote it.
        """
        manifest = read_manifest(files, where)
        if problems := [*piece_problems(files, manifest)]:
            raise _damaged(where, problems[0])
        try:
            recipe = files.get("recipe.json")
            return cls(
                network=dict(manifest["network"]),
                classes=tuple(manifest["classes"]),
                preprocessing=Preprocessing.from_dict(manifest["preprocessing"]),
                recipe=TrainingRecipe.from_json(recipe.decode()) if recipe is not None else None,
                card=message_of(files.get(CARD, b"").decode(errors="replace"), manifest.get(CARD_PARTS)),
                glasshouse=str(manifest.get("glasshouse"))[:80],
                class_names=names_in(manifest),
                certificate=told if isinstance(told := manifest.get(CERTIFICATE), dict) else None,
            )
        except (ModelError, RecipeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise _damaged(where, str(error)) from None


def names_in(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the display names in a model's description, for those of its classes that have one."""
    found = manifest.get(CLASS_NAMES)
    names = found if isinstance(found, dict) else {}
    return {name: str(names[name]) for name in manifest["classes"] if isinstance(names.get(name), str)}


def read_manifest(files: Mapping[str, bytes], where: str) -> dict[str, Any]:
    """Return ``model.json`` of the model at ``where``, verified.

    Raises:
        ModelError: there is none, it is damaged, or a later version wrote it.
    """
    if MANIFEST not in files:
        raise ModelError("There is no model at {where}: it has no {MANIFEST}.", where=where, MANIFEST=MANIFEST)
    try:
        manifest = parse_object(files[MANIFEST])
    except ValueError as error:
        raise _damaged(where, Message("{name}: {fault}", name=MANIFEST, fault=error)) from None
    fault, version = checksum_fault(manifest), manifest.get("format")
    doubt = "" if fault is None else Message(" Or it is damaged: {fault}.", fault=fault)
    if manifest.get("kind") != KIND:
        kind = ModelError if CHECKSUM not in manifest else DamagedModelError
        raise kind(
            Message(
                "There is no model at {where}: its {MANIFEST} was written by something else.{doubt}",
                where=where,
                MANIFEST=MANIFEST,
                doubt=doubt,
            )
        )
    if not isinstance(version, int) or version > FORMAT or manifest.get("temperature") is not None:
        raise ModelError(
            "The model at {where} has format {version}, this version of Glasshouse ({version2}) reads up to "
            "{FORMAT}; it was made by {get}. Install that version or a later one.{doubt}",
            where=where,
            version=str(version)[:40],
            version2=__version__,
            FORMAT=FORMAT,
            get=str(manifest.get("glasshouse"))[:40],
            doubt=doubt,
        )
    lacking = [name for name, kind in NEEDED.items() if not isinstance(manifest.get(name), kind)]
    if lacking:
        raise _damaged(where, Message("{MANIFEST} lacks {lacking}", MANIFEST=MANIFEST, lacking=", ".join(lacking)))
    if not all(isinstance(name, str) for name in manifest["files"]):
        raise _damaged(where, Message("{MANIFEST}: files is no list of names", MANIFEST=MANIFEST))
    if (CHECKSUM in manifest) != (TEXTS in manifest):
        raise _damaged(
            where,
            Message(
                "{MANIFEST} has lost its key {TEXTS}",
                MANIFEST=MANIFEST,
                TEXTS=TEXTS if CHECKSUM in manifest else CHECKSUM,
            ),
        )
    return manifest


def engine_of(files: Mapping[str, bytes], where: str) -> str:
    """Return the engine that computes the ONNX file of the model at ``where``.

    Raises:
        ModelError: there is no such engine in this version.
    """
    engine = read_manifest(files, where).get("engine", "onnxruntime")
    if engine not in ENGINES:
        raise ModelError(
            "The model at {where} is computed by {engine}, which this version of Glasshouse does not know; install a "
            "later one.",
            where=where,
            engine=str(engine)[:40],
        )
    return str(engine)


def piece_problems(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield which listed piece of the model is missing, and whether the weights are what was written."""
    missing = [name for name in pieces(manifest) if name not in files]
    if missing:
        yield Message("it is not whole: {missing} is missing", missing=missing[0][:80])
        return
    for name, key in PIECES.items():
        told = manifest.get(key)
        if isinstance(told, dict) and hashlib.sha256(files[name]).hexdigest() != told.get("sha256"):
            yield Message(
                "{WEIGHTS} ({weights} bytes) is not the file that {MANIFEST} describes ({get} bytes)",
                WEIGHTS=name,
                weights=f"{len(files[name]):,}",
                MANIFEST=MANIFEST,
                get=str(told.get("bytes"))[:40],
            )


def pieces(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the files that a model of this description needs."""
    more = [name for name, key in PIECES.items() if name != WEIGHTS and isinstance(manifest.get(key), dict)]
    return (WEIGHTS, *manifest["files"], *more)


def _piece(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def check_texts(files: Mapping[str, bytes], where: str, found: Description) -> None:
    """Raise a DamagedModelError unless ``model.json`` and ``recipe.json`` are what was written, and agree."""
    problems = [] if found.recipe is None else [*recipe_problems(found.network, found.recipe)]
    problems += text_problems(files, read_manifest(files, where), ("recipe.json",))
    if problems:
        raise _damaged(where, problems[0])


def text_problems(files: Mapping[str, bytes], manifest: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    """Yield which of the texts ``names`` and of ``model.json`` itself are not what was written.

    The card may be changed by hand, so that only ``glasshouse verify`` asks for it.
    """
    known = manifest.get(TEXTS)
    for name in names:
        told = known.get(name) if isinstance(known, dict) else None
        if told is not None and name in files and hashlib.sha256(files[name]).hexdigest() != told:
            yield Message(
                "{name} ({files} bytes) is not the file that {MANIFEST} describes",
                name=name,
                files=f"{len(files[name]):,}",
                MANIFEST=MANIFEST,
            )
    if (fault := checksum_fault(manifest)) is not None:
        yield Message("{name}: {fault}", name=MANIFEST, fault=fault)


def _damaged(where: str, how: str) -> DamagedModelError:
    return DamagedModelError(
        "The model at {where} is damaged: {how}. Copy or save it again.", where=where, how=how[:1000]
    )
