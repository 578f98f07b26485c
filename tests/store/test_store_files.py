"""Files in the store: which server paths may be named, uploads in pieces, points of a run."""

import hashlib

import pytest

from glasshouse.errors import ConflictError, MissingError, RecipeError, RefusedError
from glasshouse.store.database import Store
from glasshouse.store.places import allowed_path, complete_path
from glasshouse.store.records import UploadRecord
from glasshouse.store.submit import NewDataset, submit_dataset
from glasshouse.store.uploads import begin_upload, delete_upload, finish_upload, received, upload_source, write_piece


@pytest.fixture
def upload(store: Store) -> UploadRecord:
    return begin_upload(store, "pets")


@pytest.mark.parametrize("path", ["/etc/passwd", "{0}/../outside", "{0}/link", "relative/path", "{0}\0", "", "{home}"])
def test_paths_outside_of_the_configured_folders_are_refused(store: Store, path: str) -> None:
    root = store.folders[0]
    (root.parent / "outside").mkdir()
    (root / "link").symlink_to(root.parent / "outside")
    with pytest.raises(RefusedError):
        allowed_path(store, path.format(root, home=store.home))


def test_paths_inside_are_allowed_where_there_is_something(store: Store) -> None:
    root = store.folders[0]
    (root / "cats").mkdir()
    assert allowed_path(store, f"{root}/cats/../cats") == root / "cats"
    with pytest.raises(MissingError, match="nothing at"):
        allowed_path(store, f"{root}/dogs")


def test_completion_stays_inside(store: Store) -> None:
    root = store.folders[0]
    (root / "cats").mkdir()
    (root / "cars.zip").write_bytes(b"")
    (root / ".hidden").mkdir()
    (root / "away").symlink_to("/")
    assert complete_path(store, "") == [f"{root}/"]
    assert complete_path(store, f"{root}/") == [f"{root}/cars.zip", f"{root}/cats/"]
    assert complete_path(store, f"{root}/cat") == [f"{root}/cats/"]
    assert complete_path(store, "/etc/pass") == []
    assert complete_path(store, f"{root}/../") == []
    assert complete_path(store, str(root)[:-2]) == [f"{root}/"]


def test_an_upload_goes_on_where_it_was_broken_off(store: Store, upload: UploadRecord) -> None:
    data = bytes(range(256)) * 40
    assert write_piece(store, upload, "pets.zip", 0, [data[:4000]], len(data)) == 4000
    assert received(store, upload, "pets.zip") == 4000
    with pytest.raises(ConflictError, match="go on from 4000"):
        write_piece(store, upload, "pets.zip", 5000, [data[5000:]], len(data))
    with pytest.raises(ConflictError, match="not whole yet"):
        finish_upload(store, upload)
    write_piece(store, upload, "pets.zip", 4000, [data[4000:]], len(data))
    whole = finish_upload(store, upload, {"pets.zip": hashlib.sha256(data).hexdigest()})
    assert upload_source(store, whole) == f"{upload.folder}/files/pets.zip"
    assert (store.home / upload.folder / "files" / "pets.zip").read_bytes() == data
    with pytest.raises(ConflictError, match="finished"):
        write_piece(store, whole, "more.zip", 0, [b"x"])
    delete_upload(store, whole)
    assert not store.path(upload.folder).exists()


def test_a_damaged_or_too_long_file_is_dropped(store: Store, upload: UploadRecord) -> None:
    write_piece(store, upload, "a.jpg", 0, [b"abc"])
    with pytest.raises(ConflictError, match="damaged"):
        finish_upload(store, upload, {"a.jpg": "0" * 64})
    assert received(store, upload, "a.jpg") == 0
    with pytest.raises(ConflictError, match="was to have 2 bytes"):
        write_piece(store, upload, "b.jpg", 0, [b"abc"], 2)
    with pytest.raises(ConflictError, match="Nothing was uploaded"):
        finish_upload(store, upload)


@pytest.mark.parametrize(
    "name",
    ["../x", "a/../../x", "/etc/x", "..\\x", "C:\\x", ".hidden", "a/.b/c", "", "a\0b", "a//../b", "x" * 2000, "./x"],
)
def test_names_that_climb_out_are_refused(store: Store, upload: UploadRecord, name: str) -> None:
    if name == "./x":
        assert write_piece(store, upload, name, 0, [b"x"]) == 1
        assert (store.path(upload.folder) / "files" / "x").exists()
        return
    with pytest.raises(RecipeError, match="plain relative path"):
        write_piece(store, upload, name, 0, [b"x"])
    assert list(store.home.rglob("x")) == []


def test_an_uploaded_folder_is_a_source_without_its_outer_folder(store: Store, upload: UploadRecord) -> None:
    for name in ("pets/cat/1.jpg", "pets/dog/<b>.jpg"):
        write_piece(store, upload, name, 0, [b"x"])
    with pytest.raises(RecipeError, match="not finished"):
        submit_dataset(store, NewDataset("pets", {"source": f"upload:{upload.id}"}))
    finish_upload(store, upload)
    made = submit_dataset(store, NewDataset("pets", {"source": f"upload:{upload.id}"}))
    assert made.recipe["source"] == f"../{upload.folder}/files/pets"
