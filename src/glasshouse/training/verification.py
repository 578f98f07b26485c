"""Verifying what is kept: a run with its checkpoints, events, report and model; and whatever else lies at a path."""

import json
from collections.abc import Iterator
from pathlib import Path

from glasshouse.data.dataset import open_dataset, verify_dataset
from glasshouse.errors import GlasshouseError, InputError
from glasshouse.events import EVENTS
from glasshouse.export.verify import verify_model
from glasshouse.integrity.arrays import arrays_fault
from glasshouse.integrity.blocks import file_entry
from glasshouse.integrity.documents import CHECKSUM, checksum_fault, read_object
from glasshouse.integrity.tensors import tensors_fault
from glasshouse.integrity.verification import FileCheck, State, Verification
from glasshouse.messages import Message
from glasshouse.training.checkpoints import read_checkpoint
from glasshouse.training.position import Position, other_recipe
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.standing import checkpoint_names, events_fault

__all__ = ["verify", "verify_run"]


def verify(path: str | Path) -> Verification:
    """Read every file of the dataset, run or model at ``path``, and say which are damaged and what disagrees.

    Raises:
        InputError: there is nothing of ours at ``path``, or a later version wrote it.
    """
    place = Path(path)
    names = {entry.name for entry in place.iterdir()} if place.is_dir() else set()
    if "dataset.json" in names or "train.arrow" in names:
        return verify_dataset(place)
    if names & {"run.json", "checkpoints", "events.jsonl"}:
        return verify_run(place)
    if place.is_file() or "model.json" in names or "weights.safetensors" in names:
        return verify_model(place)
    raise InputError(
        "There is no dataset, run or model at {place}: give a run's or dataset's folder, or a model.", place=place
    )


def verify_run(path: str | Path) -> Verification:
    """Read every file of the run in the folder ``path``; its dataset is compared by its fingerprint and classes."""
    folder = RunFolder(Path(path))
    checks = [_run_file(folder), _recipe(folder)]
    positions: dict[str, Position] = {}
    for name in checkpoint_names(folder):
        checks.append(_checkpoint(folder, name, positions))
    if folder.frozen.exists():
        checks.append(_tensors(folder.frozen, "checkpoints/body.safetensors"))
    checks.append(_events(folder, positions))
    checks += _report(folder.path / "report-val.json", "report-val.json")
    checks += _results(folder.path / "results")
    problems, notes = list(_disagreements(folder, positions)), []
    if (folder.model).is_dir():
        model = verify_model(folder.model)
        checks += [FileCheck(f"model/{file.name}", file.state, file.reason) for file in model.files]
        problems += model.problems
    if any(check.state == "unchecked" for check in checks):
        notes.append(Message("What is unchecked was made before there were checksums: it could be read."))
    try:
        problems += _dataset(folder, positions)
    except GlasshouseError as error:
        notes.append(Message("The run could not be compared with its dataset: {error}", error=error))
    return Verification(str(path), "run", tuple(checks), tuple(problems), tuple(notes))


def _run_file(folder: RunFolder) -> FileCheck:
    name = "run.json"
    try:
        folder.facts()
        known = CHECKSUM in read_object(folder.path / name)
    except FileNotFoundError:
        return FileCheck(name, "damaged", "it is missing")
    except GlasshouseError as error:
        return FileCheck(name, "damaged", str(error))
    return FileCheck(name, "whole" if known else "unchecked")


def _recipe(folder: RunFolder) -> FileCheck:
    name = "recipe.json"
    try:
        fault = folder.recipe_fault()
        known = bool(folder.facts().get("files"))
    except FileNotFoundError:
        return FileCheck(name, "damaged", "it is missing")
    except GlasshouseError:  # run.json, which is reported by itself
        fault, known = None, False
    if fault is not None:
        return FileCheck(name, "damaged", Message("{fault} (or it was changed by hand)", fault=fault))
    try:
        _ = folder.recipe
    except GlasshouseError as error:
        return FileCheck(name, "damaged", str(error))
    return FileCheck(name, "whole" if known else "unchecked")


def _checkpoint(folder: RunFolder, name: str, positions: dict[str, Position]) -> FileCheck:
    path = folder.checkpoint(name)
    found = _tensors(path, f"checkpoints/{path.name}")
    if found.state == "damaged":
        return found
    try:
        positions[name] = read_checkpoint(path)[1]
    except GlasshouseError as error:
        return FileCheck(found.name, "damaged", str(error))
    return found


