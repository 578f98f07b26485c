"""A network as documents print it, from the API through the worker to the scripts of the lower levels."""

import contextlib
import io
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from glasshouse.layers import Dense, Flatten, Network
from glasshouse.store.database import Store
from glasshouse.store.jobs import get_job
from glasshouse.store.models import get_model
from glasshouse.store.records import DatasetRecord
from glasshouse.web.app import create_app

PRINTED = Network([Flatten(), Dense(8, activation="relu"), Dense(1, activation="sigmoid")], input_shape=(28, 28))


@pytest.mark.system
def test_one_output_with_a_sigmoid_is_trained_in_the_studio_and_climbs_the_ladder(
    store: Store, dataset: DatasetRecord, until: Callable[[Callable[[], object]], None], tmp_path: Path
) -> None:
    client = TestClient(create_app(store), base_url="http://127.0.0.1")
    network = client.post("/api/v1/networks", json={"name": "As printed", "layers": PRINTED.to_dict()}).json()
    recipe = {"network": f"network:{network['id']}", "epochs": 2, "batch_size": 8, "device": "cpu"}
    made = client.post("/api/v1/models", json={"name": "As printed", "dataset_id": dataset.id, "recipe": recipe}).json()
    (model,) = made["items"]
    record = get_model(store, model["id"])
    until(lambda: not get_job(store, record.job_id).state.live)
    assert get_job(store, record.job_id).state == "done"
    events = [json.loads(line) for line in (store.path(record.folder) / "events.jsonl").read_text().splitlines()]
    losses = [one["loss"] for one in events if one["type"] == "step"]
    scores = [one["valid_loss"] for one in events if one["type"] == "epoch"]
    for level, exact in (("layers", True), ("autodiff", False)):
        script = tmp_path / f"{level}.py"
        script.write_text(client.get(f"/models/{record.id}/code/{level}.py").text, encoding="utf-8")
        told = run(script, store.home)
        tolerance: dict[str, float] = {"abs": 0, "rel": 0} if exact else {"abs": 1e-4}
        assert told["losses"] == pytest.approx(losses, **tolerance), level
        assert [one[1] for one in told["history"]] == pytest.approx(scores, **tolerance), level
    page = client.get(f"/models/{record.id}").text
    assert "As printed" in page and client.get(f"/models/{record.id}/result").status_code == 200


def run(script: Path, home: Path) -> dict[str, Any]:
    """What a script leaves, run where the page says."""
    quiet = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(home):
        patch.setattr(sys, "argv", [str(script)])
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            return runpy.run_path(str(script), run_name="script")
