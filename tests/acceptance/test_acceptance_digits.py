"""What NVIDIA DIGITS' own tests hold it to, and what its users met, asked of the Studio through its API.

Its bad ends are tests here too: a class that vanishes, lists without a word about what was left out, percentages above
100, rows that got each other's answers.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import Desk
from glasshouse.data.dataset import open_dataset
from glasshouse.store.datasets import get_dataset
from pictures import jpeg_bytes, picture, png_bytes, save, truncated_jpeg, write_class_folders

CLASSES = ("blue", "green", "red")


@pytest.fixture(scope="module")
def folder(desk: Desk) -> Path:
    """Ten pictures in each of three classes."""
    return write_class_folders(desk.given / "plain", CLASSES, each=10)


def lists(desk: Desk, absolute: bool) -> Path:
    place = desk.given / ("absolute" if absolute else "relative")
    place.mkdir()
    (place / "labels.txt").write_text("\n".join(CLASSES) + "\n")
    source = desk.given / "plain"
    for split, numbers in (("train", range(8)), ("val", range(8, 10))):
        names = [(f"{name}/{name}.{n}.jpg", label) for label, name in enumerate(CLASSES) for n in numbers]
        lines = [f"{source / path if absolute else Path('..', 'plain', path)} {label}" for path, label in names]
        (place / f"{split}.txt").write_text("\n".join(lines) + "\n")
    return place


@pytest.fixture(scope="module")
def made(desk: Desk, folder: Path) -> dict[str, Any]:
    """All datasets of these tests, asked for at once, each at its end."""
    small = write_class_folders(desk.given / "small", {"blue": 10, "few": 3, "green": 10}, seed=500)
    shapes = desk.given / "shapes"
    for n, name in enumerate(CLASSES):
        for k in range(6):
            size = ((60, 20), (20, 60), (33, 31))[k % 3]
            pixels = picture(9000 + 100 * n + k, *size, channels=1 if k % 2 else 3, tint=n)
            save(shapes / name / f"{k}.{'png' if k % 2 else 'jpg'}", pixels)
    bad = write_class_folders(desk.given / "bad", CLASSES, each=4, seed=7000)
    (bad / "blue" / "half.jpg").write_bytes(truncated_jpeg())
    (bad / "green" / "text.png").write_text("no picture")
    (bad / "red" / "nothing.jpg").touch()
    validation = write_class_folders(desk.given / "validation", CLASSES, each=3, seed=80_000)
    ids = {
        "exact": desk.dataset("exact", folder, valid=0.2, test=0.1),
        "most": desk.dataset("most", folder, valid=0.2, test=0.2, max_per_class=5),
        "least": desk.dataset("least", small, min_per_class=5),
        "absolute": desk.dataset("absolute", lists(desk, True)),
        "relative": desk.dataset("relative", lists(desk, False)),
        "separate": desk.dataset("separate", folder, valid_source=str(validation)),
        "bad": desk.dataset("bad", bad),
    }
    for resize in ("squash", "crop", "pad", "half-crop"):
        ids[resize] = desk.dataset(resize, shapes, resize=resize, width=12, height=9, encoding="png")
    for encoding in ("raw", "jpeg"):
        ids[f"gray {encoding}"] = desk.dataset(encoding, shapes, color="gray", encoding=encoding)
    return {name: desk.wait(f"/datasets/{found}") for name, found in ids.items()}


def counts(found: dict[str, Any]) -> dict[str, int]:
    assert found["state"] == "done", found["job"]
    return {name: split["count"] for name, split in found["summary"]["splits"].items()}


def test_a_fifth_and_a_tenth_are_exact_and_nothing_is_lost(made: dict[str, Any]) -> None:
    assert counts(made["exact"]) == {"train": 21, "val": 6, "test": 3}
    assert made["exact"]["summary"]["splits"]["test"]["classes"] == dict.fromkeys(CLASSES, 1)


def test_at_most_so_many_a_class(made: dict[str, Any]) -> None:
    assert counts(made["most"]) == {"train": 9, "val": 3, "test": 3}
    assert any(one["kind"] == "max-per-class" for one in made["most"]["summary"]["warnings"])


def test_exactly_the_class_that_is_too_small_is_left_out_and_said_so(made: dict[str, Any]) -> None:
    found = made["least"]
    assert found["summary"]["classes"] == ["blue", "green"]
    assert sum(counts(found).values()) == 20
    left = [one["path"] for one in found["summary"]["rejected"]]
    assert sorted(left) == [f"few/few.{n}.jpg" for n in range(3)]


@pytest.mark.parametrize("kind", ["absolute", "relative"])
def test_text_lists(made: dict[str, Any], kind: str) -> None:
    assert counts(made[kind]) == {"train": 24, "val": 6}
    assert made[kind]["summary"]["classes"] == list(CLASSES)


def test_a_separate_folder_is_the_validation_and_nothing_else_is(made: dict[str, Any]) -> None:
    assert counts(made["separate"]) == {"train": 30, "val": 9}


def test_what_cannot_be_read_is_listed_and_stops_nothing(made: dict[str, Any]) -> None:
    assert sum(counts(made["bad"]).values()) == 12
    reasons = {one["path"]: one["reason"] for one in made["bad"]["summary"]["rejected"]}
    assert set(reasons) == {"blue/half.jpg", "green/text.png", "red/nothing.jpg"}
    assert all(reasons.values())


@pytest.mark.parametrize("resize", ["squash", "crop", "pad", "half-crop"])
def test_each_way_of_resizing_gives_the_asked_shape(desk: Desk, made: dict[str, Any], resize: str) -> None:
    assert sum(counts(made[resize]).values()) == 18
    dataset = open_dataset(desk.store.path(get_dataset(desk.store, made[resize]["id"]).folder))
    rows = dataset.splits["train"].rows(np.arange(2))
    assert (rows.shape, rows.dtype) == ((2, 9, 12, 3), np.uint8)


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_colour_becomes_grey(desk: Desk, made: dict[str, Any], encoding: str) -> None:
    assert sum(counts(made[f"gray {encoding}"]).values()) == 18
    dataset = open_dataset(desk.store.path(get_dataset(desk.store, made[f"gray {encoding}"]["id"]).folder))
    assert dataset.splits["train"].rows(np.arange(1)).shape == (1, 10, 10, 1)


def test_every_dataset_has_its_pages(desk: Desk, made: dict[str, Any]) -> None:
    for found in made.values():
        for page in ("", "/explore", "/explore?split=val"):
            answer = desk.client.get(f"/datasets/{found['id']}{page}")
            assert answer.status_code == 200, f"{found['name']}{page}"


@pytest.mark.parametrize(
    ("recipe", "field"),
    [
        ({"source": "{given}/nowhere"}, "source"),
        ({"source": "https://example.invalid/pictures"}, "source"),
        ({"valid": 0.7, "test": 0.5}, "valid"),
        ({"valid": -0.1}, "valid"),
        ({"width": 0}, "width"),
        ({"width": "wide"}, "width"),
        ({"valid_source": "{given}/nowhere"}, "valid_source"),
        ({"min_per_class": 9, "max_per_class": 2}, "max_per_class"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_a_job(
    desk: Desk, folder: Path, recipe: dict[str, Any], field: str
) -> None:
    asked = {"source": str(folder), **recipe}
    asked = {k: v.format(given=desk.given) if isinstance(v, str) else v for k, v in asked.items()}
    before = len(desk.get("/jobs")["items"])
    answer = desk.client.post("/api/v1/datasets", json={"name": "never", "recipe": asked})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    assert len(desk.get("/jobs")["items"]) == before


def test_bad_lines_of_a_list_are_named(desk: Desk, folder: Path) -> None:
    place = desk.given / "lines"
    place.mkdir()
    good = [f"../plain/{name}/{name}.{n}.jpg {label}" for label, name in enumerate(CLASSES) for n in range(3)]
    (place / "labels.txt").write_text("\n".join(CLASSES) + "\n")
    wrong = ["../plain/blue/blue.5.jpg", "../plain/blue/blue.6.jpg 7", "../plain/blue/none.jpg 0"]
    (place / "train.txt").write_text("\n".join(good + wrong) + "\n")
    found = desk.wait(f"/datasets/{desk.dataset('lines', place)}")
    assert found["state"] == "done", found["job"]["reason"]
    told = str(found["summary"]["rejected"]) + str(found["summary"]["warnings"])
    assert sum(counts(found).values()) == 9
    assert all(name in told for name in ("blue.5.jpg", "blue.6.jpg", "none.jpg"))


@pytest.fixture(scope="module")
def trained(desk: Desk, made: dict[str, Any]) -> dict[str, list[Any]]:
    """All trainings of these tests, asked for at once, each at its end."""
    exact = made["exact"]["id"]
    ids = {
        "sweep": desk.models("sweep", exact, {"lr": [0.01, 0.001], "batch_size": [4, 8]}),
        "kept": desk.models("kept", exact, epochs=4, checkpoints={"keep_every": 2}),
        "learnt": desk.models("learnt", exact, epochs=60, optimizer={"lr": 0.01}),
        "gathered": desk.models("gathered", exact, epochs=2, batch_size=4, accumulate=2),
    }
    return {name: [desk.wait(f"/models/{one}") for one in found] for name, found in ids.items()}


def test_two_rates_by_two_batch_sizes_are_four_jobs(trained: dict[str, list[Any]]) -> None:
    found = {(m["recipe"]["optimizer"]["lr"], m["recipe"]["batch_size"]) for m in trained["sweep"]}
    assert found == {(0.01, 4), (0.01, 8), (0.001, 4), (0.001, 8)}
    assert [m["state"] for m in trained["sweep"]] == ["done"] * 4
    assert len({m["sweep_id"] for m in trained["sweep"]}) == 1


def test_four_epochs_kept_every_second_are_two_checkpoints(desk: Desk, trained: dict[str, list[Any]]) -> None:
    names = [one["name"] for one in desk.get(f"/models/{trained['kept'][0]['id']}/checkpoints")]
    assert sorted(name for name in names if name.startswith("epoch")) == [
        "epoch-0002.safetensors",
        "epoch-0004.safetensors",
    ]


def test_gathered_batches_make_fewer_steps(desk: Desk, trained: dict[str, list[Any]]) -> None:
    points = desk.get(f"/models/{trained['gathered'][0]['id']}/points?since=0")["points"]
    steps = [point["step"] for point in points if "step" in point]
    assert max(steps) == 2 * -(-21 // 8)


def test_every_class_is_told_and_the_answer_stays_the_same(
    desk: Desk, folder: Path, trained: dict[str, list[Any]]
) -> None:
    model = trained["learnt"][0]["id"]
    answers = {}
    for name in CLASSES:
        path = folder / name / f"{name}.0.jpg"
        by_bytes = desk.client.post(f"/api/v1/models/{model}/predict", content=path.read_bytes()).json()
        by_path = desk.client.post(f"/api/v1/models/{model}/predict?path={path}").json()
        assert by_bytes["top"] == by_path["top"]
        answers[name] = by_bytes["label"]
    assert answers == {name: name for name in CLASSES}


def test_many_more_than_a_batch_keep_their_rows(desk: Desk, folder: Path, trained: dict[str, list[Any]]) -> None:
    """DIGITS gave the first rows of a list the answers of the last ones (its issue 391)."""
    model = trained["learnt"][0]["id"]
    job = desk.post(f"/models/{model}/classify", {"source": str(folder)})
    found = desk.wait(f"/jobs/{job['id']}")
    assert found["state"] == "done", found["reason"]
    rows = desk.get(f"/jobs/{job['id']}/predictions")
    rows = rows["items"] if isinstance(rows, dict) else rows
    assert len(rows) == 30
    for row in rows[::7]:
        alone = desk.client.post(f"/api/v1/models/{model}/predict?path={folder / row['path']}").json()
        assert (row["label"], row["probability"]) == (alone["label"], alone["probability"])


def test_weights_of_an_earlier_model_start_the_next_twice(
    desk: Desk, made: dict[str, Any], trained: dict[str, list[Any]]
) -> None:
    start = f"model:{trained['kept'][0]['id']}:epoch-0002.safetensors"
    twice = [desk.models(f"again {n}", made["exact"]["id"], weights=start)[0] for n in range(2)]
    assert [desk.wait(f"/models/{one}")["state"] for one in twice] == ["done", "done"]


def test_a_broken_network_shows_the_cause(desk: Desk, made: dict[str, Any]) -> None:
    asked = {"name": "broken", "dataset_id": made["exact"]["id"], "recipe": {"network": "LeNett"}}
    answer = desk.client.post("/api/v1/models", json=asked)
    assert answer.status_code == 422 and "LeNett" in answer.text and "LeNet," in answer.text, "told before a job begins"
    (model,) = desk.models("broken", made["exact"]["id"], network="resnet18.no_such_tag")
    found = desk.wait(f"/models/{model}")
    assert found["state"] == "failed"
    assert "resnet18.no_such_tag" in found["job"]["reason"]
    assert "ResNet18" in found["job"]["reason"]
    assert "resnet18.no_such_tag" in desk.client.get(f"/models/{model}").text


def test_a_network_that_does_not_fit_shows_the_cause(desk: Desk, made: dict[str, Any]) -> None:
    asked = {"name": "x", "dataset_id": made["exact"]["id"], "recipe": {"network": "InceptionV3"}}
    answer = desk.client.post("/api/v1/models", json=asked)
    if answer.status_code == 201:
        found = desk.wait(f"/models/{answer.json()['items'][0]['id']}")
        assert found["state"] == "failed"
        told = found["job"]["reason"]
    else:
        told = answer.text
    assert "InceptionV3" in told
    assert "10x10" in told
    page = desk.client.get(f"/models/{answer.json()['items'][0]['id']}").text if answer.status_code == 201 else told
    assert "10x10" in page


def test_a_model_waits_for_its_dataset_and_goes_with_it(desk: Desk, folder: Path) -> None:
    dataset = desk.dataset("late", folder, seed=5)
    (model,) = desk.models("waits", dataset)
    assert desk.get(f"/models/{model}")["job"]["depends_on"] == desk.get(f"/datasets/{dataset}")["job"]["id"]
    assert desk.client.delete(f"/api/v1/datasets/{dataset}").status_code == 409
    assert desk.wait(f"/models/{model}")["state"] == "done"
    assert desk.client.delete(f"/api/v1/datasets/{dataset}").status_code == 409
    assert desk.client.get(f"/datasets/{dataset}").status_code == 200


def test_pictures_are_classified_while_trainings_run(
    desk: Desk, folder: Path, made: dict[str, Any], trained: dict[str, list[Any]]
) -> None:
    busy = [desk.models(f"busy {n}", made["exact"]["id"], epochs=100_000)[0] for n in range(2)]
    try:
        for one in busy:
            desk.wait(f"/models/{one}", "running")
        path = folder / "red" / "red.3.jpg"
        answer = desk.client.post(f"/api/v1/models/{trained['learnt'][0]['id']}/predict?path={path}")
        assert answer.status_code == 200
        assert [desk.get(f"/models/{one}")["state"] for one in busy] == ["running", "running"]
    finally:
        for one in busy:
            desk.post(f"/models/{one}/abort")
    for one in busy:
        assert desk.wait(f"/models/{one}")["state"] == "aborted"
        assert desk.client.delete(f"/api/v1/models/{one}").status_code == 200
        listed = [item["id"] for item in desk.get("/models?limit=100")["items"]]
        assert one not in listed


def test_a_dataset_is_aborted_and_deleted_and_its_pages_say_so(desk: Desk, folder: Path) -> None:
    dataset = desk.dataset("stopped", folder, seed=6)
    desk.post(f"/datasets/{dataset}/abort")
    state = desk.wait(f"/datasets/{dataset}")["state"]
    assert state in ("aborted", "done")
    assert desk.client.get(f"/datasets/{dataset}/explore", follow_redirects=True).status_code < 500
    assert desk.client.delete(f"/api/v1/datasets/{dataset}").status_code == 200
    assert desk.client.get("/datasets/unknown").status_code == 404


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_pictures_of_every_mode_are_classified(
    desk: Desk, trained: dict[str, list[Any]], mode: str, tmp_path: Path
) -> None:
    image = Image.fromarray(picture(3, tint=1))
    deep = Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 257)
    image = deep if mode == "I;16" else image.convert(mode)
    path = tmp_path / ("one.jpg" if mode in ("CMYK", "YCbCr") else "one.png")
    image.save(path)
    answer = desk.client.post(f"/api/v1/models/{trained['learnt'][0]['id']}/predict", content=path.read_bytes())
    assert answer.status_code == 200, answer.text
    assert answer.json()["label"] in CLASSES


def test_a_damaged_picture_is_told_in_words(desk: Desk, trained: dict[str, list[Any]]) -> None:
    whole = jpeg_bytes(picture(1, 120, 90))
    half = len(whole) // 2
    for damaged in (whole[:half], whole[:half] + whole[half:][::-1], png_bytes(picture(1))[:60], b""):
        answer = desk.client.post(f"/api/v1/models/{trained['learnt'][0]['id']}/predict", content=damaged)
        assert answer.status_code in (200, 422)
        if answer.status_code == 422:
            assert len(answer.json()["errors"][0]["message"]) > 20
