"""All checks of a method on a model: computed once, and kept with the model."""

import time
from collections.abc import Generator
from typing import Any

import numpy as np

from glasshouse.events import Progress
from glasshouse.explanation.attribution.methods import Attribution
from glasshouse.explanation.checks.completeness import completeness
from glasshouse.explanation.checks.deletion import areas, deletion_and_insertion, orders
from glasshouse.explanation.checks.kept_checks import SEED, check_facts
from glasshouse.explanation.checks.mosaics import made_mosaics, mosaics
from glasshouse.explanation.checks.pictures import CheckPictures, check_pictures, why_not
from glasshouse.explanation.checks.randomization import randomization
from glasshouse.explanation.checks.result import Check, not_checked
from glasshouse.explanation.kept import find_object, keep_object
from glasshouse.explanation.opened import OpenedModel
from glasshouse.messages import joined
from glasshouse.networks.build import construct

__all__ = ["checking", "known_check", "tests_of"]

FEW = 4  # pictures between two reports of how far it is

Steps = Generator[Progress, None, Any]


def checking(opened: OpenedModel, method: str, seed: int = SEED) -> Generator[Progress, None, Check]:
    """Yield how far it is and return the result of the checks of a method on a model; what is kept is not computed.

    With fewer than 20 validation pictures, or none, the result says that nothing was checked, and why.

    Raises:
        InputError: there is no such method.
        NetworkError: the method cannot work for this network.
    """
    if (known := known_check(opened, method, seed)) is not None:
        return known
    attribution = Attribution(method, opened.module, _shape(opened))
    found = yield from tests_of(opened, attribution, seed)
    return Check.from_dict(keep_object(opened, f"check-{method}", _facts(opened, method, seed), found.to_dict()))


def known_check(opened: OpenedModel, method: str, seed: int = SEED) -> Check | None:
    """Return the result that is kept, or that nothing can be checked; None if it has to be computed."""
    if (reason := why_not(opened)) is not None:
        return not_checked(method, reason)
    kept = find_object(opened, f"check-{method}", _facts(opened, method, seed))
    try:
        return None if kept is None else Check.from_dict(kept)
    except (KeyError, TypeError):
        return None


def tests_of(opened: OpenedModel, attribution: Attribution, seed: int = SEED) -> Generator[Progress, None, Check]:
    """Yield how far it is and return the result of all tests of a method at work, computed anew."""
    pictures = check_pictures(opened, seed)
    clock = _Clock(4 * len(pictures.rows))
    maps = yield from _maps(attribution, pictures.x, pictures.said, clock)
    tests = [completeness(attribution.integrated, seed)] if attribution.integrated else []
    fresh = construct(opened.model.description.resolved, seed=seed + 1).module
    anew = attribution.on(fresh.cpu().float().eval().requires_grad_(requires_grad=False))
    tests.append(randomization(maps, (yield from _maps(anew, pictures.x, pictures.said, clock)), pictures.rows, seed))
    tests += yield from _deletion(opened, pictures, maps, clock, seed)
    tests += yield from _mosaics(opened, attribution, pictures, clock, seed)
    failed = [test.reason for test in tests if not test.passed]
    dataset = "" if opened.dataset is None else opened.dataset.fingerprint
    return Check(attribution.method, not failed, joined("; ", failed), tuple(tests), len(maps), dataset, seed)


def _maps(attribution: Attribution, x: Any, targets: Any, clock: "_Clock") -> Steps:
    """Return the maps; what integrated gradients say of themselves is gathered in ``attribution.integrated``."""
    parts, integrated = [], []
    for first in range(0, len(x), FEW):
        parts.append(attribution.maps(x[first : first + FEW], targets[first : first + FEW]))
        integrated += attribution.integrated
        yield clock.after(len(parts[-1]))
    attribution.integrated = integrated
    return np.concatenate(parts)


def _deletion(opened: OpenedModel, pictures: CheckPictures, maps: Any, clock: "_Clock", seed: int) -> Steps:
    found = []
    for i, (x, target, values) in enumerate(zip(pictures.x, pictures.said, maps)):
        found.append(areas(opened.module, x, int(target), orders(values, [seed, 3, i])))
        yield clock.after(1)
    return deletion_and_insertion(found, seed)


def _mosaics(
    opened: OpenedModel, attribution: Attribution, pictures: CheckPictures, clock: "_Clock", seed: int
) -> Steps:
    made = made_mosaics(pictures.rows, pictures.labels, seed)
    if made is None:  # pictures of one class cannot be told apart
        return []
    maps = yield from _maps(attribution, opened.inputs(made.rows), made.targets, clock)
    return [mosaics(maps, made, seed)]


class _Clock:
    """How far the checks are, in pictures."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.begin = total, 0, time.perf_counter()

    def after(self, count: int) -> Progress:
        self.done += count
        seconds = time.perf_counter() - self.begin
        return Progress("checking", self.done, self.total, seconds, seconds * (self.total / self.done - 1))


def _facts(opened: OpenedModel, method: str, seed: int) -> dict[str, Any]:
    return check_facts(method, "" if opened.dataset is None else opened.dataset.fingerprint, seed)


def _shape(opened: OpenedModel) -> tuple[int, int, int]:
    H, W, C = opened.model.preprocessing.shape
    return C, H, W
