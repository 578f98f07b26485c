"""The preview of a source: equal to what is made, listed once, never stale, and no way to look where one may not."""

import ast
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from corner_pictures import draw_pictures
from glasshouse.data.decoding.picture import decode
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe
from glasshouse.store.database import Store, open_store
from glasshouse.web.app import create_app
from glasshouse.web.datasets.preview import look, prepared
from glasshouse.web.datasets.sources import kept_source
from glasshouse.web.framework.language import WEB


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of pictures that was last changed an hour ago."""
    folder = draw_pictures(tmp_path / "given" / "pets", each=12)
    return aged(folder)


def aged(folder: Path, seconds: float = 3600) -> Path:
    then = time.time() - seconds
    for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        os.utime(inner, (then, then))
    return folder


@pytest.fixture
def store(tmp_path: Path, place: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "home", folders=(place.parent,))
    yield opened
    opened.close()


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with TestClient(create_app(store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


@pytest.mark.parametrize("mode", ["squash", "crop", "pad", "half-crop"])
@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_a_preview_is_what_the_library_makes(mode: str, encoding: str) -> None:
    random = np.random.default_rng(5)
    for height, width in ((60, 101), (33, 20), (7, 90), (48, 48)):
        smooth = np.asarray(Image.fromarray(random.integers(0, 256, (6, 6, 3), np.uint8)).resize((width, height)))
        recipe = DatasetRecipe(source=".", width=31, height=24, resize=mode, encoding=encoding)
        shown, made = prepared(smooth, recipe), Preprocessing.from_recipe(recipe)(smooth)
        apart = np.abs(shown.astype(int) - made.astype(int))
        assert apart.max() <= 1 if encoding == "raw" else apart.mean() <= 2  # JPEG makes a level into a few of them


def test_counts_and_splits_are_those_that_are_made(place: Path, tmp_path: Path) -> None:
    for index in range(9):
        Image.new("RGB", (8, 8), (index * 20, 9, 9)).save(place / "left" / f"more-{index}.png")
    (place / "rare").mkdir()
    Image.new("RGB", (8, 8)).save(place / "rare" / "one.png")
    (place / "left" / "broken.png").unlink()
    recipe = DatasetRecipe(source=str(place), width=8, height=8, valid=0.3, test=0.2, max_per_class=15, twins=False)
    seen = look(recipe)
    made = create_dataset(recipe, tmp_path / "made")
    assert seen.splits == {name: len(split) for name, split in made.splits.items()}
    assert {one.name: (one.count, one.used) for one in seen.classes} == {
        "both": (12, 12), "left": (21, 15), "right <b>": (12, 12), "rare": (1, 0),
    }  # fmt: skip
    assert (seen.count, seen.used) == (46, 39)


@pytest.mark.parametrize("encoding", ["raw", "png", "jpeg"])
def test_the_size_that_is_told_is_about_right(place: Path, tmp_path: Path, encoding: str) -> None:
    (place / "left" / "broken.png").unlink()
    recipe = DatasetRecipe(source=str(place), width=64, height=64, encoding=encoding, twins=False)
    told = look(recipe).cost
    create_dataset(recipe, tmp_path / "made")
    size = sum(file.stat().st_size for file in (tmp_path / "made").glob("*.arrow"))
    assert told is not None
    assert 0.75 * size < told.size < 1.25 * size
    assert told.seconds > 0


def test_a_source_is_listed_once_while_it_stays_the_same(place: Path) -> None:
    recipe = DatasetRecipe(source=str(place))
    first = kept_source(recipe)
    assert kept_source(recipe.replace(width=32, resize="pad", valid=0.1)) is first
    assert kept_source(recipe.replace(labels={"by": "pattern", "pattern": "(.)"})) is not first


def test_a_changed_source_is_listed_anew(place: Path) -> None:
    recipe = DatasetRecipe(source=str(place))
    count = len(kept_source(recipe).source.items)
    (place / "both" / "new.png").write_bytes((place / "both" / "both-000.png").read_bytes())
    assert len(kept_source(recipe).source.items) == count + 1
    aged(place)
    assert len(kept_source(recipe).source.items) == count + 1
    (place / "both" / "new.png").unlink()
    assert len(kept_source(recipe).source.items) == count
    aged(place, 7200)
    kept_source(recipe)
    (place / "more").mkdir()
    kept_source(recipe)
    (place / "more" / "x.png").write_bytes(b"x")
    assert len(kept_source(recipe).source.items) == count + 1


def test_a_list_that_changed_is_read_anew(place: Path) -> None:
    names = [f"both/both-{k:03d}.png both\nleft/left-{k:03d}.png left\n" for k in range(4)]
    (place / "list.txt").write_text("".join(names))
    aged(place)
    os.utime(place / "list.txt", (1, 1))
    recipe = DatasetRecipe(source=str(place / "list.txt"))
    assert len(kept_source(recipe).source.items) == 8
    (place / "list.txt").write_text("".join(names[:3]))
    assert len(kept_source(recipe).source.items) == 6
    aged(place)
    os.utime(place / "list.txt", (2, 2))
    kept_source(recipe)
    (place / "both" / "both-000.png").unlink()
    assert len(kept_source(recipe).source.items) == 5


def test_a_picture_that_was_painted_over_is_shown_new(place: Path) -> None:
    recipe = DatasetRecipe(source=str(place), width=32, height=32)
    before = look(recipe).classes[0].pictures[0]
    Image.new("RGB", (32, 32), "red").save(place / before.path)
    after = look(recipe).classes[0].pictures[0]
    assert (after.path, after.address == before.address) == (before.path, False)


def test_the_preview_follows_the_form(client: TestClient, place: Path) -> None:
    query = {"source": str(place), "width": "48", "height": "48", "valid": "20", "test": "0", "twins": "yes"}
    text = client.get("/datasets/new/preview", params=query).text
    assert 'id="preview"' in text
    assert "48 × 48" in text
    chosen = {**query, "height": "20", "example": "left/left-003.png", "resize": "pad"}
    text = client.get("/datasets/new/preview", params=chosen).text
    assert text.count("left/left-003.png") >= 1
    assert '<li class="chosen">' in text
    wrong = client.get("/datasets/new/preview", params={**query, "width": "none", "valid": "99", "test": "30"})
    assert wrong.status_code == 200
    assert 'href="#field-width"' in wrong.text


@pytest.mark.parametrize("written", ["{outside}/secret.png", "{outside}/nothing.png", "../../outside/secret.png"])
def test_a_list_shows_nothing_from_outside_not_even_what_there_is(
    client: TestClient, place: Path, tmp_path: Path, written: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    Image.new("RGB", (9, 9), "red").save(outside / "secret.png")
    line = written.format(outside=outside)
    (place / "list.txt").write_text(f"{line} a\nboth/both-000.png b\nleft/left-000.png a\n")
    query = {"source": str(place / "list.txt"), "width": "9", "height": "9"}
    text = client.get("/datasets/new", params=query).text
    assert "lies outside of the folders" in text
    assert "data:image" not in text
    recipe = {"source": str(place / "list.txt")}
    answer = client.post("/api/v1/datasets/preview", json={"recipe": recipe})
    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["relative", "absolute", "table", "folder-of-lists"])
def test_lists_and_tables_are_previewed(client: TestClient, place: Path, tmp_path: Path, kind: str) -> None:
    lists = place.parent / "lists"
    lists.mkdir()
    base = f"{place}/" if kind == "absolute" else ""
    rows = [(f"{base}both/both-{k:03d}.png", 1) for k in range(5)] + [
        (f"{base}left/left-{k:03d}.png", 0) for k in range(7)
    ]
    (lists / "names.txt").write_text("left corner\nboth corners\n")
    source, labels = lists / "all.txt", {"pictures": str(place), "labels_file": str(lists / "names.txt")}
    if kind == "table":
        source = lists / "all.csv"
        source.write_text(
            "which,what\n" + "".join(f"{path},{'left corner' if n == 0 else 'both corners'}\n" for path, n in rows)
        )
        labels = {"pictures": str(place), "path_column": "which", "label_column": "what"}
    elif kind == "folder-of-lists":
        source = lists
        (lists / "train.txt").write_text("".join(f"{path} {n}\n" for path, n in rows[::2]))
        (lists / "val.txt").write_text("".join(f"{path} {n}\n" for path, n in rows[1::2]))
        labels["labels_file"] = str(lists / "names.txt")
    else:
        source.write_text("".join(f"{path} {n}\n" for path, n in rows))
        labels = {"labels_file": labels["labels_file"], **({"pictures": str(place)} if kind == "relative" else {})}
    told = client.post("/api/v1/datasets/preview", json={"recipe": {"source": str(source), "labels": labels}}).json()
    assert {one["name"]: one["count"] for one in told["classes"]} == {"both corners": 5, "left corner": 7}
    form = {"source": str(source), "from": "list", **{f"labels.{name}": value for name, value in labels.items()}}
    assert "12 pictures in 2 classes" in client.get("/datasets/new", params=form).text


def test_an_uploaded_list_names_pictures_of_the_server(client: TestClient, place: Path) -> None:
    lines = "".join(f"both/both-{k:03d}.png both\nleft/left-{k:03d}.png left\n" for k in range(4))
    posted = client.post("/datasets/upload", files=[("files", ("all.txt", lines.encode()))], data={"from": "list"})
    address = posted.headers["location"]
    assert "from=list" in address
    text = client.get(f"{address}&labels.pictures={place}").text
    assert "8 pictures in 2 classes" in text
    made = client.post("/datasets/new", data={"name": "L", "source": address.split("source=")[1].split("&")[0].replace(
        "%3A", ":"), "labels.pictures": str(place), "labels.labels_file": "", "width": "9", "height": "9"})  # fmt: skip
    assert made.status_code == 303


@pytest.mark.parametrize("field", ["source", "valid_source", "test_source", "labels.pictures", "labels.labels_file"])
@pytest.mark.parametrize("path", ["/etc", "../../etc/passwd", "upload:../../x"])
def test_no_field_leads_out_of_the_folders(client: TestClient, place: Path, field: str, path: str) -> None:
    query = {"source": str(place), "width": "9", "height": "9", field: path}
    text = client.get("/datasets/new/preview", params=query).text
    assert "note bad" in text
    assert "data:image" not in text
    assert client.post("/datasets/new", data={**query, "name": "x"}).status_code == 422


def test_every_option_of_the_recipe_is_in_the_form(client: TestClient, place: Path) -> None:
    text = client.get("/datasets/new", params={"source": str(place)}).text  # edits have a page by themselves
    fields = [name for name in DatasetRecipe.model_fields if name not in ("version", "kind", "labels", "edits")]
    python_only = {"digest"}
    fields += [f"labels.{name}" for name in DatasetRecipe(source=".").labels.model_dump() if name not in python_only]
    assert [name for name in fields if f'name="{name}"' not in text] == []


def test_pictures_of_the_preview_may_be_huge(place: Path) -> None:
    Image.new("RGB", (4000, 3000), "blue").save(place / "both" / "both-000.png")
    seen = look(DatasetRecipe(source=str(place), width=32, height=32), "both/both-000.png")
    assert seen.example is not None
    assert (seen.example.width, seen.example.height) == (4000, 3000)
    whole = decode(place / "both" / "both-000.png", "rgb")
    assert whole.shape == (3000, 4000, 3)


def test_an_upload_tells_what_it_has_so_that_it_goes_on(client: TestClient) -> None:
    key = client.post("/api/v1/uploads", json={"name": "pets"}).json()["id"]
    client.put(f"/api/v1/uploads/{key}/files/a/1.png", content=b"abc")
    client.put(f"/api/v1/uploads/{key}/files/a/2.png", params={"total": 9}, content=b"abcd")
    assert client.get(f"/api/v1/uploads/{key}/files").json() == {"a/1.png": 3, "a/2.png": 4}
    client.put(f"/api/v1/uploads/{key}/files/a/2.png", params={"total": 9, "offset": 4}, content=b"efghi")
    assert client.get(f"/api/v1/uploads/{key}/files").json() == {"a/1.png": 3, "a/2.png": 9}


def test_every_kind_of_finding_has_a_title_on_pages() -> None:
    kinds: set[str] = set()
    for file in (WEB.parent / "data").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                kinds |= {one.value for one in node.args[:1] if isinstance(one, ast.Constant)}
    assert len(kinds) > 20
    text = (WEB / "datasets" / "templates" / "findings.html").read_text(encoding="utf-8")
    kinds |= {"path-column", "label-column", "group-column", "split-column"}  # made of the column's part
    assert kinds - set(re.findall(r'"([a-z-]+)": _', text)) == set()
