"""The script of every kind of model runs where the page says: in the home of the Studio."""

import contextlib
import io
import json
import os
import runpy
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file
from starlette.testclient import TestClient

from glasshouse.data.prepare import create_dataset
from glasshouse.data.samples import sample
from glasshouse.events import StepDone
from glasshouse.layers import Conv2D, Dense, Flatten, MaxPooling2D, Network
from glasshouse.networks.build import build
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset, note_dataset_made
from glasshouse.store.import_runs import import_run
from glasshouse.store.models import get_model
from glasshouse.store.networks import NewNetwork, save_network
from glasshouse.store.submit import NewDataset, NewModel, continue_model, submit_dataset, submit_models
from glasshouse.store.uploads import begin_upload, finish_upload, write_piece
from glasshouse.training.loop import resume, train
from glasshouse.web.app import create_app
from pictures import picture as drawn
from pictures import png_bytes
from studio_seed import Studio, finish

LEVELS = ("learner", "layers", "autodiff")
SMALL = {"batch_size": 16, "epochs": 1, "device": "cpu"}
OWN = Network(
    [Conv2D(4, 3, activation="relu"), MaxPooling2D(4), Flatten(), Dense(3, activation="softmax")],
    input_shape=(28, 28, 1), name="mine",
).to_dict()  # fmt: skip


@contextlib.contextmanager
def working(store: Store) -> Iterator[None]:
    """Work where the children of the worker do."""
    with contextlib.chdir(store.path("runs")):
        yield


def trained(store: Store, dataset: str, name: str, stop: str = "", **fields: Any) -> str:
    """Train a model as the worker does: the recipe as it is kept, in the folder of the runs."""
    (record,) = submit_models(store, NewModel(name, dataset, {**SMALL, "network": "LeNet", **fields}))
    with working(store):
        events = train(TrainingRecipe(**record.recipe), Path(record.id))
        for event in events:
            if stop and isinstance(event, StepDone):
                events.close()  # type: ignore[attr-defined]
                break
        if stop == "resumed":
            list(resume(Path(record.id)))
    finish(store, get_model(store, record.id).job_id, "aborted" if stop == "aborted" else "done")
    return record.id


def uploaded(store: Store, name: str, files: Mapping[str, bytes]) -> str:
    kept = begin_upload(store, name)
    for path, data in files.items():
        write_piece(store, kept, path, 0, [data])
    finish_upload(store, kept)
    return f"upload:{kept.id}"


def made_dataset(store: Store, name: str, **fields: Any) -> str:
    recipe = {"width": 28, "height": 28, "color": "gray", "valid": 0.3, "twins": False, **fields}
    record = submit_dataset(store, NewDataset(name, recipe))
    kept = DatasetRecipe(**record.recipe)
    with working(store):
        given = sample(kept.source) if kept.source.startswith("sample:") else None
        made = create_dataset(kept, store.path(record.folder), given)
    note_dataset_made(store, record.id, made.summary(), 1000)
    finish(store, record.job_id)
    return record.id


def brought(store: Store, dataset: str, folder: Path) -> str:
    """Bring a run that was made outside, with weights of its own beside it, into the Studio."""
    folder.mkdir()
    save_file(build("LeNet", 3, 1, 28, 28, None, 5).module.state_dict(), folder / "start.safetensors")
    data = store.path(get_dataset(store, dataset).folder)
    with contextlib.chdir(folder):
        start = {"network": "LeNet", "weights": str(folder / "start.safetensors")}
        list(train(TrainingRecipe(**{**SMALL, **start, "data": str(data)}), folder / "run"))
    return import_run(store, folder / "run", "Brought", dataset).id


