"""A new version of a dataset by edits: what changes, what does not, what is refused, and that it can be repeated."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.decoding import picture as decoding
from glasshouse.data.editing.given import edits_given
from glasshouse.data.editing.version import prepare_version
from glasshouse.data.prepare import prepare_dataset
from glasshouse.data.preparing import writing
from glasshouse.data.preparing.resized import resized
from glasshouse.errors import DatasetError, InputError, RecipeError
from glasshouse.events import DatasetReady
from glasshouse.recipe import DatasetRecipe, Edit
from pictures import write_class_folders


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Cats and dogs, with one picture in both folders, a group of two by name, and a sealed test."""
    folder = tmp_path_factory.mktemp("editing")
    source = write_class_folders(folder / "pets", {"cat": 14, "dog": 12}, size=(24, 20))
    shutil.copy(source / "cat" / "cat.0.jpg", source / "dog" / "again.jpg")
    (source / "cat" / "no-picture.jpg").write_bytes(b"no picture")
    recipe = DatasetRecipe(source=str(source), width=16, height=12, valid=0.25, test=0.2, encoding="png")
    dataset = gh.create_dataset(recipe, folder / "pets-made")
    dataset.name_classes({"cat": "a cat"})
    return open_dataset(dataset.path)


def labels(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Return side and class of each picture."""
    return {
        path: (side, dataset.classes[label])
        for side, split in dataset.splits.items()
        for path, label in zip(split.paths, split.labels.tolist())
    }


def of(dataset: Dataset, side: str, label: str, count: int = 1) -> list[str]:
    """Return paths of single pictures of a side and a class."""
    twins = {twin.path for twin in dataset.twins}
    return [path for path, fact in labels(dataset).items() if fact == (side, label) and path not in twins][:count]


def table(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def test_a_version_has_the_edits_and_everything_else_as_before(made: Dataset, tmp_path: Path) -> None:
    wrong, moved = of(made, "train", "cat", 2)
    (left,) = of(made, "val", "dog")
    before = labels(made)
    file = table(tmp_path / "edits.csv", "path,label,exclude,split,why", f"{wrong},dog,,,a dog indeed",
                 f"{moved},,,val,", f"{left},,yes,,blurred", f"{of(made, 'train', 'dog')[0]},dog,,,")  # fmt: skip
    version = gh.edit_dataset(made, file, tmp_path / "two", by="Ann")
    assert labels(version) == {
        **{path: fact for path, fact in before.items() if path != left},
        wrong: ("train", "dog"),
        moved: ("val", "cat"),
    }
    assert labels(made) == before and version.fingerprint != made.fingerprint and version.verify().ok
    assert version.parent is not None and version.parent["fingerprint"] == made.fingerprint
    assert (version.path / version.parent["path"]).resolve() == made.path.resolve()
    assert (version.mean, version.std, version.class_names) == (made.mean, made.std, {"cat": "a cat"})
    told = {entry.path: entry.reason for entry in version.rejected}
    assert told[left] == "left out by an edit: blurred" and "cat/no-picture.jpg" in told
    for split in version.splits.values():
        for row, (path, sha256) in enumerate(zip(split.paths, split.sha256)):
            old = next(one for one in made.splits.values() if path in one.paths)
            place = list(old.paths).index(path)
            assert split.encoded(row) == old.encoded(place) and sha256 == old.sha256[place]
    assert [(set(e.pictures.values()), e.label, e.exclude, e.split, e.by, e.why) for e in version.recipe.edits] == [
        ({wrong}, "dog", False, None, "Ann", "a dog indeed"),
        ({moved}, None, False, "val", "Ann", ""),
        ({left}, None, True, None, "Ann", "blurred"),
    ]
    assert all(edit.at for edit in version.recipe.edits)


def test_versions_of_versions_are_what_the_source_gives_with_the_same_recipe(made: Dataset, tmp_path: Path) -> None:
    a, b, c = of(made, "train", "cat", 3)
    two = gh.edit_dataset(made, [{"path": a, "label": "bird 10"}, {"path": b, "label": "bird 9", "split": "val"},
                                 {"path": c, "label": "bird 9"}], tmp_path / "two")  # fmt: skip
    assert two.classes == ("bird 9", "bird 10", "cat", "dog")
    three = gh.edit_dataset(
        two,
        [{"class_name": "dog", "label": "hound"}, {"class_name": "bird 10", "label": "bird 9"},
         {"path": of(two, "train", "dog")[0], "split": "val"}, {"path": of(two, "val", "dog")[0], "split": "train"},
         {"path": of(two, "test", "cat")[0], "exclude": True}, {"class_name": "cat", "description": "with whiskers"}],
        tmp_path / "three",
    )  # fmt: skip
    assert three.classes == ("bird 9", "cat", "hound") and three.descriptions == {"cat": "with whiskers"}
    again = gh.create_dataset(three.recipe, tmp_path / "again")
    assert again.fingerprint == three.fingerprint and labels(again) == labels(three)
    assert (again.mean, again.std, again.twins, again.rejected) == (
        three.mean, three.std, three.twins, three.rejected)  # fmt: skip
    assert {f.kind: f.message for f in again.warnings} == {f.kind: f.message for f in three.warnings}
    for name, split in three.splits.items():
        assert list(split.paths) == list(again.splits[name].paths)
        assert np.array_equal(split.rows(np.arange(len(split))), again.splits[name].rows(np.arange(len(split))))
    events = list(prepare_dataset(three.recipe, tmp_path / "again"))
    assert isinstance(events[-1], DatasetReady) and events[-1].reused
    for folder in (made.path, three.path):  # pictures at another size are those of the version, from the source
        dataset, out = open_dataset(folder), tmp_path / f"large-{folder.name}"
        list(resized(dataset, 20, 18, out))
        assert labels(open_dataset(out)) == labels(dataset)
    with pytest.raises(DatasetError, match="another size"):
        gh.edit_dataset(tmp_path / "large-three", [{"path": a, "exclude": True}], tmp_path / "four")


def test_no_picture_is_decoded_and_nothing_is_made_twice(
    made: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a picture was decoded")

    monkeypatch.setattr("glasshouse.data.stored.rows.decode_encoded", refuse)
    monkeypatch.setattr(decoding, "decode", refuse)
    edits = [{"path": of(made, "train", "cat")[0], "label": "dog"}]
    gh.edit_dataset(made, edits, tmp_path / "two", by="Ann")
    found, _ = edits_given(made, edits, by="Bob", why="another time")
    monkeypatch.undo()
    events = list(prepare_version(made, found, tmp_path / "two"))
    assert isinstance(events[-1], DatasetReady) and events[-1].reused  # who and when are not what it is
    (tmp_path / "two" / "val.arrow").write_bytes(b"damaged")
    events = list(prepare_version(made, found, tmp_path / "two"))
    assert not events[-1].reused and open_dataset(tmp_path / "two").verify().ok  # type: ignore[attr-defined]


def test_what_stops_halfway_leaves_nothing(made: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "file_entry", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        gh.edit_dataset(made, [{"path": of(made, "train", "cat")[0], "label": "dog"}], tmp_path / "two")
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_the_same_content_change_together(made: Dataset, tmp_path: Path) -> None:
    assert "label-conflict" in {finding.kind for finding in made.warnings}
    version = gh.edit_dataset(made, [{"path": "dog/again.jpg", "label": "cat"}], tmp_path / "two")
    assert {fact[1] for path, fact in labels(version).items() if path in ("dog/again.jpg", "cat/cat.0.jpg")} == {"cat"}
    assert "label-conflict" not in {finding.kind for finding in version.warnings}
    assert len(version.twins) == 2
    away = gh.edit_dataset(made, [{"path": "cat/cat.0.jpg", "exclude": True}], tmp_path / "three")
    assert away.twins == () and not {"cat/cat.0.jpg", "dog/again.jpg"} & set(labels(away))
    assert "twins" not in {finding.kind for finding in away.warnings}


def test_the_sealed_test_stays_sealed(made: Dataset, tmp_path: Path) -> None:
    copy = shutil.copytree(made.path, tmp_path / "copy")
    dataset = open_dataset(copy)
    dataset.open_test("evaluate a model", "Ann")
    quiet = gh.edit_dataset(dataset, [{"path": of(made, "train", "cat")[0], "label": "dog"}], tmp_path / "quiet")
    assert [entry["by"] for entry in quiet.openings()] == ["evaluate a model"]
    out, relabelled, gone = of(made, "test", "cat", 2) + of(made, "test", "dog")
    edits = [{"path": out, "split": "train"}, {"path": relabelled, "label": "dog"}, {"path": gone, "exclude": True},
             {"path": of(made, "train", "dog")[0], "split": "test"}]  # fmt: skip
    found, _ = edits_given(dataset, edits)
    list(prepare_version(dataset, found, tmp_path / "two", "Ann"))
    version = open_dataset(tmp_path / "two")
    assert [(one["by"], one["person"]) for one in version.openings()] == [
        ("evaluate a model", "Ann"), ("edits of 4 pictures of the test split", "Ann")]  # fmt: skip
    assert "test-edited" in {finding.kind for finding in version.warnings}
    assert len(dataset.openings()) == 1 and version.verify().ok
    again = gh.create_dataset(version.recipe, tmp_path / "again")
    assert [one["by"] for one in again.openings()] == ["edits of 4 pictures of the test split"]


def test_a_group_that_is_torn_apart_is_told(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", {"cat": 12, "dog": 12}, size=(24, 20))
    recipe = DatasetRecipe(source=str(source), width=16, height=12, group=r"(cat)\.[0-2]\.")
    dataset = gh.create_dataset(recipe, tmp_path / "made")
    series = [f"cat/cat.{number}.jpg" for number in range(3)]
    other = "train" if labels(dataset)[series[0]][0] == "val" else "val"
    whole = gh.edit_dataset(dataset, [{"path": path, "split": other} for path in series], tmp_path / "whole")
    assert "leak" not in {finding.kind for finding in whole.warnings}
    torn = gh.edit_dataset(dataset, [{"path": series[0], "split": other}], tmp_path / "torn")
    (told,) = [finding.message for finding in torn.warnings if finding.kind == "leak"]
    assert "cat/cat.0.jpg" in told and "Edits or the source" in told


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["path,label", "cat/none.jpg,dog"], "line 2: the dataset has no picture cat/none.jpg; its paths look like"),
        (["path,label", "cat.3.jpg,dog"], "line 2: the dataset has no picture cat.3.jpg; it has cat/cat.3.jpg"),
        (["path,label", "cat/no-picture.jpg,dog"], "line 2: cat/no-picture.jpg was left out of the dataset: "),
        (["path,label", "cat/cat.3.jpg,dog", ",dog"], "line 3: it names no picture"),
        (["sha256,label", f"{'0' * 64},dog"], f"line 2: no picture of the dataset has the content {'0' * 64}"),
        (["path,label", "cat/cat.3.jpg,dog", "cat/cat.3.jpg,bird"], "line 3: cat/cat.3.jpg is to be bird, and by line"),
        (["path,label", "cat/cat.0.jpg,dog", "dog/again.jpg,bird"], "line 3: dog/again.jpg is to be bird, and by line"),
        (["path,split", "cat/cat.3.jpg,somewhere"], "line 2: its split is somewhere; expected train"),
        (["path,exclude", "cat/cat.3.jpg,perhaps"], "line 2: exclude is perhaps; expected yes or no"),
        (["path,label", "cat/cat.3.jpg,dog,more"], "line 2: it has 3 cells, the head has 2"),
        (["path,exlude", "cat/cat.3.jpg,yes"], "Did you mean exclude by exlude?"),
        (["path,label,exlude", "cat/cat.3.jpg,dog,"], "Did you mean exclude by exlude?"),
        (["cat/cat.3.jpg,dog"], "Begin the table with the line path,label,exclude,split."),
        (["path,label", "cat/cat.3.jpg,cat"], "The edits change nothing"),
        ([""], "is empty"),
    ],
)  # fmt: skip
def test_a_line_that_fits_nothing_stops_it(made: Dataset, tmp_path: Path, lines: list[str], told: str) -> None:
    with pytest.raises(InputError) as caught:
        gh.edit_dataset(made, table(tmp_path / "edits.csv", *lines), tmp_path / "two")
    assert told in str(caught.value)
    assert not (tmp_path / "two").exists()


def test_a_table_is_read_as_people_and_programs_write_it(made: Dataset, tmp_path: Path) -> None:
    content = dict(zip(made.splits["train"].paths, made.splits["train"].sha256))
    path = of(made, "train", "dog")[0]
    for number, (lines, encoding) in enumerate([
        (["path;label", f"{path};a cat"], "utf-8-sig"),  # a display name is the class that has it
        (["sep=;", "Path;Label", f"{path};cat"], "cp949"),
        (["sha256,label,score", f"{content[path].upper()},cat,0.5"], "utf-16"),
        (["path\tlabel", path.replace("/", "\\") + "\tcat"], "utf-8"),
        (["path,sha256,label", f"elsewhere/{path},{content[path]},cat"], "utf-8"),
        (["path,label,exclude", f"{path},cat,0", f"{path},,no", "", f"{path},cat,"], "utf-8"),
    ]):  # fmt: skip
        found, _ = edits_given(made, table(tmp_path / f"{number}.csv", *lines, encoding=encoding))
        assert [(edit.pictures, edit.label) for edit in found] == [({content[path]: path}, "cat")], lines
    found, findings = edits_given(made, table(tmp_path / "f.csv", "path,label,note", f"{path},'=1+1,x"))
    assert found[0].label == "=1+1" and [one.kind for one in findings] == ["columns-unread"]


def test_a_picture_that_is_labelled_and_left_out_is_left_out(made: Dataset, tmp_path: Path) -> None:
    path = of(made, "train", "cat")[0]
    version = gh.edit_dataset(made, [{"path": path, "label": "bird", "exclude": True}], tmp_path / "two")
    assert version.classes == made.classes and path not in labels(version)
    with pytest.raises(InputError, match="was left out of the dataset: left out by an edit"):
        gh.edit_dataset(version, [{"path": path, "label": "cat"}], tmp_path / "three")


def test_what_leaves_nothing_to_learn_is_refused(made: Dataset, tmp_path: Path) -> None:
    every = [{"path": path, "split": "val"} for path in made.splits["train"].paths]
    with pytest.raises(DatasetError, match="no picture in the training part"):
        gh.edit_dataset(made, every, tmp_path / "two")
    cats = [{"path": path, "exclude": True} for path, fact in labels(made).items() if fact == ("train", "cat")]
    with pytest.raises(DatasetError, match="no training picture of 'cat'"):
        gh.edit_dataset(made, cats, tmp_path / "two")
    with pytest.raises(DatasetError, match="leave one class, dog"):
        gh.edit_dataset(made, [{"class_name": "cat", "exclude": True}], tmp_path / "two")
    with pytest.raises(DatasetError, match="is the dataset itself"):
        gh.edit_dataset(made, cats[:1], made.path)
    with pytest.raises(RecipeError, match="There is no class 'bird'"):
        gh.edit_dataset(made, [{"class_name": "bird", "label": "cat"}], tmp_path / "two")
    with pytest.raises(RecipeError, match="no such field"):
        gh.edit_dataset(made, [{"path": cats[0]["path"], "lable": "dog"}], tmp_path / "two")
    with pytest.raises(RecipeError, match="does not move"):
        DatasetRecipe(source="s", edits=[Edit(class_name="cat", split="val")])


def test_recipes_without_edits_read_as_before(made: Dataset) -> None:
    assert "edits" not in json.loads(made.recipe.to_json())
    assert "edits" not in json.loads((made.path / "dataset.json").read_text())["recipe_key"]
    assert DatasetRecipe.from_json(made.recipe.to_json()) == made.recipe
