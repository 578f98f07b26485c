"""All methods checked on a model, one after the other; each result is kept as soon as it is known."""

import time
from collections.abc import Generator

from glasshouse.errors import NetworkError
from glasshouse.events import Event, Progress
from glasshouse.explanation.attribution.methods import METHODS
from glasshouse.explanation.checks.checking import checking
from glasshouse.explanation.checks.kept_checks import check_facts
from glasshouse.explanation.checks.result import Check, not_checked
from glasshouse.explanation.kept import keep_object
from glasshouse.explanation.opened import OpenedModel
from glasshouse.messages import Message

__all__ = ["keep_checks"]

SHARES = {"grad-cam": 10, "integrated-gradients": 45, "occlusion": 45}  # of the time, in percent


def keep_checks(opened: OpenedModel) -> Generator[Event, None, dict[str, Check]]:
    """Yield how far it is and return the results by method; why one cannot be checked is a result that is kept too."""
    found: dict[str, Check] = {}
    begin = time.perf_counter()
    for method in METHODS:
        found[method] = yield from _one(opened, method, sum(SHARES[each] for each in found))
        yield Progress("checking", sum(SHARES[each] for each in found), 100, time.perf_counter() - begin)
    return found


def _one(opened: OpenedModel, method: str, before: int) -> Generator[Event, None, Check]:
    try:
        check = yield from _shared(checking(opened, method), before, SHARES[method])
    except NetworkError as error:
        check = not_checked(method, Message("{reason}", reason=error))
    if check.passed is None:
        dataset = "" if opened.dataset is None else opened.dataset.fingerprint
        keep_object(opened, f"check-{method}", check_facts(method, dataset), check.to_dict())
    return check


def _shared(steps: Generator[Progress, None, Check], before: int, share: int) -> Generator[Event, None, Check]:
    """Tell how far one check is as a part of all: it begins at ``before`` percent and takes ``share``."""
    while True:
        try:
            told = next(steps)
        except StopIteration as end:
            check: Check = end.value
            return check
        done = before + share * told.done / told.total
        begun = max(done - before, 1e-9)
        yield Progress("checking", round(done), 100, told.seconds, told.seconds * (100 - done) / begun)
