"""The shelf of weights in the Studio: a file that was sent is checked by a job, chosen for a training, and removed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from starlette.testclient import TestClient

from glasshouse.errors import ConflictError, GlasshouseError, MissingError, NetworkError, RefusedError, WeightsError
from glasshouse.jobs.kinds import WORK
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.jobs.reasons import failure_of
from glasshouse.networks.build import build
from glasshouse.store.people import add_user
from glasshouse.store.queue import claim, end
from glasshouse.store.records import Failure, JobKind, JobRecord, JobState, Role
from glasshouse.store.sources import weights_path
from glasshouse.store.uploads import begin_upload, finish_upload, write_piece
from glasshouse.store.weights import remove_weights, submit_weights_fetch, submit_weights_file, weights_at_hand
from glasshouse.web.app import create_app
from studio_seed import Studio, alone


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def sent(studio: Studio, name: str, data: bytes) -> str:
    """Return an upload of one file, as a browser sends it."""
    upload = begin_upload(studio.store, name)
    write_piece(studio.store, upload, name, 0, [data])
    finish_upload(studio.store, upload)
    return f"upload:{upload.id}"


def worked(studio: Studio) -> JobRecord:
    """Do the job that waits, as the worker's child does it; return it as it ended."""
    job = claim(studio.store, (JobKind.WEIGHTS,), "here", "cpu")
    assert job is not None
    listener = ProgressWriter(studio.store, job)
    with contextlib.chdir(studio.store.path("runs")):
        try:
            result = WORK[job.kind](studio.store, job, listener)
        except GlasshouseError as error:
            ended = {"reason": str(error), "failure": failure_of(error)}
            end(studio.store, job.id, JobState.FAILED, attempt=job.attempt, **ended)
            return job
    end(studio.store, job.id, JobState.DONE, result=result, attempt=job.attempt)
    return job


def squeezenet(tmp_path: Path) -> bytes:
    torch.save(build("SqueezeNet", 1000, 3, 64, 64, seed=3).module.state_dict(), tmp_path / "a.pth")
    return (tmp_path / "a.pth").read_bytes()


def test_a_file_is_sent_checked_chosen_and_removed(studio: Studio, client: TestClient, tmp_path: Path) -> None:
    upload = sent(studio, "mine.pth", squeezenet(tmp_path))
    form = {"upload": upload, "network": "", "name": "우리 가중치".replace(" ", "-"), "licence": "MIT"}
    assert client.post("/weights", data=form).headers["location"] == "/weights?done=add"
    assert "우리-가중치" in client.get("/weights", headers={"accept-language": "ko"}).text  # on the way
    worked(studio)
    found = {one["name"]: one for one in client.get("/api/v1/weights").json()["items"]}
    assert found["우리-가중치"]["network"] == "SqueezeNet" and found["우리-가중치"]["place"] == "shelf"
    assert "path" not in found["우리-가중치"] and found["EfficientNetLite0"]["place"] == "box"
    form_page = client.get("/models/new?network=SqueezeNet&weights=shelf:우리-가중치&preset=own").text
    assert '<option value="shelf:우리-가중치" selected>' in form_page
    path = weights_path(studio.store, "shelf:우리-가중치", None)
    assert (studio.store.path("runs") / path).is_file()
    assert weights_path(studio.store, "shelf:EfficientNetLite0", None) == "pretrained"
    assert client.delete("/api/v1/weights/우리-가중치").status_code == 204
    assert [item.card.name for item in weights_at_hand(studio.store)] == ["EfficientNetLite0"]
    with pytest.raises(MissingError, match="no weights named"):
        weights_path(studio.store, "shelf:우리-가중치", None)


def test_a_file_that_is_no_weights_fails_as_a_job_and_says_so(studio: Studio, client: TestClient) -> None:
    client.post("/api/v1/weights", json={"upload": sent(studio, "bad.pth", b"no weights at all")})
    job = worked(studio)
    shown = client.get(f"/api/v1/jobs/{job.id}").json()
    assert shown["failure"] == Failure.WEIGHTS and "bad.pth" in shown["reason"]
    assert "bad.pth" in client.get("/weights").text


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"network": "resnet999"}, NetworkError), ({"name": "../x"}, WeightsError),
        ({"name": "EfficientNetLite0"}, ConflictError), ({"upload": "upload:none"}, MissingError),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_a_job(studio: Studio, change: dict[str, str], kind: type[Exception]) -> None:
    given = {"upload": sent(studio, "a.pth", b"x"), **change}
    with pytest.raises(kind):
        submit_weights_file(studio.store, given.pop("upload"), None, **given)


def test_what_is_at_hand_is_not_fetched(studio: Studio, client: TestClient) -> None:
    with pytest.raises(ConflictError, match="already"):
        submit_weights_fetch(studio.store, "EfficientNetLite0", None)
    answer = client.post("/weights/fetch", data={"name": "resnet999"})
    assert answer.status_code == 422 and "resnet999" in answer.text


def test_only_who_added_weights_and_admins_remove_them(studio: Studio, tmp_path: Path) -> None:
    store = studio.store
    boss = add_user(store, "boss", "correct horse battery", Role.ADMIN)
    mina, otto = (add_user(store, name, "correct horse battery", by=boss) for name in ("mina", "otto"))
    upload = begin_upload(store, "a.pth", mina)
    write_piece(store, upload, "a.pth", 0, [squeezenet(tmp_path)])
    finish_upload(store, upload)
    submit_weights_file(store, f"upload:{upload.id}", mina)
    worked(studio)
    with pytest.raises(RefusedError):
        remove_weights(store, "a", otto)
    with pytest.raises(RefusedError):
        remove_weights(store, "EfficientNetLite0", boss)
    assert remove_weights(store, "a", mina).name == "a"
