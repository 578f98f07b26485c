"""Every kind of job stands in every table: what does it, where it is done, what it needs, its words and its page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from glasshouse.jobs.kinds import WORK
from glasshouse.jobs.slots import slots
from glasshouse.jobs.space import NEEDS
from glasshouse.store.choices import Choices
from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, add_job, get_job
from glasshouse.store.records import Failure, JobKind, JobState
from glasshouse.store.tables import jobs
from glasshouse.web.app import create_app
from glasshouse.web.context.failure import next_step
from glasshouse.web.framework.job_kinds import ADDRESSES, kind_words
from glasshouse.web.framework.language import LANGUAGES


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path)
    yield store
    store.close()


def test_every_table_has_every_kind() -> None:
    kinds = set(JobKind)
    assert set(WORK) == kinds, "jobs/kinds.py: what does it"
    assert set(NEEDS) == kinds, "jobs/space.py: what it needs of the disk"
    assert set(ADDRESSES) == kinds, "web/framework/job_kinds.py: where its page is"
    for language in LANGUAGES:
        words = kind_words(language)
        assert set(words) == kinds and len(set(words.values())) == len(kinds), language
    for devices in ((), ("0", "1")):
        assert {kind for place in slots(Choices(), devices) for kind in place.kinds} == kinds, "jobs/slots.py"


@pytest.mark.parametrize("kind", list(JobKind))
@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_every_kind_is_shown_while_it_waits_and_runs(opened: Store, kind: JobKind, state: JobState) -> None:
    with opened.write() as connection:
        job = add_job(connection, NewJob(kind, f"a job to {kind}", None, "data", "model", None, {"source": "x"}))
        connection.execute(update(jobs).where(jobs.c.id == job).values(state=state, host="here", slot="there"))
    with TestClient(create_app(opened), base_url="http://localhost") as client:
        for language in LANGUAGES:
            for page in ("/", "/live/home", "/workers", "/workers/live", "/api/v1/jobs"):
                answer = client.get(page, headers={"accept-language": language})
                assert answer.status_code == 200, page
                if page in ("/", "/live/home"):
                    assert kind_words(language)[kind] in answer.text, page


@pytest.mark.parametrize("kind", list(JobKind))
def test_every_kind_that_failed_has_a_next_step(opened: Store, kind: JobKind) -> None:
    with opened.write() as connection:
        job = add_job(connection, NewJob(kind, "a job", None, "data", "model", None, {}))
    for failure in Failure:
        with opened.write() as connection:
            failed = {"state": JobState.FAILED, "failure": failure}
            connection.execute(update(jobs).where(jobs.c.id == job).values(**failed))
        step = next_step(str, get_job(opened, job))
        assert step is not None and step.text, failure
