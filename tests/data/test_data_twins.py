"""Twins: the same picture resized, recompressed, cropped or brightened is found; pictures much alike are not."""

import gzip
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.decoding.picture import decode, resize
from glasshouse.data.splitting import twins as twins_module
from glasshouse.data.splitting.neighbours import close_pairs, usual_distance
from glasshouse.data.splitting.twins import Twins, find_twins
from pictures import picture

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def thumb(pixels: np.ndarray) -> np.ndarray:
    small = resize(pixels, 32, 32, "squash")
    return small if small.shape[2] == 3 else np.repeat(small, 3, axis=2)


def jpeg(image: Image.Image, quality: int = 90) -> np.ndarray:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return decode(buffer.getvalue())


def near_pairs(thumbs: np.ndarray) -> np.ndarray:
    return twins_module.near_pairs(thumbs, np.arange(len(thumbs)))


def crop(image: Image.Image, *parts: float) -> Image.Image:
    return image.crop(tuple(round(p * s) for p, s in zip(parts, image.size * 2)))  # type: ignore[arg-type]


CHANGES: dict[str, Callable[[Image.Image], np.ndarray]] = {
    "half": lambda im: jpeg(im.resize((im.width // 2, im.height // 2))),
    "quality 30": lambda im: jpeg(im, 30),
    "crop 4 % of each side": lambda im: jpeg(crop(im, 0.04, 0.04, 0.96, 0.96)),
    "crop 5 % of two sides": lambda im: jpeg(crop(im, 0, 0, 0.95, 0.95)),
    "brighter": lambda im: jpeg(im.point(lambda v: min(255, int(v * 1.15)))),
    "darker": lambda im: jpeg(im.point(lambda v: int(v * 0.85))),
}


def unlike(count: int) -> list[np.ndarray]:
    return [picture(seed, 160, 120) for seed in range(count)]


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_copy_is_a_near_twin(name: str) -> None:
    originals = unlike(60)
    copies = [CHANGES[name](Image.fromarray(one)) for one in originals[:20]]
    thumbs = np.stack([thumb(one) for one in [*originals, *copies]])
    assert near_pairs(thumbs).tolist() == [[i, 60 + i] for i in range(20)]


def test_pictures_that_are_not_the_same_are_no_twins() -> None:
    assert len(near_pairs(np.stack([thumb(one) for one in unlike(300)]))) == 0


def test_same_shapes_in_other_colours_are_no_twins() -> None:
    originals = unlike(30)
    thumbs = np.stack([thumb(one) for one in [*originals, *(np.roll(o, 1, axis=2) for o in originals)]])
    assert len(near_pairs(thumbs)) == 0


def test_equal_content_is_told_apart_from_near_twins() -> None:
    originals = unlike(10)
    thumbs = np.stack(
        [thumb(one) for one in [*originals, originals[0], CHANGES["half"](Image.fromarray(originals[1]))]]
    )
    twins = find_twins([*map(str, range(10)), "0", "half of 1"], thumbs)
    assert twins == Twins((0, 1, *[None] * 8, 0, 1), (0, *[None] * 9, 0, None))
    assert twins.counts() == {"equal": 2, "near": 2, "groups": 2}


def test_blank_pictures_are_twins_only_by_content() -> None:
    blank = [np.full((32, 32, 3), level, np.uint8) for level in (0, 0, 255, 200)]
    assert find_twins(["a", "a", "b", "c"], np.stack(blank)).groups == (0, 0, None, None)


def test_many_copies_of_one_picture_are_one_group() -> None:
    base = Image.fromarray(picture(1, 160, 120))
    copies = [jpeg(base, 60 + i % 40) for i in range(25)]
    thumbs = np.stack([thumb(one) for one in [*unlike(100), *copies]])
    groups = find_twins([str(i) for i in range(125)], thumbs).groups
    assert set(groups[100:]) == {1}
    assert groups[1] == 1
    assert groups[:1] + groups[2:100] == (None,) * 99


def test_a_gradual_change_does_not_chain_a_class() -> None:
    a, b = (thumb(picture(seed, 64, 64)).astype(np.float32) for seed in (1, 2))
    steps = [(a * (1 - t) + b * t).astype(np.uint8) for t in np.linspace(0, 1, 200)]
    groups = find_twins([str(i) for i in range(200)], np.stack(steps)).groups
    sizes = np.bincount([g for g in groups if g is not None])
    assert 0 < sizes.max() < 60


def test_no_pictures_and_one_picture() -> None:
    assert find_twins([], np.zeros((0, 32, 32, 3), np.uint8)) == Twins((), ())
    assert find_twins(["a"], np.zeros((1, 32, 32, 3), np.uint8)) == Twins((None,), (None,))


def test_cells_find_what_all_pairs_find() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(3000, 63)).astype(np.float32)
    points[2000:] = points[:1000] + 0.25 * rng.normal(size=(1000, 63))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    found = close_pairs(points, np.full(3000, 0.5, np.float32), seed=0)
    distances = np.linalg.norm(points[:1000] - points[2000:], axis=1)
    assert len(found) >= 0.99 * (distances < 0.5).sum()
    assert np.array_equal(found[:, 0] + 2000, found[:, 1])
    assert 0.8 < np.median(usual_distance(points, 50, 0)) < 1.4


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="the shared pictures are missing")
def test_fashion_mnist_is_not_chained() -> None:
    with gzip.open(SHARED / "fashion-mnist" / "train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)[:10_000].copy()
    groups = find_twins([str(i) for i in range(len(pixels))], np.stack([thumb(one) for one in pixels])).groups
    sizes = np.bincount([g for g in groups if g is not None])
    assert sizes.max() <= 8
    assert sizes.sum() < 0.01 * len(pixels)


@pytest.mark.real
@pytest.mark.skipif(not SHARED.exists(), reason="the shared pictures are missing")
def test_twins_of_real_photographs() -> None:
    files = sorted((SHARED / "dogs-vs-cats").rglob("*.jpg"))[::10]
    originals = [decode(file) for file in files]
    for name, change in CHANGES.items():
        copies = [change(Image.fromarray(one)) for one in originals[:60]]
        pairs = near_pairs(np.stack([thumb(one) for one in [*originals, *copies]])).tolist()
        expected = [[i, len(originals) + i] for i in range(60)]
        assert all(pair in expected for pair in pairs), name
        assert len(pairs) >= 59, name


def test_small_pictures_are_found_by_row() -> None:
    thumbs = np.stack([thumb(one) for one in [*unlike(30), *unlike(30)]])
    rows = [*range(29, -1, -1), *range(30, 60)]
    assert find_twins([str(i) for i in range(60)], thumbs, rows).groups == (*range(30), *range(29, -1, -1))
