"""ImageData: one line from pictures to data, and how it shows itself in a notebook."""

from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.decoding.sizes import parse_size
from glasshouse.data.image_data import ImageData, cache_folder
from glasshouse.errors import RecipeError
from glasshouse.recipe import DatasetRecipe
from pictures import picture, save, write_class_folders


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSHOUSE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_from_folder(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_class_folders(tmp_path / "pets", each=20)
    data = ImageData.from_folder(source, valid=0.2, test=0.1, seed=7, size="32x24", resize="crop")
    assert data.classes == ("cat", "dog")
    assert (len(data.train), len(data.valid or ()), len(data.test or ())) == (28, 8, 4)
    assert data.dataset.recipe.resize == "crop"
    assert data.dataset.path.parent == home / "datasets"
    assert repr(data) == f"<ImageData 2 classes, 28 train, 8 val, 4 test, 32x24, {data.dataset.path}>"
    stamp = (data.dataset.path / "train.arrow").stat().st_mtime_ns
    again = ImageData.from_folder(source, valid=0.2, test=0.1, seed=7, size=(32, 24), resize="crop")
    assert (again.dataset.path / "train.arrow").stat().st_mtime_ns == stamp
    assert ImageData.open(data.dataset.path).dataset.fingerprint == data.dataset.fingerprint
    assert capsys.readouterr() == ("", "")


def test_from_function_and_pattern_agree(tmp_path: Path) -> None:
    for seed in range(24):
        save(tmp_path / "mixed" / f"{'Cat' if seed % 3 else 'dog'}_{seed}.jpg", picture(seed))
    save(tmp_path / "mixed" / "other.jpg", picture(99))
    names = {True: "cat", False: "dog"}
    one = ImageData.from_function(
        tmp_path / "mixed", lambda n: None if n == "other.jpg" else names[n[0].isupper()], size=16
    )
    two = ImageData.from_pattern(tmp_path / "mixed", r"^(Cat|dog)_", size=16)
    assert one.classes == ("cat", "dog")
    assert two.classes == ("Cat", "dog")
    assert one.train.paths == two.train.paths
    assert len(one.train) + len(one.valid or ()) == 24
    assert [(r.path, "label" in r.reason) for r in one.dataset.rejected] == [("other.jpg", True)]


def test_a_function_may_answer_with_anything_that_has_a_name(tmp_path: Path) -> None:
    for seed in range(8):
        save(tmp_path / "mixed" / f"{'Cat' if seed % 2 else 'dog'}_{seed}.jpg", picture(seed))
    data = ImageData.from_function(tmp_path / "mixed", lambda name: name[0].isupper(), size=16)  # fastai's is_cat
    assert data.classes == ("False", "True")


def test_from_csv(tmp_path: Path) -> None:
    lines = ["file,kind"]
    for seed in range(16):
        save(tmp_path / "images" / f"{seed}.png", picture(seed))
        lines.append(f"{seed}.png,{'ab'[seed % 2]}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    data = ImageData.from_csv(
        tmp_path / "labels.csv", tmp_path / "images", path_column="file", label_column="kind", size=16
    )
    assert data.classes == ("a", "b")
    assert len(data.train) == 12


def test_from_arrays(tmp_path: Path) -> None:
    images = np.stack([picture(seed, 20, 24) for seed in range(20)])
    data = ImageData.from_arrays(images, ["ab"[i % 2] for i in range(20)], out=tmp_path / "out", valid=0.2)
    assert (data.dataset.width, data.dataset.height) == (20, 24)
    assert data.dataset.path == tmp_path / "out"
    split = data.train
    numbers = [int(path.rsplit("/", 1)[-1]) for path in split.paths]
    assert np.array_equal(split.rows(np.arange(len(split))), images[numbers])
    assert data.test is None


def test_a_notebook_shows_pictures_and_escapes_names(tmp_path: Path) -> None:
    names = ("<script>alert(1)</script>", 'a"b')
    data = ImageData.from_arrays([picture(s, 20, 20) for s in range(16)], [names[i % 2] for i in range(16)])
    html = data._repr_html_()
    assert "<script>" not in html
    assert 'alt="a"b"' not in html
    assert "&lt;script&gt;alert(1)" in html
    assert html.count('src="data:image/png;base64,') == 12
    assert "http" not in html
    gallery = data.show(4)
    assert len(gallery.labels) == 4
    assert set(gallery.labels) == set(names)
    assert "<Gallery of 4 pictures" in repr(gallery)


def test_the_cache_is_found_by_recipe_and_place(tmp_path: Path, home: Path) -> None:
    one, two = (cache_folder(DatasetRecipe(source=str(tmp_path / name))) for name in ("pets", "other"))
    assert one != two
    assert one.parent == home / "datasets"
    assert one == cache_folder(DatasetRecipe(source=str(tmp_path / "pets")))
    assert one != cache_folder(DatasetRecipe(source=str(tmp_path / "pets"), seed=1))


@pytest.mark.parametrize("size", [224, "224", (224, 224), "224x224", "224×224"])
def test_sizes(size: int | str | tuple[int, int]) -> None:
    assert parse_size(size) == (224, 224)


@pytest.mark.parametrize("size", ["big", "2x3x4", "", -1, "12.5"])
def test_sizes_that_are_none(size: int | str) -> None:
    with pytest.raises(RecipeError):
        parse_size(size)
