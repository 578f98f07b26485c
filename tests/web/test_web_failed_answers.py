"""A scoring or a classification that failed says what happened, what was kept and the next step, as a training does."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from glasshouse.store.jobs import get_job
from glasshouse.store.records import Failure, JobRecord
from glasshouse.store.submit import submit_classification, submit_evaluation
from glasshouse.web.app import create_app
from studio_seed import Studio, finish

HERE = "http://127.0.0.1:8800"
REASON = "The words of memory, dataset and disk decide nothing."


@pytest.fixture
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url=HERE) as one:
        yield one


def failed(studio: Studio, job: JobRecord, failure: Failure | None) -> str:
    finish(studio.store, job.id, "failed", reason=REASON, detail="Traceback <x>", failure=failure)
    return job.id


@pytest.mark.parametrize(
    ("failure", "happened", "next_step"),
    [
        (Failure.MEMORY, "The memory ran out.", "End other programs, then try again."),
        (Failure.SOURCE, "Its pictures could not be used.", "or choose others, and try again."),
        (Failure.MODEL, "A model that it needs is gone", "clone the model, train it again"),
        (Failure.GPU, "The GPU failed.", "it goes to a GPU that works"),
        (None, REASON, "Put right what is named, and try again."),
    ],
)
def test_a_failed_classification(
    client: TestClient, studio: Studio, failure: Failure | None, happened: str, next_step: str
) -> None:
    job = failed(studio, submit_classification(studio.store, studio.model, str(studio.pictures)), failure)
    page = f"/models/{studio.model}/many/{job}"
    text = client.get(page).text
    for said in (happened, REASON, next_step, "your pictures were not touched; nothing was answered yet."):
        assert text.count(said) == 1
    assert "Traceback &lt;x&gt;" in text
    assert client.get(f"/api/v1/jobs/{job}").json()["failure"] == failure
    assert f'action="{page}/resume"' in text
    assert client.post(f"{page}/resume", follow_redirects=False).headers["location"] == page
    again = get_job(studio.store, job)
    assert (again.state, again.failure) == ("queued", None)
    finish(studio.store, job, "aborted")


def test_a_failed_scoring_with_and_without_an_earlier_result(client: TestClient, studio: Studio) -> None:
    job = failed(studio, submit_evaluation(studio.store, studio.model, "val"), Failure.DISK)
    text = client.get(f"/models/{studio.model}/result").text
    for said in ("The scoring failed.", "The disk is full.", REASON, "the earlier result below.", "Empty the bin or"):
        assert said in text
    assert client.get(f"/api/v1/jobs/{job}").json()["failure"] == "disk"
    failed(studio, submit_evaluation(studio.store, studio.model, "train"), None)
    text = client.get(f"/models/{studio.model}/result?split=train").text
    assert "the model; nothing was scored." in text
    assert "Score the model on them" in text
    assert "The scoring failed." not in client.get(f"/models/{studio.model}/result?split=test").text


def test_in_korean(client: TestClient, studio: Studio) -> None:
    job = failed(studio, submit_classification(studio.store, studio.model, str(studio.pictures)), Failure.KILLED)
    text = client.get(f"/models/{studio.model}/many/{job}", headers={"Accept-Language": "ko"}).text
    assert "다시 강제 종료되면 작업의 로그와 컴퓨터의 로그에서 누가 끝냈는지 알 수 있습니다." in text
    assert "이미지는 그대로입니다." in text
