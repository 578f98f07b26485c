"""What the preview of a dataset shows is what is made: counts, classes, their order, the split."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from glasshouse.data.dataset import open_dataset
from glasshouse.data.prepare import create_dataset
from glasshouse.data.samples import sample
from glasshouse.errors import GlasshouseError, SourceError
from glasshouse.recipe import DatasetRecipe
from glasshouse.web.datasets import preview_split
from glasshouse.web.datasets.preview import look
from pictures import picture, save, write_class_folders

SIZES = {"cat": 11, "dog": 7, "새": 5}


def folders(top: Path) -> str:
    return str(write_class_folders(top, SIZES, seed=3))


def parts(top: Path) -> str:
    write_class_folders(top / "train", SIZES, seed=5)
    write_class_folders(top / "val", {"cat": 3, "dog": 2, "새": 1}, seed=700)
    return str(top)


def three_parts(top: Path) -> str:
    parts(top)
    write_class_folders(top / "test", {"cat": 2, "dog": 2, "새": 2}, seed=900)
    return str(top)


def packed(top: Path) -> str:
    inside = Path(parts(top / "in"))
    with ZipFile(top / "all.zip", "w") as archive:
        for file in sorted(inside.rglob("*.jpg")):
            archive.write(file, file.relative_to(inside))
    return str(top / "all.zip")


def table(top: Path) -> str:
    lines = ["file,label,patient"]
    for number, (name, count) in enumerate(SIZES.items()):
        for k in range(count):
            save(top / f"{name}-{k}.png", picture(100 * number + k, tint=number))
            lines.append(f"{name}-{k}.png,{name},p{number}{k // 2}")
    (top / "all.csv").write_text("\n".join(lines), encoding="utf-8")
    return str(top / "all.csv")


def listed(top: Path) -> str:
    for split, start in (("train", 0), ("val", 50)):
        lines = []
        for number, count in ((1, 8), (0, 6)):
            for k in range(count if split == "train" else 2):
                path = f"{split}-{number}-{k}.png"
                save(top / path, picture(start + 100 * number + k, tint=number))
                lines.append(f"{path} {number}")
        (top / f"{split}.txt").write_text("\n".join(lines))
    (top / "labels.txt").write_text("zebra\nant\n")
    return str(top)


def digits(top: Path) -> str:
    return "sample:digits"


def rare(top: Path) -> str:
    folders(top)
    write_class_folders(top, {"once": 1}, seed=40)
    (top / "cat" / "broken.jpg").write_bytes(b"no picture")
    return str(top)


SOURCES = (folders, parts, three_parts, packed, table, listed, digits, rare)
SETTINGS: tuple[dict[str, Any], ...] = (
    {"valid": 0.2, "test": 0.1},
    {"valid": 0.2, "test": 0.0, "split": "random", "seed": 7},
    {"valid": 0.3, "test": 0.2, "max_per_class": 4},
    {"valid": 0.25, "test": 0.25, "split": "ordered"},
    {"valid": 0.25, "test": 0.1, "split": "time"},
    {"valid": 0.0, "test": 0.0, "min_per_class": 6},
    {"valid": 0.2, "test": 0.1, "split": "folder"},
    {"valid": 0.2, "group": r"(\d)\.\w+$"},
)


@pytest.mark.parametrize("make", SOURCES, ids=lambda make: make.__name__)
def test_the_preview_is_what_is_made(make: Callable[[Path], str], tmp_path: Path) -> None:
    source = make(tmp_path / "in")
    for number, settings in enumerate(SETTINGS):
        recipe = DatasetRecipe(source=source, width=8, height=8, twins=False, **settings)
        given = sample(source) if source.startswith("sample:") else None
        seen = look(recipe)
        try:
            made = create_dataset(recipe, tmp_path / f"made-{number}", given)
        except GlasshouseError as error:
            assert seen.refusal == str(error), settings
            continue
        assert seen.refusal == "", settings
        assert seen.splits == {name: len(split) for name, split in made.splits.items()}, settings
        assert [one.name for one in seen.classes if one.used] == list(made.classes), settings
        counts = dict.fromkeys(made.classes, 0)
        for split in made.splits.values():
            for label in split.labels.tolist():
                counts[made.classes[label]] += 1
        assert {one.name: one.used for one in seen.classes if one.used} == counts, settings
        assert seen.used == sum(counts.values())


@pytest.mark.parametrize("make", SOURCES, ids=lambda make: make.__name__)
def test_a_field_that_is_said_to_change_nothing_changes_nothing(make: Callable[[Path], str], tmp_path: Path) -> None:
    """Each field that is told to be idle is set to another value: the same pictures go to the same parts."""
    source = make(tmp_path / "in")
    other = {"valid": 0.37, "test": 0.21, "seed": 99, "quality": 33, "group": r"(\d)\.\w+$", "max_per_class": 5000}
    told: set[str] = set()
    for number, split in enumerate(("auto", "ordered")):
        recipe = DatasetRecipe(source=source, width=8, height=8, twins=False, valid=0.2, test=0.1, split=split)
        given = sample(source) if source.startswith("sample:") else None
        create_dataset(recipe, tmp_path / f"one-{number}", given)
        for name, value in other.items():
            changed = recipe.replace(**{name: value})
            try:
                idle = look(changed).idle
            except SourceError:
                continue
            assert set(idle.values()) <= set(preview_split.IDLE)
            if name not in idle:
                continue
            told.add(name)
            create_dataset(changed, tmp_path / f"two-{number}-{name}", given)
            assert _parts(tmp_path / f"two-{number}-{name}") == _parts(tmp_path / f"one-{number}"), (name, split)
    assert "quality" in told
    if make in (parts, three_parts, packed, listed):
        assert "valid" in told


def test_separate_folders_and_columns_are_told_to_be_idle_too(tmp_path: Path) -> None:
    source, beside = folders(tmp_path / "in"), folders(tmp_path / "val")
    plain = DatasetRecipe(source=source, valid=0.2, test=0.1)
    assert look(plain.replace(valid_source=beside)).idle == {"valid": "own-val"}
    assert look(plain.replace(valid_source=beside, split="random")).idle == {"valid_source": "mixed"}
    assert look(plain.replace(labels={"label_column": "x"})).idle == {"labels.label_column": "no-table"}
    named = look(plain.replace(labels={"by": "pattern", "pattern": r"^(\w+)\.\d", "pictures": beside})).idle
    assert named == {"labels.pictures": "no-list"}
    assert look(plain.replace(labels={"by": "folder", "pattern": "(a)"})).idle == {"labels.pattern": "labels-elsewhere"}


def test_of_many_pictures_the_numbers_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = [
        DatasetRecipe(source=folders(tmp_path / "in"), valid=v, test=t, min_per_class=1)
        for v, t in itertools.product((0.0, 0.07, 0.2, 0.5), (0.0, 0.1, 0.33))
    ]
    dealt = [look(recipe).splits for recipe in recipes]
    monkeypatch.setattr(preview_split, "MOST_DEALT", 0)
    assert [look(recipe).splits for recipe in recipes] == dealt


def _parts(folder: Path) -> dict[str, list[str]]:
    return {name: list(split.paths) for name, split in open_dataset(folder).splits.items()}
