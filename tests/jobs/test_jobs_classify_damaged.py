"""Classify Many over damaged files: each has its line, with an answer or a reason, and the job ends well."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.sources import gathering
from glasshouse.data.sources.gathering import Pictures
from glasshouse.events import Event
from glasshouse.export.bundle import load_model, save_model
from glasshouse.export.predictor import Model
from glasshouse.jobs import classify as classify_module
from glasshouse.jobs.classify import classify
from glasshouse.networks.build import build
from mutated_pictures import broken, whole_pictures


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A small network that was never trained."""
    place = tmp_path_factory.mktemp("model") / "m"
    module = build("LeNet", 2, 3, 32, 32, seed=0).module
    save_model(place, network={"name": "LeNet", "dropout": None}, module=module, preprocessing=Preprocessing(32, 32),
               classes=("a", "b"))  # fmt: skip
    return load_model(place)


def test_every_file_has_an_answer_or_a_reason(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    whole = whole_pictures()
    for name in ("jpeg plain", "tiff tiff_lzw", "png rgb", "heic plain", "webp", "gif", "avif"):
        (tmp_path / "in" / f"{name}.jpg").write_bytes(whole[name])
        for way, data in broken(whole[name], name):
            (tmp_path / "in" / f"{name} {way}.jpg").write_bytes(data)

    def found(source: str, classes: tuple[str, ...]) -> Pictures:
        pictures = gathering.find_pictures(source, classes)
        return replace(pictures, read=_failing(pictures.read))

    monkeypatch.setattr(classify_module, "find_pictures", found)
    events: list[Event] = []
    told = classify(model, str(tmp_path / "in"), tmp_path / "out", events.append)
    lines = [json.loads(line) for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    assert len(lines) == told["pictures"] == 49
    assert all((line["label"] is None) == bool(line["error"]) for line in lines)
    assert "cannot be read: KeyError: 'an unknown code'" in {line["error"] for line in lines}
    assert told["failed"] == sum(bool(line["error"]) for line in lines)
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""


def _failing(read: Callable[[int], object]) -> Callable[[int], object]:
    """Return ``read``, which for the first picture now fails as nobody foresaw."""

    def failing(index: int) -> object:
        if index == 0:
            raise KeyError("an unknown code")
        return read(index)

    return failing
