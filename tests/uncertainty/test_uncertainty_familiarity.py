"""Familiarity beside a plain computation, and on pictures whose place is known."""

import numpy as np
import pytest

from glasshouse.training.uncertainty_fitting import compared_with, compared_with_itself
from glasshouse.uncertainty.conformal import AnswerSets
from glasshouse.uncertainty.familiarity import Familiarity, energy_of, unit
from glasshouse.uncertainty.uncertainty import Uncertainty

CLASSES = [3, 6]  # without and with the energy


def clusters(classes: int, count: int = 240, width: int = 24) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(classes)
    labels = np.arange(count) % classes
    centres = draw.normal(size=(classes, width)) * 3
    return (centres[labels] + draw.normal(size=(count, width))).astype(np.float32), labels


def fold_of(labels: np.ndarray) -> np.ndarray:
    return (np.arange(len(labels)) // 6) % 5


@pytest.mark.parametrize("classes", CLASSES)
def test_scores_are_the_mean_of_ten_cosines_outside_the_own_fold_times_the_energy(classes: int) -> None:
    features, labels = clusters(classes)
    fold = fold_of(labels)
    known = compared_with_itself(features, labels, fold, classes)
    energies = None if classes < 5 else np.linspace(1, 2, len(labels))
    found = known.scores(features, (fold, fold), energies)
    rows = features / np.linalg.norm(features, axis=1, keepdims=True)
    for row in (0, 17, 100):
        others = known.reference[fold != fold[row]].astype(np.float32)
        expected = np.sort(others @ rows[row])[-10:].mean() * (1 if energies is None else energies[row])
        assert found[row] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("classes", CLASSES)
def test_pictures_like_the_others_are_spread_evenly_and_strangers_are_at_the_bottom(classes: int) -> None:
    features, labels = clusters(classes, 480)
    inside, outside = features[:240], features[240:]
    known = compared_with_itself(inside, labels[:240], fold_of(labels[:240]), classes)
    shares = known.shares(outside)
    assert abs(float((shares < 0.05).mean()) - 0.05) < 0.05
    assert abs(float(shares.mean()) - 0.5) < 0.08
    strangers = np.random.default_rng(1).normal(size=(50, 24)).astype(np.float32) * 3
    assert float((known.shares(strangers) < 0.05).mean()) > 0.9


def test_of_a_network_that_learned_other_pictures_say_what_is_usual() -> None:
    features, labels = clusters(3, 300)
    known = compared_with(features[:200], labels[:200], features[200:], 3)
    assert np.array_equal(known.own, np.sort(known.scores(features[200:]).astype(np.float32)))


def test_a_picture_has_the_same_bits_alone_and_among_many() -> None:
    features, labels = clusters(6)
    known = compared_with_itself(features, labels, fold_of(labels), 6)
    together = known.scores(features)
    assert np.array_equal(together, np.concatenate([known.scores(row[None]) for row in features]))


def test_the_energy_cannot_overflow() -> None:
    assert energy_of(np.array([[1000.0, 1000.0]]))[0] == pytest.approx(1000 + np.log(2))
    assert unit(np.zeros((1, 4), np.float32)).tolist() == [[0, 0, 0, 0]]


def test_the_file_holds_all_of_it() -> None:
    features, labels = clusters(6)
    known = compared_with_itself(features, labels, fold_of(labels), 6)
    given = Uncertainty(known, AnswerSets(np.linspace(0, 1, 30, dtype=np.float32)))
    again = Uncertainty.from_bytes(given.to_bytes())
    assert again.to_bytes() == given.to_bytes()
    assert again.familiarity is not None
    assert np.array_equal(again.familiarity.shares(features), known.shares(features))
    assert Uncertainty.from_bytes(Uncertainty(known).to_bytes()).sets is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda known: Familiarity(known.reference, known.head[:-1], known.own),
        lambda known: Familiarity(known.reference, known.head, known.own[:0]),
        lambda known: Familiarity(known.reference * np.float16(np.nan), known.head, known.own),
        lambda known: Familiarity(known.reference.astype(np.float32), known.head, known.own),
    ],
)
def test_a_damaged_file_is_refused(damage: object) -> None:
    features, labels = clusters(3)
    known = compared_with_itself(features, labels, fold_of(labels), 3)
    with pytest.raises(ValueError, match=r"fit|empty|part"):
        Uncertainty.from_bytes(Uncertainty(damage(known)).to_bytes())  # type: ignore[operator]
    with pytest.raises(ValueError, match=r"."):
        Uncertainty.from_bytes(b"no tensors")
