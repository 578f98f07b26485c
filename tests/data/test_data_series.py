"""Series that file names tell stay in one subset by themselves; names that are merely numbered are no series."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe
from pictures import picture, save

Name = Callable[[str, int], str]


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of six signs, each driven past in five pictures."""
    source = tmp_path_factory.mktemp("series") / "signs"
    for label in ("stop", "yield"):
        for track in range(6):
            base = picture(track + 100 * (label == "stop"), 60, 60)
            for frame in range(5):
                noise = np.random.default_rng(frame).normal(0, 25, (60, 60, 1))
                moved = np.roll(base, 2 * frame, axis=1)
                save(source / label / f"{track:05}_{frame:05}.png", np.clip(moved + noise, 0, 255).astype(np.uint8))
    return source


def made(source: Path, out: Path, **fields: object) -> Dataset:
    given = {"width": 24, "height": 24, "twins": False, "valid": 0.3, **fields}
    return create_dataset(DatasetRecipe(source=str(source), **given), out)


def torn(dataset: Dataset) -> int:
    """Count the series that stand on several sides."""
    sides: dict[str, set[str]] = {}
    for name, split in dataset.splits.items():
        for path in split.paths:
            sides.setdefault(path.rsplit("_", 1)[0], set()).add(name)
    return sum(len(found) > 1 for found in sides.values())


def test_a_series_stays_on_one_side_by_itself_and_in_the_folds(signs: Path, tmp_path: Path) -> None:
    dataset = made(signs, tmp_path / "out")
    assert [finding.kind for finding in dataset.warnings] == ["series-kept"]
    assert "12 of them" in dataset.warnings[0].message and "--group none" in dataset.warnings[0].message
    assert torn(dataset) == 0 and "val" in dataset.splits
    for fold in ("fold 1/3", "fold 2/3"):
        assert torn(dataset.learning(fold)) == 0


def test_group_none_and_recipes_of_before_deal_out_single_pictures(signs: Path, tmp_path: Path) -> None:
    alone = made(signs, tmp_path / "none", group="none")
    assert torn(alone) > 0 and alone.warnings == ()
    before = made(signs, tmp_path / "before", version=2)
    assert torn(before) > 0 and [finding.kind for finding in before.warnings] == ["series"]
    assert {n: list(s.paths) for n, s in alone.splits.items()} == {n: list(s.paths) for n, s in before.splits.items()}
    pattern = before.warnings[0].message.split("--group '")[1].split("'")[0]
    grouped = made(signs, tmp_path / "grouped", group=pattern)
    assert grouped.warnings == () and torn(grouped) == 0


def test_a_dataset_that_stands_keeps_its_split_until_another_is_asked_for(signs: Path, tmp_path: Path) -> None:
    before = made(signs, tmp_path / "out", version=2)
    assert made(signs, tmp_path / "out").fingerprint == before.fingerprint
    kept = made(signs, tmp_path / "new")
    assert made(signs, tmp_path / "new", version=2).fingerprint == before.fingerprint != kept.fingerprint


def test_too_few_series_for_each_side_are_told_instead(signs: Path, tmp_path: Path) -> None:
    source = tmp_path / "few"
    for label in ("stop", "yield"):
        for track in range(3):
            for file in sorted((signs / label).glob(f"{track:05}_*.png")):
                (source / label).mkdir(parents=True, exist_ok=True)
                (source / label / file.name).write_bytes(file.read_bytes())
    dataset = made(source, tmp_path / "out", valid=0.3, test=0.3)
    assert {finding.kind for finding in dataset.warnings} <= {"series", "series-kept"}
    assert {"val", "test"} <= set(dataset.splits)


NUMBERED: list[Name] = [
    lambda c, i: f"{c}.{i}.png",
    lambda c, i: f"{c}_{i:04}.png",
    lambda c, i: f"{i}.png",
    lambda c, i: f"{i:06}.png",
    lambda c, i: f"IMG_{i:04}.png",
    lambda c, i: f"IMG-2024{1 + i % 12:02}{1 + i % 28:02}-WA{i:04}.png",
    lambda c, i: f"DSC{i:05}.png",
    lambda c, i: f"photo ({i}).png",
    lambda c, i: f"{c} ({i}) copy.png",
    lambda c, i: f"n0{len(c)}442_{i * 37}.png",
    lambda c, i: f"ILSVRC2012_val_{i:08}.png",
    lambda c, i: f"{i % 7}_{i}.png",
    lambda c, i: f"{i // 5:03}_{i % 5}.png",
    lambda c, i: f"{c}-{i // 4}-{i % 4}.png",
    lambda c, i: f"2024-03-{1 + i % 28:02} {i:02}.png",
    lambda c, i: f"flickr_{i * 7919 % 100_003}_{i % 9}.png",
    lambda c, i: f"batch{i // 6}/{c}_{i}.png",
    lambda c, i: f"image_{i:05}_{'abc'[i % 3]}.png",
    lambda c, i: f"scan{i // 10}.{i % 10}.png",
    lambda c, i: f"{c}{i}_v{i % 3}.png",
]


@pytest.mark.parametrize("number", range(len(NUMBERED)))
def test_names_that_are_numbered_through_are_no_series(number: int, tmp_path: Path) -> None:
    name = NUMBERED[number]
    draw = np.random.default_rng(number)
    for label in ("cat", "dog"):
        for index in range(30):
            tone = draw.integers(40, 215, (1, 1, 3))
            pixels = np.clip(tone + draw.normal(0, 40, (16, 16, 3)), 0, 255).astype(np.uint8)
            save(tmp_path / "set" / label / name(label, index), pixels)
    dataset = ImageData.from_folder(tmp_path / "set", size=16, twins=False, out=tmp_path / "out").dataset
    assert [f for f in dataset.warnings if f.kind in ("series", "series-kept")] == []
    assert sum(map(len, dataset.splits.values())) == 60
