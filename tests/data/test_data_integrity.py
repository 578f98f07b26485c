"""Damage of a dataset: every bit that changes is found, by verify and when it is read; old datasets still open."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.dataset import Dataset, open_dataset, verify_dataset
from glasshouse.data.prepare import create_dataset, prepare_dataset
from glasshouse.data.preparing import arrow_writer
from glasshouse.errors import DamagedDatasetError, DatasetError
from glasshouse.events import DatasetReady, Notice
from glasshouse.integrity import blocks
from glasshouse.integrity.documents import with_checksum
from glasshouse.recipe import DatasetRecipe
from pictures import write_class_folders

FILES = ("dataset.json", "recipe.json", "train.arrow", "val.arrow", "test.arrow", "rejected.csv", "twins.csv")


@pytest.fixture(scope="module", params=["raw", "png"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    source = write_class_folders(folder / "pets", each=20)
    (source / "cat" / "broken.png").write_bytes(b"no picture")
    patch = pytest.MonkeyPatch()
    patch.setattr(arrow_writer, "_BATCH_ROWS", 7)
    patch.setattr(blocks, "BLOCK", 1000)
    recipe = DatasetRecipe(source=str(source), width=16, height=12, test=0.1, encoding=request.param)
    create_dataset(recipe, folder / "out").open_test("one")
    patch.undo()
    return folder / "out"


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "data")
    return tmp_path / "data"


def flip(file: Path, place: int, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1 << bit
    file.write_bytes(content)


def read_all(folder: Path) -> None:
    """Read everything that a dataset has, in the ways in which the rest of the program does."""
    dataset = open_dataset(folder)
    _ = (dataset.summary(), dataset.rejected, dataset.twins)
    for split in dataset.splits.values():
        for one in range(len(split)):
            split.rows([one])
        _ = (split.labels, split.paths, split.sha256, split.sizes, list(split.between(0, len(split))))


def old(folder: Path) -> Path:
    """Make the dataset one of the time before checksums."""
    file = folder / "dataset.json"
    data = json.loads(file.read_text())
    file.write_text(json.dumps({name: value for name, value in data.items() if name not in ("files", "checksum")}))
    return folder


def rewrite(folder: Path, **changes: object) -> None:
    """Change what dataset.json says, with a right checksum."""
    file = folder / "dataset.json"
    file.write_text(json.dumps(with_checksum({**json.loads(file.read_text()), **changes})))


def test_a_whole_dataset_is_whole(place: Path) -> None:
    found = open_dataset(place).verify()
    assert found.ok and {file.state for file in found.files} == {"whole"}
    assert {file.name for file in found.files} == {*FILES, "test-openings.jsonl"}
    assert str(found).endswith("is whole")
    read_all(place)


@pytest.mark.parametrize("name", [*FILES, "test-openings.jsonl"])
def test_every_flipped_bit_is_found(place: Path, name: str) -> None:
    """Of each file some bits (seeded): what is read from then on is never silently something else."""
    file, draw = place / name, random.Random(name)
    content = file.read_bytes()
    before = open_dataset(place).summary()
    for _ in range(40):
        flip(file, draw.randrange(len(content)), draw.randrange(8))
        try:
            found = verify_dataset(place)
            if not found.ok:
                assert {one.name for one in found.damaged} == {name}
            elif name == "dataset.json":  # a blank changed into another: it says the same
                assert open_dataset(place).summary() == before
            else:
                pytest.fail(f"{name}: a flipped bit passed")
        except DatasetError as error:
            assert isinstance(error, DamagedDatasetError) or "has format" in str(error)
            assert name == "dataset.json"
        file.write_bytes(content)


def test_a_flipped_pixel_is_told_when_it_is_read_and_not_before(place: Path) -> None:
    file = place / "train.arrow"
    last = open_dataset(place).splits["train"]
    stored = last.encoded(len(last) - 1)
    flip(file, file.read_bytes().rindex(stored) + len(stored) // 2, 3)
    split = open_dataset(place).splits["train"]
    assert split.rows([0]).shape == (1, 12, 16, 3)
    for read in (lambda: split.rows([-1]), lambda: split.rows(np.arange(len(split))), lambda: split.encoded(-1)):
        with pytest.raises(DamagedDatasetError, match=r"train\.arrow is damaged: bytes .* make the dataset again"):
            read()


def test_damage_of_words_is_told_when_they_are_read(place: Path) -> None:
    file = place / "val.arrow"
    path = open_dataset(place).splits["val"].paths[-1].encode()
    flip(file, file.read_bytes().rindex(path), 0)
    split = open_dataset(place).splits["val"]
    for read in (
        lambda: split.paths,
        lambda: split.search(["cat"]),
        lambda: split.rows_of(["cat/1.png"]),
        lambda: split.row(-1),
        lambda: list(split.between(0, len(split))),
    ):
        with pytest.raises(DamagedDatasetError):
            read()


@pytest.mark.parametrize("name", ["train.arrow", "val.arrow", "recipe.json", "rejected.csv", "twins.csv"])
@pytest.mark.parametrize("how", ["cut", "longer", "empty", "missing", "other"])
def test_a_file_that_is_cut_longer_missing_or_another_is_told(place: Path, name: str, how: str) -> None:
    file = place / name
    content = file.read_bytes()
    if how == "missing":
        file.unlink()
    else:
        other = (place / ("test.arrow" if name.endswith("arrow") else "dataset.json")).read_bytes()
        file.write_bytes({"cut": content[:-3], "longer": content + b"\0", "empty": b"", "other": other}[how])
    with pytest.raises(DamagedDatasetError, match=name.replace(".", r"\.")):
        read_all(place)


def test_a_dataset_made_before_checksums_opens_and_says_what_cannot_be_verified(place: Path) -> None:
    before = open_dataset(place)
    rows = before.splits["train"].rows(np.arange(5))
    dataset = open_dataset(old(place))
    assert np.array_equal(dataset.splits["train"].rows(np.arange(5)), rows)
    assert dataset.summary() == before.summary()
    found = dataset.verify()
    assert found.ok and {file.state for file in found.files if file.name in FILES} == {"unchecked"}
    assert "made before datasets had checksums" in str(found)
    (place / "val.arrow").write_bytes((place / "val.arrow").read_bytes()[:200])
    with pytest.raises(DamagedDatasetError):
        open_dataset(place)


def test_splits_go_to_threads_and_other_processes_with_their_checksums(place: Path) -> None:
    import pickle
    from concurrent.futures import ThreadPoolExecutor

    split = open_dataset(place).splits["train"]
    whole = split.rows(np.arange(len(split)))
    again = pickle.loads(pickle.dumps(split))
    assert again.blocks is not None
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda k: again.rows([k])[0], range(len(split))))
    assert np.array_equal(np.stack(rows), whole)


def test_a_damaged_dataset_is_made_anew_with_its_openings(place: Path) -> None:
    dataset = open_dataset(place)
    file = place / "train.arrow"
    flip(file, file.stat().st_size // 2, 1)
    events = list(prepare_dataset(dataset.recipe, place))
    assert events[-2] == Notice("replaced", f"The dataset at {place} was damaged: it is made anew.")
    assert events[-1] == DatasetReady(str(place), dataset.fingerprint, reused=False)
    assert open_dataset(place).verify().ok and len(open_dataset(place).openings()) == 1
    assert list(prepare_dataset(dataset.recipe, place))[-1] == DatasetReady(str(place), dataset.fingerprint, True)
    (place / "dataset.json").write_text("{")
    assert list(prepare_dataset(dataset.recipe, place))[-1] == DatasetReady(str(place), dataset.fingerprint, False)


def _twice(dataset: Dataset) -> dict[str, object]:
    return {"classes": [dataset.classes[0]] * len(dataset.classes)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (lambda d: {"width": d.width + 1}, "says width 17, recipe.json 16"),
        (lambda d: {"height": 10**9}, "expected a whole number from 1 to 4096 as height"),
        (lambda d: {"channels": 1}, "says channels 1, recipe.json 3"),
        (lambda d: {"mean": [0.5]}, "has 1 numbers as mean, recipe.json means 3 channels"),
        (lambda d: {"std": [0.1, 0.0, 0.1]}, "expected numbers above 0 as std"),
        (lambda d: {"mean": [0.5, "x", 0.5]}, "expected numbers as mean"),
        (_twice, "names the class 'cat' twice"),
        (lambda d: {"classes": []}, "expected a list of names as classes"),
        (lambda d: {"classes": ["cat"]}, "has the label 1, dataset.json has 1 classes"),
        (lambda d: {"splits": {**{n: len(s) for n, s in d.splits.items()}, "val": 3}}, "dataset.json says 3"),
        (lambda d: {"splits": {"train": -1}}, "expected numbers of pictures as splits"),
        (lambda d: {"recipe_key": '{"resize":"pad"}'}, "was made with resize 'pad', recipe.json says 'squash'"),
        (lambda d: {"files": {"train.arrow": {}}}, "the list of checksums is not whole"),
    ],
)
def test_what_disagrees_in_a_dataset_is_told_with_both_values(
    place: Path, changes: Callable[[Dataset], dict[str, object]], words: str
) -> None:
    rewrite(place, **changes(open_dataset(place)))
    with pytest.raises(DamagedDatasetError) as error:
        read_all(place)
    assert words in str(error.value)
    found = verify_dataset(place)
    assert not found.ok and words in str(found)


def test_pictures_of_another_size_than_the_dataset_says_are_told(place: Path) -> None:
    data = json.loads((place / "recipe.json").read_text())
    if data["encoding"] != "raw":
        pytest.skip("encoded pictures are compared when they are decoded")
    old(place)
    for name in ("dataset.json", "recipe.json"):
        file = place / name
        written = {**json.loads(file.read_text()), "width": 17}
        written.pop("recipe_key", None)
        file.write_text(json.dumps(written))
    with pytest.raises(DamagedDatasetError, match=r"its column image is fixed_size_binary\[576\].* 17x12"):
        open_dataset(place)


VALUES: list[object] = [None, True, -1, 0, 10**30, 1e300, float("nan"), "x", "", [], {}, [[]], {"x": 1}, "a" * 10_000,
                        ["a", "a"], [0.0]]  # fmt: skip


@pytest.mark.parametrize("name", ["dataset.json", "recipe.json"])
@pytest.mark.parametrize("checked", [True, False])
def test_documents_of_a_dataset_may_hold_anything(place: Path, name: str, checked: bool) -> None:
    """Every field of dataset.json and recipe.json becomes many things (seeded) or is taken out: words, or it opens."""
    if not checked:
        old(place)
    whole, draw = json.loads((place / name).read_text()), random.Random(name)
    for key in whole:
        for value in (*draw.sample(VALUES, 6), ...):
            data = {k: v for k, v in whole.items() if k != key}
            data |= {} if value is ... else {key: value}
            (place / name).write_text(json.dumps(with_checksum(data) if checked and name == "dataset.json" else data))
            try:
                _ = str(verify_dataset(place))
                read_all(place)
            except DatasetError as error:
                assert len(str(error)) < 3000
    for text in ("[" * 50_000, '{"a":' * 2000 + "1" + "}" * 2000, "null", "", '{"kind": 1, "kind": 2}'):
        (place / name).write_text(text)
        with pytest.raises(DatasetError):
            read_all(place)
