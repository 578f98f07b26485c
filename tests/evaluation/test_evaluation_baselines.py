"""Baselines: what they reach on pictures whose answer is known, and that they are the same twice."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from glasshouse.evaluation.baselines import Baseline, commonest, pixels, sample, shrink
from glasshouse.evaluation.intervals import wilson

RANDOM = np.random.default_rng(5)


def pictures(labels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Noise, of which class 1 is brighter in its left half; (N, 24, 20, 3)."""
    rows = RANDOM.integers(0, 180, (len(labels), 24, 20, 3), dtype=np.uint8)
    rows[labels == 1, :, :10] += 60
    return rows


def test_the_commonest_class_of_training_is_scored() -> None:
    found = commonest(np.array([2, 1, 1, 0]), np.array([1, 1, 0, 2, 2]), ["a", "b", "c"])
    assert found.accuracy == 0.4
    assert found.interval == wilson(2, 5)
    assert found.description == "always b, the class of 2 of 4 training pictures"


def test_of_equally_common_classes_the_first_is_taken() -> None:
    assert "always a," in commonest(np.array([1, 0]), np.array([0]), ["a", "b"]).description


def test_a_linear_model_learns_what_pixels_show_and_is_the_same_twice() -> None:
    train, valid = RANDOM.integers(0, 2, 200), RANDOM.integers(0, 2, 100)
    arguments = shrink(pictures(train)), train, shrink(pictures(valid)), valid
    first = pixels(*arguments, of=900)
    assert first.accuracy == 1.0
    assert first.interval == wilson(100, 100)
    assert "trained on 200 of 900 training pictures, drawn by seed" in first.description
    assert pixels(*arguments, of=900) == first


def test_a_linear_model_is_quiet_where_it_does_not_converge_and_where_there_is_one_class() -> None:
    labels = np.arange(40) % 4
    small = RANDOM.normal(0, 1e4, (40, 256)).astype(np.float32)
    assert pixels(small, labels, small, labels).accuracy > 0.5
    assert pixels(small, np.zeros(40, int), small, labels).accuracy == 0.25


@pytest.mark.parametrize(("height", "width", "mode"), [(224, 224, "RGB"), (64, 32, "L"), (48, 80, "RGB")])
def test_small_pictures_are_means_over_areas(height: int, width: int, mode: str) -> None:
    image = Image.fromarray(RANDOM.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode)
    rows = np.asarray(image).reshape(1, height, width, -1)
    expected = np.asarray(image.convert("L").resize((16, 16), Image.Resampling.BOX), np.float32)
    assert np.abs(shrink(rows).reshape(16, 16) - expected).max() <= 1.6  # Pillow rounds twice


def test_pictures_smaller_than_16_keep_their_size_and_odd_sizes_keep_their_mean() -> None:
    rows = RANDOM.integers(0, 256, (3, 8, 9, 1), dtype=np.uint8)
    assert (shrink(rows) == rows.reshape(3, 72)).all()
    odd = RANDOM.integers(0, 256, (2, 37, 51, 1), dtype=np.uint8)
    assert shrink(odd).shape == (2, 256)
    assert shrink(odd).mean(axis=1) == pytest.approx(odd.mean(axis=(1, 2, 3)), rel=1e-4)


def test_a_sample_is_a_function_of_the_seed() -> None:
    assert sample(10, 1).tolist() == list(range(10))
    drawn = sample(1000, 1, limit=50)
    assert len(set(drawn.tolist())) == 50
    assert (drawn == np.sort(drawn)).all()
    assert (drawn == sample(1000, 1, limit=50)).all()
    assert (drawn != sample(1000, 2, limit=50)).any()


def test_a_baseline_comes_back_from_its_dictionary() -> None:
    one = Baseline("a", 0.5, (0.25, 0.75), "words")
    assert Baseline.from_dict(one.to_dict()) == one
