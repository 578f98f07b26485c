"""A message keeps template and values on its way: copied, pickled, through another process, as JSON, in the store."""

import copy
import json
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from glasshouse.errors import SourceError
from glasshouse.events import Notice, event_from_json
from glasshouse.messages import (
    Foreign,
    Message,
    Option,
    altered,
    joined,
    message_of,
    parts_of,
    with_messages,
    with_parts,
)
from glasshouse.store.database import open_store
from glasshouse.store.jobs import NewJob, add_job, get_job, resume_job
from glasshouse.store.people import add_user
from glasshouse.store.queue import claim, end, tell
from glasshouse.store.records import JobKind, JobState, Role
from glasshouse.web.framework.translation import translated

DEEP = Message(
    "{path} cannot be read: {reason}",
    path="/home/of/studio/{odd} 100%.zip",
    reason=joined("; ", [Message("zero bytes"), Message("try {rate}", rate=Option("lr", 0.5)), Foreign("Errno {5}")]),
)
MESSAGES = {
    "deep": DEEP,
    "plain": Message("not a picture"),
    "numbers": Message("{a} of {b}: {c}", a=3, b=2.5, c=Option("batch-size", 8)),
    "braces": Message("{name} is no class", name="{name}"),
}


def same(found: object, message: Message) -> bool:
    return isinstance(found, Message) and (found, found.template, dict(found.values)) == (
        message, message.template, dict(message.values),
    )  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_a_copy_keeps_its_parts(message: Message) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert same(pickle.loads(pickle.dumps(message, protocol)), message)
    assert same(copy.copy(message), message) and same(copy.deepcopy({"a": [message]})["a"][0], message)
    error = pickle.loads(pickle.dumps(SourceError(message)))
    assert type(error) is SourceError and same(str(error), message)


@pytest.mark.system
def test_a_message_survives_a_pool_of_processes() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(joined, " / ", list(MESSAGES.values())).result(timeout=120)
    assert same(found, joined(" / ", MESSAGES.values()))
    assert "빈 파일입니다(0바이트); try “학습률” 0.5; Errno {5} / 이미지가 아닙니다" in translated(found, "ko")


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_json_keeps_the_text_and_its_parts_beside_it(message: Message) -> None:
    data: dict[str, Any] = {"reason": message, "list": ["plain", message], "inside": {"deep": [{"why": message}]}}
    written = json.loads(json.dumps(with_parts(data)))
    assert written["reason"] == str.__str__(message)
    assert ("reason_parts" in written) == bool(message.values)
    found = with_messages(written)
    assert found.keys() == data.keys()
    for one in (found["reason"], found["list"][1], found["inside"]["deep"][0]["why"]):
        assert one == message and (not message.values or same(one, message))
    assert event_from_json(replace(Notice("weights", message)).to_json()) == Notice("weights", message)


def test_parts_that_do_not_make_the_text_are_passed_over() -> None:
    parts = parts_of(DEEP)
    assert same(message_of(DEEP, parts), DEEP)
    for text, other in ((DEEP + "!", parts), (DEEP, None), (DEEP, []), (DEEP, {**(parts or {}), "values": {}})):
        assert parts_of(message_of(str.__str__(text), other)) is None


def test_altering_keeps_templates_and_words_that_do_not_change() -> None:
    inside = Message("{split} of {path}", split=Message("train"), path="a_b")
    found = altered(inside, lambda text: text.replace("_", "\\_"))
    assert isinstance(found, Message) and (found, found.template) == ("train of a\\_b", inside.template)
    assert isinstance(found.values["split"], Message)
    assert altered("plain", str.upper) == "PLAIN"


@pytest.mark.parametrize("accounts", [False, True])
def test_the_store_keeps_the_reason_and_the_notices_of_a_job(tmp_path: Path, accounts: bool) -> None:
    store = open_store(tmp_path / "home")
    if accounts:
        add_user(store, "mina", "long enough words", Role.ADMIN)
    reason = Message("{path} cannot be read: {reason}", path=f"{store.home}/runs/1", reason=Message("zero bytes"))
    with store.write() as connection:
        job = add_job(connection, NewJob(JobKind.TRAIN, "One"))
    assert claim(store, (JobKind.TRAIN,), "here", "train:0") is not None
    tell(store, job, {"notices": [with_parts({"kind": "odd", "message": DEEP})]})
    end(store, job, JobState.FAILED, reason=reason)
    store.close()
    again = open_store(tmp_path / "home")
    found = get_job(again, job)
    assert isinstance(found.reason, Message) and found.reason.template == reason.template
    assert (str(store.home) in found.reason) == (not accounts)
    assert translated(found.reason, "ko").endswith("빈 파일입니다(0바이트)")
    assert same(found.notices[0]["message"], DEEP)
    resume_job(again, job)
    assert get_job(again, job).reason is None
    again.close()