def _tensors(path: Path, name: str) -> FileCheck:
    known = () if path.stem == "body" else ("glasshouse",)
    try:
        fault, checked = tensors_fault(path, known or ("format",))
    except OSError as error:
        fault, checked = str(error), False
    state: State = "damaged" if fault is not None else "whole" if checked else "unchecked"
    return FileCheck(name, state, fault or "")


def _events(folder: RunFolder, positions: dict[str, Position]) -> FileCheck:
    name, path = "events.jsonl", folder.path / "events.jsonl"
    if not path.exists():
        return FileCheck(name, "damaged" if positions else "unchecked", "it is missing")
    last = max(positions.values(), key=lambda position: position.events, default=Position())
    if (fault := events_fault(folder, last.events, last.told)) is not None:
        return FileCheck(name, "damaged", fault)
    content = path.read_bytes()
    *lines, torn = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
            if event["type"] not in EVENTS:
                raise ValueError(Message("unknown type {event}", event=repr(str(event["type"])[:40])))
            EVENTS[event["type"]].from_dict({key: value for key, value in event.items() if key != "type"})
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return FileCheck(name, "damaged", Message("line {number}: {error}", number=number, error=error))
    facts = _facts(folder)
    whole, told = facts.get("events"), file_entry(content)
    if facts.get("status") == "done" and isinstance(whole, dict) and whole != told:
        return FileCheck(
            name, "damaged", Message("it has {told}, it was written with {whole}", told=told, whole=str(whole)[:80])
        )
    if torn and facts.get("status") == "done":
        return FileCheck(name, "damaged", "its last line is torn")
    return FileCheck(name, "whole" if last.told or whole else "unchecked")


def _report(path: Path, name: str) -> Iterator[FileCheck]:
    if not path.exists():
        return
    try:
        report = read_object(path)
        fault, known = checksum_fault(report), CHECKSUM in report
    except (OSError, ValueError) as error:
        fault, known = str(error), False
    yield FileCheck(name, "damaged" if fault else "whole" if known else "unchecked", fault or "")


def _results(folder: Path) -> Iterator[FileCheck]:
    """What the Studio keeps beside a run: reports on splits, and the answers for their pictures."""
    for path in sorted(folder.glob("[!.]*.*")):
        name = f"results/{path.name}"
        if path.suffix == ".json":
            yield from _report(path, name)
        elif path.suffix == ".npz":
            fault, known = arrays_fault(path)
            yield FileCheck(name, "damaged" if fault else "whole" if known else "unchecked", fault or "")


def _disagreements(folder: RunFolder, positions: dict[str, Position]) -> Iterator[str]:
    try:
        recipe = folder.recipe.model_dump(mode="json")
    except GlasshouseError:
        return
    for name, position in positions.items():
        for text in other_recipe(position, recipe, position.classes):
            yield Message("checkpoints/{name}.safetensors: {text}", name=name, text=text)
    last, best = positions.get("last"), positions.get("best")
    if last is not None and best is not None and best.epoch != last.best.get("best_epoch", best.epoch):
        yield Message(
            "best is of epoch {epoch}, last says that the best was {get}",
            epoch=best.epoch,
            get=last.best.get("best_epoch"),
        )


def _dataset(folder: RunFolder, positions: dict[str, Position]) -> Iterator[str]:
    recipe = folder.recipe
    dataset = open_dataset(folder.dataset_path())
    if recipe.fingerprint not in (None, dataset.fingerprint):
        yield Message(
            "{path} has the fingerprint {fingerprint}, the run was made with {fingerprint2}",
            path=dataset.path,
            fingerprint=dataset.fingerprint,
            fingerprint2=recipe.fingerprint,
        )
    for name, position in positions.items():
        if position.classes and position.classes != list(dataset.classes):
            yield (
                Message(
                    "{name} was made with the classes {classes}, the dataset at {path} has {classes2}, in this order",
                    name=name,
                    classes=", ".join(position.classes)[:200],
                    path=dataset.path,
                    classes2=", ".join(dataset.classes)[:200],
                )
            )


def _facts(folder: RunFolder) -> dict[str, object]:
    try:
        return folder.facts()
    except GlasshouseError:
        return {}
