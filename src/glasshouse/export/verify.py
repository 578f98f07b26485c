"""Verifying a model: every piece of it, and whether they make one model."""

from pathlib import Path

from glasshouse.errors import DamagedModelError, ModelError
from glasshouse.export.archive import read_files
from glasshouse.export.bundle import load_model
from glasshouse.export.description import piece_problems, pieces, read_manifest, text_problems
from glasshouse.integrity.documents import CHECKSUM
from glasshouse.integrity.verification import FileCheck, State, Verification
from glasshouse.messages import Message

__all__ = ["verify_model"]

TEXTS = ("recipe.json", "card.md")


def verify_model(path: str | Path) -> Verification:
    """Read every piece of the model at ``path``, a folder or one file, and say which are not what was written.

    Raises:
        ModelError: there is no model, or a later version wrote it.
    """
    place = Path(path)
    try:
        files = read_files(place)
        manifest = read_manifest(files, str(place))
    except DamagedModelError as error:
        name = "model.json" if place.is_dir() else place.name
        return Verification(str(place), "model", (FileCheck(name, "damaged", str(error)),))
    checked = CHECKSUM in manifest
    reasons = {problem.split(" ")[0].rstrip(":"): problem for problem in text_problems(files, manifest, TEXTS)}
    missing = [name for name in pieces(manifest) if name not in files]
    reasons |= dict.fromkeys(missing, Message("it is missing"))
    reasons |= {} if missing else {fault.split(" ")[0]: fault for fault in piece_problems(files, manifest)}
    checks = []
    for name in dict.fromkeys([*files, *missing]):
        known: State = "whole" if checked or name == "weights.safetensors" else "unchecked"
        checks.append(FileCheck(name, "damaged" if name in reasons else known, reasons.get(name, "")))
    problems = [] if any(check.state == "damaged" for check in checks) else _problems(place)
    notes = (
        () if checked else (Message("It was made before models had checksums: only its weights could be verified."),)
    )
    return Verification(str(place), "model", tuple(checks), tuple(problems), notes)


def _problems(place: Path) -> list[str]:
    """Return why a model whose pieces are whole cannot be used, if it cannot."""
    try:
        load_model(place, "cpu")
    except ModelError as error:
        return [str(error)]
    return []
