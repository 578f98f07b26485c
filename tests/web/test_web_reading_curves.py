"""What is said about curves: on curves made for it, only what the numbers carry."""

from collections.abc import Sequence
from typing import Any

import pytest

from glasshouse.store.points import RunPoints
from glasshouse.web.context.curve_reading import MOST, Circumstances, remarks
from glasshouse.web.models.curve_texts import remark_texts, remark_words


def run(
    train: Sequence[float], valid: Sequence[float | None] | None = None, steps: Sequence[tuple[int, float]] = (),
    accuracy: float | None = 0.9,
) -> RunPoints:  # fmt: skip
    read_points = RunPoints()
    for n, (epoch, loss) in enumerate(steps, 1):
        read_points.take({"type": "step", "step": n, "epoch": epoch, "loss": loss})
    for k, loss in enumerate(train):
        held = None if valid is None else valid[k]
        read_points.take({"type": "epoch", "epoch": k + 1, "train_loss": loss, "valid_loss": held,
                   "valid_accuracy": None if held is None else accuracy})  # fmt: skip
    return read_points


def kinds(read_points: RunPoints, known: Circumstances | None = None) -> list[str]:
    return [one.kind for one in remarks(read_points, known or Circumstances(pictures=2000, classes=10))]


def falling(length: int, low: float, rate: float = 0.7, high: float = 2.3) -> list[float]:
    return [low + (high - low) * rate**k for k in range(length)]


@pytest.mark.parametrize(
    ("train", "valid", "expected"),
    [
        ([1.0, 0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.5, 0.7, 0.9], ["memorising"]),
        ([1.0, 0.8, 0.6, 0.5], [1.0, 0.8, 0.7, 0.6], ["improving"]),
        ([1.0, 0.5, 0.4, 0.4, 0.4, 0.4], [1.0, 0.5, 0.45, 0.45, 0.45, 0.45], ["resting"]),
        ([2.3, 2.3, 2.3, 2.31], [2.3, 2.3, 2.3, 2.3], ["stuck"]),
        ([2.3], [2.3], ["early"]),
        ([2.3, 2.0], [2.3, 2.1], ["early"]),
        ([2.3, 1.9, 1.8, 1.79, 1.79, 1.79], [2.3, 1.9, 1.82, 1.8, 1.8, 1.8], ["underfitting"]),
        (falling(12, 0.001, 0.4), falling(12, 0.4, 0.4), ["resting", "gap"]),
        ([1.0, 0.5, 0.3], None, ["unseen"]),
    ],
)  # fmt: skip
def test_curves_are_read_as_a_teacher_would(
    train: list[float], valid: list[float | None] | None, expected: list[str]
) -> None:
    assert kinds(run(train, valid)) == expected


def test_one_bad_epoch_is_no_memorising() -> None:
    assert "memorising" not in kinds(run([1.0, 0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.5, 0.7, 0.49]))
    assert "memorising" not in kinds(run([1.0, 0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.5, 0.507, 0.508])), "that is noise"
    assert "memorising" not in kinds(run([1.0, 0.5, 0.3, 0.4, 0.6], [1.0, 0.6, 0.5, 0.7, 0.9])), "both rise"


def test_memorising_names_the_epoch_and_the_values() -> None:
    (found,) = remarks(run([1.0, 0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.5, 0.7, 0.9]), Circumstances(2000, 10))
    assert dict(found.numbers) == {"epoch": "3", "low": "0.5", "now": "0.9"}
    assert found.warm


@pytest.mark.parametrize(
    "recipe",
    [{"augmentation": {"mixup": 0.2}}, {"objective": {"label_smoothing": 0.1}}, {"augmentation": {"cutmix": 1}}],
)  # fmt: skip
def test_losses_that_measure_different_things_are_not_set_against_each_other(recipe: dict[str, Any]) -> None:
    known = Circumstances(2000, 10, recipe=recipe)
    assert "underfitting" not in kinds(run([2.3, 1.9, 1.8, 1.79, 1.79], [2.3, 1.9, 1.82, 1.8, 1.8]), known)
    assert "gap" not in kinds(run(falling(12, 0.001, 0.4), falling(12, 0.4, 0.4)), known)


def test_a_loss_that_leaps_points_at_the_rate() -> None:
    calm = [(1, 2.3 - k / 50) for k in range(40)] + [(2, 1.0 + k % 3 / 10) for k in range(40)]
    assert "jumping" not in kinds(run([2.0, 1.0, 0.9], [2.0, 1.0, 0.9], calm))
    wild = [*calm[:50], (2, 14.0), *calm[51:]]
    found = remarks(run([2.0, 1.0, 0.9], [2.0, 1.0, 0.9], wild), Circumstances(2000, 10))
    assert (found[0].kind, found[0].numbers["epoch"], found[0].numbers["loss"]) == ("jumping", "2", "14")
    tiny = [(1, 2.3)] * 30 + [(2, 0.001)] * 30 + [(3, 0.2)] + [(3, 0.001)] * 30
    assert "jumping" not in kinds(run([2.3, 0.1, 0.01], [2.3, 0.2, 0.1], tiny)), "far below where it began"


def test_few_validation_pictures_are_named_with_what_chance_does() -> None:
    read_points = run([1.0, 0.8, 0.6, 0.5], [1.0, 0.8, 0.7, 0.6])
    assert kinds(read_points, Circumstances(60, 3)) == ["improving", "few"]
    few = remarks(read_points, Circumstances(60, 3))[1]
    assert few.numbers == {"count": "60", "points": "8"}
    assert kinds(read_points, Circumstances(2000, 3)) == ["improving"]


def test_while_it_runs_nobody_is_told_to_train_longer() -> None:
    read_points = run([1.0, 0.8, 0.6, 0.5], [1.0, 0.8, 0.7, 0.6])
    assert kinds(read_points, Circumstances(2000, 10, ended=False)) == ["falling"]


def test_every_remark_has_its_words_and_fills_them() -> None:
    words = remark_words(str)
    calm = [(1, 2.3)] * 10
    shown = [
        run([2.3], [2.3]), run([2.3] * 4, [2.3] * 4), run([2.0, 1.0, 0.9], [2.0, 1.0, 0.9], [*calm, (2, 99.0)]),
        run([1.0, 0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.5, 0.7, 0.9]), run([1.0, 0.5, 0.3], None),
        run([2.3, 1.9, 1.8, 1.79, 1.79, 1.79], [2.3, 1.9, 1.82, 1.8, 1.8, 1.8]), run([3.0, 2.0, 1.0], [3.0, 2.0, 1.0]),
        run(falling(12, 0.001, 0.4), falling(12, 0.4, 0.4)),
    ]  # fmt: skip
    met = set()
    for read_points in shown:
        for ended in (True, False):
            found = remarks(read_points, Circumstances(50, 10, ended))
            assert len(found) <= MOST
            met |= {one.kind for one in found}
            assert all("{" not in text for text, _ in remark_texts(str, found))
    assert met == set(words)


def test_nothing_is_said_of_nothing() -> None:
    assert kinds(RunPoints()) == []
