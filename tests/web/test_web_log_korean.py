"""The log of a job on a Korean page: each line that a job writes has a Korean text."""

import re
from pathlib import Path

import pytest

import glasshouse
from glasshouse.events import CheckpointSaved, DatasetReady, EpochDone, Event, Notice, RunFinished, RunStarted
from glasshouse.jobs.job_log import line_of
from glasshouse.store.records import JobKind
from glasshouse.web.framework.job_kinds import stage_words
from glasshouse.web.models.log_texts import log_in_words

SOURCES = Path(glasshouse.__file__).parent
STAGE = re.compile(r"""(?:Progress\(|"stage": |stage=)"([a-z-]+)\"""")
TIME = "2026-11-30 08:02:44 "
EVENTS: dict[str, tuple[Event, str]] = {
    "begin": (RunStarted("r", "LeNet", "cpu", 2, 22, 431_080, 500), "학습 시작: LeNet, 장치 cpu, 가중치 431,080개"),
    "resumed": (RunStarted("r", "LeNet", "cpu", 2, 22, 431_080, 500, 44), "스텝 44 뒤에서 이어서 학습: LeNet"),
    "epoch": (EpochDone(1, 22, 1.16, 0.45, 0.87, 0.001, 9.2, True),
              "에포크 1: 학습 손실 1.1600, 검증 손실 0.4500, 정확도 0.8700, 학습률 0.001, 9.2초, 지금까지 가장 좋음"),
    "unchecked": (EpochDone(2, 44, 1.16, None, None, 0.001, 9.2, False), "에포크 2: 학습 손실 1.1600, 학습률"),
    "kept": (CheckpointSaved("checkpoints/last.safetensors", 44, 2), "체크포인트 저장: checkpoints/last"),
    "notice": (Notice("weights", "not a picture"), "알림: 이미지가 아닙니다"),
    "dataset": (DatasetReady("d", "fa73b1b40b67d840", False), "데이터 세트 완성, 지문(해시) fa73b1b40b67"),
    "end": (RunFinished("r", "early-stopping", 2, 2, 0.27, 0.91, 19.2, "model"), "학습 끝(조기 종료): 2에포크, 19.2초"),
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_a_line_is_told_in_korean(name: str) -> None:
    event, korean = EVENTS[name]
    line = TIME + line_of(event)
    assert log_in_words(line, "ko").startswith(TIME + korean)
    assert log_in_words(line, "en") == line
    assert not re.search(r" (?:epoch|loss|weights|step|kept|the) ", log_in_words(line, "ko"))


def test_each_kind_of_job_and_each_stage_has_its_word() -> None:
    stages = {name for file in SOURCES.rglob("*.py") for name in STAGE.findall(file.read_text(encoding="utf-8"))}
    assert len(stages) >= 6
    for kind in JobKind:
        said = log_in_words(f"{TIME}start 1 of the job 7 ({kind.value}), process 9", "ko")
        assert not re.search("[A-Za-z]", said.replace("ONNX", "")), said
    for stage in stages:
        said = log_in_words(f"{TIME}{stage}: 449 to do", "ko")
        assert not re.search("[A-Za-z]", said), said
        assert not re.search("[A-Za-z]", stage_words("ko")[stage])


def test_other_lines_stay_as_they_are() -> None:
    log = f"{TIME}start 1 of the job 7 (train), process 9\n{TIME}evaluating: 449 to do\nTraceback\n"
    assert log_in_words(log, "ko") == (
        f"{TIME}작업 시작: 7 (학습 중), 1번째 시작, 프로세스 9\n{TIME}평가 중: 모두 449개\nTraceback\n"
    )
