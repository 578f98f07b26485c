"""The results of the checks that are kept with a model, read without torch: for pages, and for the model's card."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from glasshouse.explanation.checks.result import Check
from glasshouse.explanation.layers.kept_files import FOLDER, file_digest
from glasshouse.integrity.documents import checksum_fault, read_object
from glasshouse.messages import Message, joined

__all__ = [
    "FEWEST", "METHOD_NAMES", "SEED", "VERSION", "card_section", "check_facts", "kept_checks", "why_unchecked",
]  # fmt: skip

VERSION = 1  # of the computation; another number computes all anew
SEED = 0
FEWEST = 20  # validation pictures that a check needs
METHOD_NAMES: Mapping[str, str] = {
    "grad-cam": Message("Grad-CAM"),
    "integrated-gradients": Message("Integrated gradients"),
    "occlusion": Message("Occlusion"),
}
TITLE = Message("Checks of the explanations")


def check_facts(method: str, dataset: str, seed: int = SEED) -> dict[str, Any]:
    """Return all besides the weights that the result of a method's check follows from."""
    return {"version": VERSION, "method": method, "dataset": dataset, "seed": seed}


def why_unchecked(dataset: bool, validation: int) -> Message:
    """Return why there is no result: whether the dataset is there, and how many validation pictures it has."""
    if not dataset:
        return Message("The dataset of this model is not here, so there are no validation pictures to check it on.")
    if validation < FEWEST:
        return Message(
            "There are {count} validation pictures; a check needs at least {FEWEST}.", count=validation, FEWEST=FEWEST
        )
    return Message("Nobody has had this method checked on this model yet.")


def kept_checks(run: Path, dataset: str = "") -> dict[str, Check]:
    """Return the results by method that are kept for the model in ``run``, with its weights as they are now.

    ``dataset`` is the fingerprint of the dataset that they have to be of; without it any is taken.
    """
    digest, found = file_digest(run / "model"), {}
    for method in METHOD_NAMES:
        for file in sorted((run / FOLDER).glob(f"check-{method}-*.json")):
            check = _read(file, digest, dataset)
            if check is not None:
                found[method] = check
    return found


def _read(file: Path, digest: str, dataset: str) -> Check | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = read_object(file)
        facts = check_facts(kept["facts"]["method"], dataset or kept["facts"]["dataset"])
        if digest and kept["model"] == digest and kept["facts"] == facts and checksum_fault(kept) is None:
            return Check.from_dict(kept["found"])
    return None


def card_section(checks: Mapping[str, Check]) -> Sequence[Message]:
    """Return the section of a model's card on its explanations: a title, what it is, and a line for each method."""
    lines = [joined("", ["- ", _line(method, checks.get(method))]) for method in METHOD_NAMES]
    about = Message(
        "A map of why the model gave an answer is only worth something if it passes checks that it could fail: it has "
        "to change with the weights, to find what the answer rests on, and to point at the right picture of four."
    )
    return [joined("", ["## ", TITLE]), about, joined("\n", lines)]


def _line(method: str, check: Check | None) -> Message:
    name = METHOD_NAMES[method]
    if check is None:
        return Message("{method}: not checked", method=name)
    if check.passed is None:
        return Message("{method}: not checked. {reason}", method=name, reason=check.reason)
    told = joined("; ", [test.reason for test in check.tests])
    values = {"method": name, "pictures": check.pictures, "tests": told}
    if check.passed:
        return Message("{method}: passed on {pictures} validation pictures. {tests}", **values)
    return Message("{method}: failed on {pictures} validation pictures, so it is not shown. {tests}", **values)
