"""``dataset.json``: what a dataset is, read with distrust and compared with its recipe."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from glasshouse.errors import DamagedDatasetError, DatasetError, RecipeError
from glasshouse.integrity.blocks import Blocks, file_fault
from glasshouse.integrity.documents import CHECKSUM, checksum_fault, read_object
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe

__all__ = ["FORMAT", "KIND", "SPLITS", "blocks_in", "damaged", "manifest_problems", "read_manifest", "read_recipe",
           "verified_file"]  # fmt: skip

KIND = "glasshouse-dataset"
FORMAT = 1
SPLITS = ("train", "val", "test")
FILES = "files"  # the key under which the checksums of all files lie; datasets made before have none
UNCOMPARED = ("source", "valid_source", "test_source", "labels", "version", "edits")  # other than in the key


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return ``dataset.json`` of ``folder``, checked to be whole and one that this version can read.

    Raises:
        DatasetError: there is none, it is damaged, or a later version wrote it.
    """
    try:
        data = read_object(folder / "dataset.json")
    except (FileNotFoundError, NotADirectoryError):
        what = (
            Message("has no dataset.json ({folder})", folder=_advice(folder))
            if folder.is_dir()
            else Message("is not a folder")
        )
        raise DatasetError("There is no dataset at {folder}: it {what}.", folder=folder, what=what) from None
    except (OSError, ValueError) as error:
        raise damaged(folder, Message("dataset.json: {error}", error=error)) from None
    if data.get("kind") != KIND and not {FILES, CHECKSUM} & set(data):
        raise DatasetError(
            "There is no dataset at {folder}: its dataset.json was written by something else.", folder=folder
        )
    fault = checksum_fault(data)
    _check_format(folder, data, fault)
    if (FILES in data) != (CHECKSUM in data):
        raise damaged(
            folder, Message("dataset.json has lost its key {FILES}", FILES=FILES if CHECKSUM in data else CHECKSUM)
        )
    if not isinstance(data.get(FILES, {}), dict):
        raise damaged(folder, Message("dataset.json: the list of checksums is not whole"))
    if fault is not None or data.get("kind") != KIND:
        raise damaged(folder, Message("dataset.json: {error}", error=fault or Message("its kind is another")))
    return data


def _check_format(folder: Path, data: Mapping[str, Any], fault: str | None) -> None:
    """Refuse what a later version wrote, even if it looks damaged to this one."""
    version = data.get("format")
    if data.get("kind") == KIND and (not isinstance(version, int) or version > FORMAT):
        doubt = "" if fault is None else Message(" Or it is damaged: {fault}.", fault=fault)
        raise DatasetError(
            "The dataset at {folder} has format {version}, this version reads up to {FORMAT}. Install a newer "
            "Glasshouse, or make the dataset again.{doubt}",
            folder=folder,
            version=str(version)[:40],
            FORMAT=FORMAT,
            doubt=doubt,
        )


def read_recipe(folder: Path, manifest: Mapping[str, Any]) -> DatasetRecipe:
    """Return ``recipe.json`` of a dataset, verified.

    Raises:
        DamagedDatasetError: it is damaged or missing.
    """
    try:
        return DatasetRecipe.from_json(verified_file(folder, "recipe.json", manifest).decode())
    except (RecipeError, UnicodeDecodeError) as error:
        raise damaged(folder, Message("recipe.json: {error}", error=error)) from None


def verified_file(folder: Path, name: str, manifest: Mapping[str, Any]) -> bytes:
    """Return the content of a small file of the dataset.

    Raises:
        DamagedDatasetError: it is missing, or not what was written.
    """
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        raise damaged(folder, Message("{name} is missing", name=name)) from None
    except OSError as error:
        raise DatasetError(
            "The dataset's file {folder} cannot be read: {strerror}.", folder=folder / name, strerror=error.strerror
        ) from None
    files = manifest.get(FILES, {})
    if (fault := file_fault(content, files.get(name))) is not None:
        raise damaged(folder, Message("{name}: {fault}", name=name, fault=fault))
    return content


def blocks_in(manifest: Mapping[str, Any], name: str) -> Blocks | None:
    """Return the checksums of the file ``name``, None for datasets made before there were any.

    Raises:
        ValueError: they are damaged.
    """
    files = manifest.get(FILES)
    return None if files is None else Blocks.from_dict(files.get(name))


def damaged(folder: Path, how: str) -> DamagedDatasetError:
    """Return the error that says how the dataset at ``folder`` is damaged, and the next step."""
    return DamagedDatasetError(
        "The dataset at {folder} is damaged: {how}. Make it again: glasshouse dataset create with the same "
        "source, options and --out replaces it; or put back a copy of the file.",
        folder=folder,
        how=how,
    )