@pytest.fixture(scope="module")
def models(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    store, data = studio.store, studio.dataset
    file = tmp_path_factory.mktemp("weights") / "given.safetensors"
    save_file(build("LeNet", 3, 1, 28, 28, None, 3).module.state_dict(), file)
    weights = uploaded(store, "given.safetensors", {"given.safetensors": file.read_bytes()})
    pictures = {
        f"{name}/{k}.png": png_bytes(drawn(10 * tint + k, 28, 28, tint=tint))
        for tint, name in enumerate(("cat", "dog", "고양이 둘"))
        for k in range(5)
    }
    own = save_network(store, NewNetwork("Mine", OWN))
    digits = made_dataset(store, "Digits", source="sample:digits", max_per_class=5)
    brings = made_dataset(store, "Brought up", source=uploaded(store, "pets", pictures))
    made = {
        "scratch": trained(store, data, "Scratch"),
        "own-layers": trained(store, data, "Own", network=f"network:{own.id}"),
        "uploaded-weights": trained(store, data, "Given", weights=weights),
        "fine-tune": trained(store, data, "Tuned", weights=weights, strategy="fine-tune"),
        "features": trained(store, data, "Frozen", weights=weights, strategy="features"),
        "sample": trained(store, digits, "Digits"),
        "upload": trained(store, brings, "Pets", network="Dense128"),
        "resumed": trained(store, data, "Resumed", "resumed", epochs=2, checkpoints={"keep_every": 1}),
        "aborted": trained(store, data, "Aborted", "aborted", weights=weights),
        "brought": brought(store, data, tmp_path_factory.mktemp("outside") / "place"),
    }
    made["earlier-model"] = trained(store, data, "Further", weights=f"model:{made['scratch']}")
    made["checkpoint"] = trained(store, data, "From", weights=f"model:{made['resumed']}:last.safetensors")
    longer = continue_model(store, made["scratch"], 1)
    with working(store):
        list(train(TrainingRecipe(**longer.recipe), Path(longer.id)))
    return {**made, "continued": longer.id}


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://127.0.0.1") as made:
        yield made


KINDS = ("scratch", "own-layers", "uploaded-weights", "fine-tune", "features", "sample", "upload", "resumed",
         "aborted", "brought", "earlier-model", "checkpoint", "continued")  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_script_of_every_kind_runs_in_the_home(
    client: TestClient, studio: Studio, models: dict[str, str], kind: str, level: str, tmp_path: Path
) -> None:
    page = client.get(f"/models/{models[kind]}/code?level={level}").text
    assert "Run it in the Studio's home folder" in page
    text = client.get(f"/models/{models[kind]}/code/{level}.py").text
    told = _run(text, tmp_path / "script.py", studio.store.home, "2")
    first = next(event for event in _events(studio.store, models[kind]) if event["type"] == "step")
    losses = _losses(told, studio.store.home)
    assert losses[0] == pytest.approx(first["loss"], rel=0 if level != "autodiff" else 1e-4)


def test_weights_that_are_gone_are_said_to_be(client: TestClient, studio: Studio, models: dict[str, str]) -> None:
    gone = trained(studio.store, studio.dataset, "Gone", weights=f"model:{models['scratch']}:best.safetensors")
    (studio.store.path("runs") / models["scratch"] / "checkpoints" / "best.safetensors").unlink()
    page = client.get(f"/models/{gone}/code").text
    assert "the file of weights that this model began from is gone" in page
    assert str(studio.store.home) not in page
    assert client.get(f"/models/{gone}/code/layers.py").status_code == 422
    assert "가중치 파일이 없어졌습니다" in client.get(f"/models/{gone}/code", headers={"Accept-Language": "ko"}).text


def _run(text: str, script: Path, home: Path, *words: str) -> dict[str, Any]:
    script.write_text(text, encoding="utf-8")
    given, quiet = sys.argv, io.StringIO()
    sys.argv = [str(script), *words]
    try:
        with contextlib.chdir(home), contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            return runpy.run_path(str(script), run_name="script")
    finally:
        sys.argv = given


def _losses(told: Mapping[str, Any], home: Path) -> list[float]:
    if "learner" not in told:
        return list(told["losses"])
    return [event["loss"] for event in _of(home / os.fspath(told["learner"].run)) if event["type"] == "step"]


def _events(store: Store, model: str) -> list[dict[str, Any]]:
    return _of(store.path("runs") / model)


def _of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


def test_the_kinds_are_all_there(models: dict[str, str]) -> None:
    assert set(KINDS) == set(models)
