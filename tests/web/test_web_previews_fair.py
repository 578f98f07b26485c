"""One person's previews hold up nobody else's: a place for each person, a bounded number in all, then "busy"."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from glasshouse.errors import BusyError
from glasshouse.recipe import AugmentationRecipe
from glasshouse.store.turns import asking
from glasshouse.web.follow import inputs
from glasshouse.web.framework.children import PREVIEWS
from glasshouse.web.new_model import augmented, trial


class Slow:
    """Answers in place of a child process: those of mina when they are let go, all others at once."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Semaphore(0)

    def __call__(self, module: str, request: Any, patience: float, folder: Path | None = None) -> Any:
        if "mina" in str(request):
            self.begun.release()
            assert self.go.wait(60)
        return {"rows": str(request)}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    one = Slow()
    for module in (inputs, augmented):
        monkeypatch.setattr(module, "answer_of", one)
    augmented._examples.cache_clear()
    yield one
    one.go.set()
    augmented._examples.cache_clear()


def see_inputs(who: str, number: int) -> Any:
    """Ask until the answer is there, as a page does."""
    with asking(who):
        while (found := inputs.inputs_and_outputs(Path(who), Path("data"), {"seed": number})) is None:
            time.sleep(0.01)
    return found


def see_augmented(who: str, number: int) -> Any:
    with asking(who):
        return augmented.examples(Path(who), AugmentationRecipe(), number)


@pytest.mark.parametrize("see", [see_inputs, see_augmented])
def test_one_person_holds_up_nobody_else(slow: Slow, see: Callable[[str, int], Any]) -> None:
    with ThreadPoolExecutor(4) as pool:
        of_mina = [pool.submit(see, "mina", number) for number in range(3)]
        assert slow.begun.acquire(timeout=60)
        assert "otto" in see("otto", 1)["rows"]
        assert not slow.begun.acquire(blocking=False), "only one of hers is made at a time"
        slow.go.set()
        assert all("mina" in one.result(60)["rows"] for one in of_mina)


def test_who_asks_for_too_much_is_told_so_at_once(slow: Slow) -> None:
    with ThreadPoolExecutor(PREVIEWS) as pool:
        asked = [pool.submit(see_inputs, "mina", number) for number in range(100, 108)]
        assert slow.begun.acquire(timeout=60)
        refused = first_ended(asked, 3)  # one is made and four wait
        slow.go.set()
        assert all(isinstance(one.exception(60), BusyError) for one in refused)
        assert all("mina" in one.result(60)["rows"] for one in asked if one not in refused)


def test_settings_are_measured_in_turns() -> None:
    with ThreadPoolExecutor(4) as pool:
        with asking("mina"), trial.turn_to_measure():
            asked = [pool.submit(measure, "mina") for _ in range(3)]
            (refused,) = first_ended(asked, 1)  # two wait, so that others do not wait for many of hers
            assert isinstance(refused.exception(60), BusyError)
            others = pool.submit(measure, "otto")
        assert all(one.exception(60) is None for one in (*asked, others) if one is not refused)


def measure(who: str) -> None:
    with asking(who), trial.turn_to_measure():
        return


def first_ended(asked: list[Future[Any]], count: int) -> list[Future[Any]]:
    """Wait until that many have ended."""
    while sum(one.done() for one in asked) < count:
        wait([one for one in asked if not one.done()], timeout=60, return_when=FIRST_COMPLETED)
    return [one for one in asked if one.done()]