def manifest_problems(manifest: Mapping[str, Any], recipe: DatasetRecipe) -> Iterator[str]:
    """Yield what in ``dataset.json`` makes no sense, or disagrees with ``recipe.json``, with both values."""
    problems = list(_problems_alone(manifest))
    yield from problems
    if problems:
        return
    channels = 1 if recipe.color == "gray" else 3
    for name, told, expected in (
        ("width", manifest["width"], recipe.width),
        ("height", manifest["height"], recipe.height),
        ("channels", manifest["channels"], channels),
    ):
        if told != expected:
            yield Message(
                "dataset.json says {name} {told}, recipe.json {expected}", name=name, told=told, expected=expected
            )
    for name in ("mean", "std"):
        if len(manifest[name]) != channels:
            yield Message(
                "dataset.json has {manifest} numbers as {name}, recipe.json means {channels} channels",
                manifest=len(manifest[name]),
                name=name,
                channels=channels,
            )
    yield from _key_problems(manifest.get("recipe_key"), recipe)


def _problems_alone(data: Mapping[str, Any]) -> Iterator[str]:
    for name in ("fingerprint", "classes", "splits", "width", "height", "channels", "mean", "std", "warnings"):
        if name not in data:
            yield Message("dataset.json lacks {name}", name=name)
    classes, splits = data.get("classes", [""]), data.get("splits", {})
    if not isinstance(data.get("fingerprint", ""), str):
        yield _expected("fingerprint", Message("a text"), data["fingerprint"])
    if not isinstance(classes, list) or not classes or not all(isinstance(name, str) for name in classes):
        yield _expected("classes", Message("a list of names"), classes)
    elif len(set(classes)) < len(classes):
        yield Message(
            "dataset.json names the class {classes} twice",
            classes=repr(next(n for n in classes if classes.count(n) > 1)[:80]),
        )
    if not isinstance(splits, dict) or not all(_is_count(splits.get(name, 0)) for name in SPLITS):
        yield _expected("splits", Message("numbers of pictures"), splits)
    for name in ("width", "height", "channels"):
        if not _is_count(data.get(name, 1)) or not 1 <= data.get(name, 1) <= 4096:
            yield _expected(name, Message("a whole number from 1 to 4096"), data[name])
    for name in ("mean", "std"):
        values = data.get(name, [])
        if not isinstance(values, list) or not all(_is_number(x) and (name == "mean" or x > 0) for x in values):
            yield _expected(name, "numbers" if name == "mean" else Message("numbers above 0"), values)
    yield from _table_problems(data)


def _table_problems(data: Mapping[str, Any]) -> Iterator[str]:
    warnings, twins, source = data.get("warnings", []), data.get("twins", {}), data.get("source", {})
    if not isinstance(warnings, list) or not all(
        isinstance(entry, dict) and set(entry) == {"kind", "message"} and _are_texts(entry) for entry in warnings
    ):
        yield _expected("warnings", Message("a list of kinds and messages"), warnings)
    if not isinstance(twins, dict) or not all(_is_count(value) for value in twins.values()):
        yield _expected("twins", Message("numbers of pictures"), twins)
    if not isinstance(source, dict) or not _are_texts(source):
        yield _expected("source", Message("path and digests"), source)
    try:
        for name in SPLITS if data.get("splits") else ():
            if data["splits"].get(name):
                blocks_in(data, f"{name}.arrow")
    except (ValueError, AttributeError):
        yield Message("dataset.json: the list of checksums is not whole")
    if not isinstance(data.get("recipe_key", ""), str):
        yield _expected("recipe_key", Message("a text"), data["recipe_key"])


def _key_problems(key: str | None, recipe: DatasetRecipe) -> Iterator[str]:
    """Compare what the fingerprint was made of with the recipe; fields that only one of them knows are passed over."""
    if key is None:
        return
    try:
        told = json.loads(key)
        assert isinstance(told, dict)
    except (ValueError, RecursionError, AssertionError):
        yield Message("dataset.json: recipe_key is no recipe")
        return
    for name, value in recipe.model_dump(mode="json").items():
        if name in told and name not in UNCOMPARED and told[name] != value:
            yield Message(
                "dataset.json was made with {name} {told}, recipe.json says {value}",
                name=name,
                told=repr(told[name]),
                value=repr(value),
            )


def _expected(name: str, what: str, got: Any) -> str:
    return Message(
        "dataset.json: expected {what} as {name}, got {got}",
        what=what,
        name=name,
        got=json.dumps(got, ensure_ascii=False)[:80],
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e6


def _are_texts(data: Mapping[str, Any]) -> bool:
    return all(isinstance(value, str) for value in data.values())


def _advice(folder: Path) -> str:
    return Message("for a folder of pictures, run: glasshouse dataset create {folder} --out DIR", folder=folder)
