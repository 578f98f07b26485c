"""Making a dataset: counts, reuse, replacement, and nothing half-made whatever happens."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.dataset import open_dataset
from glasshouse.data.decoding.picture import decode, resize
from glasshouse.data.items import Given
from glasshouse.data.prepare import create_dataset, prepare_dataset
from glasshouse.data.preparing import staging as staging_module
from glasshouse.errors import DatasetError, GlasshouseError, SourceError
from glasshouse.events import DatasetReady, Event, Notice, Progress
from glasshouse.recipe import DatasetRecipe
from pictures import picture, save, truncated_jpeg, write_class_folders, write_splits


def recipe(source: Path, **fields: object) -> DatasetRecipe:
    return DatasetRecipe(**{"source": str(source), "width": 32, "height": 24, **fields})


def beside(out: Path) -> list[str]:
    return sorted(p.name for p in out.parent.iterdir() if p.name.startswith(f".{out.name}"))


def test_a_folder_of_classes_becomes_a_dataset(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", {"cat": 20, "dog": 12})
    events: list[Event] = []
    dataset = create_dataset(recipe(source, valid=0.25, test=0.25), tmp_path / "out", report=events.append)
    summary = dataset.summary()
    assert summary["classes"] == ["cat", "dog"]
    assert summary["splits"] == {
        "train": {"count": 16, "classes": {"cat": 10, "dog": 6}},
        "val": {"count": 8, "classes": {"cat": 5, "dog": 3}},
        "test": {"count": 8, "classes": {"cat": 5, "dog": 3}},
    }
    assert summary["rejected"] == []
    assert summary["warnings"] == []
    assert isinstance(events[-1], DatasetReady)
    assert any(isinstance(e, Progress) and e.stage == "reading" and e.done == e.total == 32 for e in events)
    assert beside(tmp_path / "out") == []


@pytest.mark.parametrize("encoding", ["raw", "png", "jpeg"])
@pytest.mark.parametrize("color", ["rgb", "gray"])
def test_rows_are_the_pictures(tmp_path: Path, encoding: str, color: str) -> None:
    source = write_class_folders(tmp_path / "pets", each=8)
    dataset = create_dataset(recipe(source, encoding=encoding, color=color, quality=100), tmp_path / "out")
    split = dataset.splits["train"]
    rows = split.rows(np.array([3, 0, -1]))
    assert rows.shape == (3, 24, 32, 3 if color == "rgb" else 1)
    for row, index in zip(rows, [3, 0, len(split) - 1]):
        expected = resize(decode(source / split.paths[index], color), 32, 24, "squash")
        assert np.abs(row.astype(int) - expected).max() <= (0 if encoding != "jpeg" else 16)
        assert dataset.classes[split.labels[index]] == split.paths[index].split("/")[0]
        assert np.array_equal(dataset.preprocessing((source / split.paths[index]).read_bytes()), row)


def test_mean_and_deviation_are_those_of_the_training_pixels(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=8)
    dataset = create_dataset(recipe(source), tmp_path / "out")
    train = dataset.splits["train"]
    pixels = train.rows(np.arange(len(train))).reshape(-1, 3) / 255
    assert np.allclose(dataset.mean, pixels.mean(0), atol=1e-5)
    assert np.allclose(dataset.std, pixels.std(0), atol=1e-5)


def test_what_cannot_be_used_is_listed(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=8)
    (source / "cat" / "torn.jpg").write_bytes(truncated_jpeg())
    (source / "cat" / "empty.png").write_bytes(b"")
    (source / "dog" / "words.jpg").write_text("not a picture")
    save(source / "bird" / "one.png", picture(99))
    dataset = create_dataset(recipe(source), tmp_path / "out")
    reasons = {entry.path: entry.reason for entry in dataset.rejected}
    assert set(reasons) == {"cat/torn.jpg", "cat/empty.png", "dog/words.jpg", "bird/one.png"}
    assert "zero bytes" in reasons["cat/empty.png"]
    assert reasons["bird/one.png"] == "class 'bird' has 1 usable picture, fewer than the 2 required per class"
    with (dataset.path / "rejected.csv").open(newline="", encoding="utf-8-sig") as lines:
        assert {row["path"] for row in csv.DictReader(lines)} == set(reasons)
    assert dataset.classes == ("cat", "dog")


def test_most_per_class_is_a_random_sample_that_replaces_bad_pictures(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=20)
    for number in range(6):
        (source / "cat" / f"cat.{number}.jpg").write_bytes(b"bad")
    dataset = create_dataset(recipe(source, max_per_class=10), tmp_path / "out")
    used = [p for split in dataset.splits.values() for p in split.paths]
    assert sum(p.startswith("cat") for p in used) == sum(p.startswith("dog") for p in used) == 10
    numbers = sorted(int(p.split(".")[1]) for p in used if p.startswith("dog"))
    assert numbers != list(range(10))
    assert [w.kind for w in dataset.warnings] == ["max-per-class"]


def test_twins_stay_on_one_side_and_are_told(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=30, size=(80, 60))
    for number in range(10):
        shutil.copy(source / "cat" / f"cat.{number}.jpg", source / "cat" / f"copy.{number}.jpg")
        near = resize(decode(source / "dog" / f"dog.{number}.jpg"), 50, 40, "squash")
        save(source / "dog" / f"near.{number}.jpg", near)
    shutil.copy(source / "cat" / "cat.20.jpg", source / "dog" / "wrong.jpg")
    dataset = create_dataset(recipe(source), tmp_path / "out")
    side = {p: name for name, split in dataset.splits.items() for p in split.paths}
    assert all(side[f"cat/cat.{n}.jpg"] == side[f"cat/copy.{n}.jpg"] for n in range(10))
    assert all(side[f"dog/dog.{n}.jpg"] == side[f"dog/near.{n}.jpg"] for n in range(10))
    assert side["cat/cat.20.jpg"] == side["dog/wrong.jpg"]
    assert dataset.summary()["twins"] == {"equal": 22, "near": 20, "groups": 21}
    assert [w.kind for w in dataset.warnings] == ["label-conflict", "twins", "near-twins"]
    assert {(t.kind, t.split) for t in dataset.twins if t.path == "dog/near.3.jpg"} == {
        ("near", side["dog/near.3.jpg"])
    }
    free = create_dataset(recipe(source, twins=False), tmp_path / "free")
    assert free.summary()["twins"] == {"equal": 0, "near": 0, "groups": 0}


def test_a_leak_between_given_folders_is_told_and_left(tmp_path: Path) -> None:
    source = write_splits(tmp_path / "pets", {"train": 10, "val": 5})
    shutil.copy(source / "train" / "cat" / "cat.3.jpg", source / "val" / "cat" / "again.jpg")
    dataset = create_dataset(recipe(source), tmp_path / "out")
    assert len(dataset.splits["val"]) == 11
    leak = next(w for w in dataset.warnings if w.kind == "leak")
    assert "1 pictures outside of training" in leak.message
    assert "train/cat/cat.3.jpg and val/cat/again.jpg" in leak.message


def test_numbered_names_are_no_series(tmp_path: Path) -> None:
    dataset = create_dataset(recipe(write_class_folders(tmp_path / "pets", each=30)), tmp_path / "out")
    assert dataset.warnings == ()


def test_odd_pictures_and_rare_classes_are_told(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", {"cat": 40, "dog": 4})
    save(source / "dog" / "blank.png", np.full((30, 40, 3), 7, np.uint8))
    save(source / "dog" / "tiny.png", picture(5, 5, 5))
    dataset = create_dataset(recipe(source, valid=0.2), tmp_path / "out")
    assert [w.kind for w in dataset.warnings] == ["imbalance", "tiny", "blank"]


def test_the_same_source_elsewhere_has_the_same_fingerprint_and_is_not_made_twice(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=8)
    first = create_dataset(recipe(source), tmp_path / "a")
    shutil.copytree(source, tmp_path / "elsewhere")
    second = create_dataset(recipe(tmp_path / "elsewhere"), tmp_path / "b")
    assert first.fingerprint == second.fingerprint
    stamp = (tmp_path / "a" / "train.arrow").stat().st_mtime_ns
    for place in (source, tmp_path / "elsewhere", source):
        (*_, last) = prepare_dataset(recipe(place), tmp_path / "a")
        assert last == DatasetReady(str(tmp_path / "a"), first.fingerprint, reused=True)
    assert (tmp_path / "a" / "train.arrow").stat().st_mtime_ns == stamp
    assert create_dataset(recipe(source, seed=1), tmp_path / "c").fingerprint != first.fingerprint


def test_a_changed_source_or_recipe_replaces_the_dataset_and_tells(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=8)
    first = create_dataset(recipe(source), tmp_path / "out")
    save(source / "cat" / "cat.3.jpg", picture(777))
    events = list(prepare_dataset(recipe(source), tmp_path / "out"))
    assert events[-2] == Notice(
        "replaced", f"The dataset at {tmp_path / 'out'} is replaced: its recipe or its pictures changed."
    )
    assert open_dataset(tmp_path / "out").fingerprint != first.fingerprint
    assert create_dataset(recipe(source, width=16), tmp_path / "out").width == 16
    assert beside(tmp_path / "out") == []


def test_a_folder_that_is_no_dataset_is_left_alone(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=4)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("precious")
    with pytest.raises(DatasetError, match="is not a dataset of this version, so it is left alone"):
        create_dataset(recipe(source), tmp_path / "out")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "precious"
    create_dataset(recipe(source), tmp_path / "other")
    (tmp_path / "other" / "notes.txt").write_text("precious")
    with pytest.raises(DatasetError, match=r"also holds notes\.txt"):
        create_dataset(recipe(source, width=16), tmp_path / "other")
    assert (tmp_path / "other" / "notes.txt").read_text() == "precious"
    assert beside(tmp_path / "other") == []


def test_a_dataset_is_not_made_inside_its_source(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=4)
    for place in (source, source / "data"):
        with pytest.raises(DatasetError, match="inside of its source"):
            create_dataset(recipe(source), place)


def test_given_labels_and_arrays_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    images = np.stack([picture(seed, 20, 20) for seed in range(24)])
    given = Given(images=images, targets=[i % 2 for i in range(24)], classes=["even", "odd"])
    first = create_dataset(recipe(Path("arrays")), tmp_path / "a", given)
    assert first.classes == ("even", "odd")
    (*_, last) = prepare_dataset(recipe(Path("arrays")), tmp_path / "a", given)
    assert isinstance(last, DatasetReady)
    assert last.reused
    other = Given(images=images[::-1].copy(), targets=[i % 2 for i in range(24)], classes=["even", "odd"])
    assert create_dataset(recipe(Path("arrays")), tmp_path / "a", other).fingerprint != first.fingerprint


def test_names_in_any_script_stay_as_they_are(tmp_path: Path) -> None:
    names = ("고양이", "собака", "<b>&bird", "a b", "a_b")
    source = write_class_folders(tmp_path / "동물", names, each=4)
    dataset = create_dataset(recipe(source), tmp_path / "자료")
    assert set(dataset.classes) == set(names)
    assert open_dataset(tmp_path / "자료").summary()["splits"]["train"]["classes"]["고양이"] == 3


@pytest.mark.parametrize("counts", [{"cat": 5}, {"cat": 5, "dog": 1}, {}])
def test_fewer_than_two_classes_is_one_clear_error(tmp_path: Path, counts: dict[str, int]) -> None:
    (tmp_path / "pets").mkdir()
    source = write_class_folders(tmp_path / "pets", counts)
    with pytest.raises(SourceError):
        create_dataset(recipe(source), tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pets"]


def test_an_interrupted_job_leaves_nothing(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=40)
    events = prepare_dataset(recipe(source), tmp_path / "out")
    next(events)
    assert len(beside(tmp_path / "out")) == 1
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pets"]


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"The disk .* is full"), staging_module.staging(tmp_path / "out"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_job_is_cleaned_up_by_the_next_one(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=60, size=(400, 300))
    script = (
        "import sys; from glasshouse.data.prepare import create_dataset; from glasshouse.recipe import DatasetRecipe\n"
        "create_dataset(DatasetRecipe(source=sys.argv[1], width=32, height=24), sys.argv[2])"
    )
    out = tmp_path / "out"
    child = subprocess.Popen([sys.executable, "-c", script, str(source), str(out)])
    while not beside(out) and child.poll() is None:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not out.exists()
    assert len(beside(out)) == 1
    assert len(create_dataset(recipe(source), out).splits["train"]) == 90
    assert beside(out) == []


def test_a_staging_folder_of_a_living_process_is_left(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=4)
    with staging_module.staging(tmp_path / "out") as folder:
        create_dataset(recipe(source), tmp_path / "out")
        assert folder.exists()


def test_a_dataset_that_lost_its_place_is_put_back(tmp_path: Path) -> None:
    create_dataset(recipe(write_class_folders(tmp_path / "pets", each=4)), tmp_path / "out")
    host = staging_module._host()
    os.rename(tmp_path / "out", tmp_path / f".out.replaced-999999999-1-{host}-abcdef")
    staging_module.clean_stale(tmp_path / "out")
    assert open_dataset(tmp_path / "out").classes == ("cat", "dog")


def test_memory_is_bounded_whatever_the_number_of_files(tmp_path: Path) -> None:
    few = write_class_folders(tmp_path / "few", each=50, size=(200, 150))
    many = write_class_folders(tmp_path / "many", each=400, size=(200, 150))
    peaks = []
    for source in (few, many):
        tracemalloc.start()
        create_dataset(recipe(source, width=128, height=128, twins=False), tmp_path / f"{source.name}-out")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 30 * 2**20  # 700 more are 34 MB; a batch is up to 32 MB


def test_every_error_is_one_of_ours(tmp_path: Path) -> None:
    with pytest.raises(GlasshouseError):
        create_dataset(recipe(tmp_path / "missing"), tmp_path / "out")
    source = write_class_folders(tmp_path / "pets", each=4)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatasetError):
        create_dataset(recipe(source), tmp_path / "file" / "out")
