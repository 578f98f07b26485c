"""Processes that read for others: whatever happens in one, its asker is told, and the next request is answered."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from glasshouse.errors import BusyError, ConflictError, InputError, PictureError, RecipeError
from glasshouse.store.readers import Readers
from glasshouse.store.turns import Turns, asking, who_asks

pytestmark = pytest.mark.system


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Readers]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    made = Readers("reader_tasks", 3, 1 << 30)
    yield made
    made.end()


def test_it_answers_with_what_it_was_given(readers: Readers) -> None:
    told, blob = readers.ask("echo", {"word": "강아지"}, b"abc")
    assert (told["word"], blob) == ("강아지", b"cba")
    again, _ = readers.ask("echo", {})
    assert again["process"] == told["process"]


@pytest.mark.parametrize(("task", "seconds", "words"), [
    ("sleep", 1.0, "more than 1 seconds"), ("spin", 1.0, "more than 1 seconds"),
    ("fill", 30.0, "more than 1,024 MiB"), ("crash", 30.0, r"ended \(SIGABRT\)"),
])  # fmt: skip
def test_one_that_goes_wrong_is_told_of_and_the_next_is_answered(
    readers: Readers, task: str, seconds: float, words: str
) -> None:
    readers.ask("echo", {})
    with pytest.raises(PictureError, match=words):
        readers.ask(task, {"bytes": 3 << 30}, seconds=seconds)
    assert readers.ask("echo", {}, b"x")[1] == b"x"


def test_prepared_processes_take_the_place_of_the_others(readers: Readers) -> None:
    before, _ = readers.ask("echo", {})
    readers.prepare("echo", 2)
    after = {readers.ask("echo", {})[0]["process"] for _turn in range(3)}
    assert len(after) == 1 and before["process"] not in after
    assert len(readers._all) == 2, "the first one has ended"
    readers.prepare("crash", 1)
    assert readers.ask("echo", {})[0]["process"] in after, "one that cannot be prepared is left out"


def test_errors_come_through_as_what_they_are(readers: Readers) -> None:
    with pytest.raises(PictureError, match="not a picture"):
        readers.ask("wrong", {"kind": "picture"})
    with pytest.raises(RecipeError) as caught:
        readers.ask("wrong", {"kind": "recipe"})
    assert [(one.field, one.message) for one in caught.value.problems] == [("width", "too wide")]
    with pytest.raises(InputError, match="KeyError: 59"):
        readers.ask("wrong", {"kind": "other"})


def test_what_it_leaves_is_removed(readers: Readers) -> None:
    folder, _ = readers.ask("leave", {}, b"much")
    assert Path(folder, "left.bin").is_file()
    readers.end()
    assert not Path(folder).exists()
    with pytest.raises(ConflictError, match="being stopped"):
        readers.ask("echo", {})


def test_while_one_person_fills_their_places_another_is_answered(readers: Readers) -> None:
    def hold() -> None:
        with asking("one"), pytest.raises((PictureError, BusyError, ConflictError)):
            readers.ask("sleep", {}, seconds=60)

    threads = [threading.Thread(target=hold) for _ in range(6)]
    for thread in threads:
        thread.start()
    with asking("another"):
        for _ in range(5):
            assert readers.ask("echo", {}, b"ab")[1] == b"ba"
    readers.end()
    for thread in threads:
        thread.join()


def test_who_asks_for_too_much_is_sent_away_and_others_are_not() -> None:
    turns, inside, leave = Turns(3, 2, 6, 3), threading.Semaphore(0), threading.Event()
    order: list[str] = []

    def work(who: str) -> None:
        with turns.taken(60, who):
            order.append(who)
            inside.release()
            leave.wait()

    threads = [threading.Thread(target=work, args=("one",)) for _ in range(5)]
    for thread in threads:
        thread.start()
    inside.acquire()
    inside.acquire()  # two of one's are at work, three wait
    while len(turns._queue) < 3:
        pass
    with pytest.raises(BusyError) as caught, turns.taken(60, "one"):
        pass
    assert caught.value.mine
    with turns.taken(60, "another"):
        assert order == ["one", "one"]
    leave.set()
    for thread in threads:
        thread.join()
    assert order == ["one"] * 5
    with pytest.raises(BusyError) as late, turns.taken(60, "x"), turns.taken(60, "x"), turns.taken(0.0, "x"):
        pass
    assert late.value.mine


def test_who_asks_is_known_within_only() -> None:
    with asking("a"):
        with asking("b"):
            assert who_asks() == "b"
        assert who_asks() == "a"
    assert who_asks() == ""
