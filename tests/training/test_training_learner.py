"""Learner: a few lines from data to a model, in a terminal and in a notebook."""

import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_pictures import make_tiny

import glasshouse
from glasshouse.errors import InputError, NetworkError, RecipeError, RunError, WeightsError
from glasshouse.events import EpochDone
from glasshouse.layers import Dense, Flatten, Network
from glasshouse.training.display import clock, show_training
from glasshouse.training.finder import steepest, valley
from glasshouse.training.learner import Learner


def test_a_learner_trains_scores_predicts_and_saves(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learner = glasshouse.Learner(glasshouse.ImageData.open(tiny), "LeNet", out=tmp_path / "run", batch_size=16)
    learner.fit(6, lr=3e-3)
    output = capsys.readouterr()
    assert output.out == "" and "valid loss" in output.err and output.err.count(" %") == 12
    assert learner.evaluate().accuracy > 0.9
    picture = next((tiny.parent / "tiny-pictures" / "red").glob("*.png"))
    assert learner.predict(picture).label == "red"
    assert [p.label for p in learner.predict([picture, picture])] == ["red", "red"]
    saved = learner.save(tmp_path / "x.model")
    rows = learner.dataset.splits["val"].rows(np.arange(3))
    assert np.array_equal(glasshouse.load_model(saved).probabilities(rows), learner.probabilities(rows))
    assert [e.epoch for e in learner.history] == [1, 2, 3, 4, 5, 6]
    html = learner._repr_html_()
    assert html.count("<svg") == 2 and "<script" not in html and "http" not in html.replace("http://www.w3.org", "")


def test_a_second_training_starts_from_the_weights_of_the_first(tiny: Path, tmp_path: Path) -> None:
    learner = Learner(tiny, "LeNet", out=tmp_path / "run", batch_size=16, show=list)
    learner.fit(6, lr=3e-3).fine_tune(1, lr=1e-5)
    assert learner.run == tmp_path / "run-2"
    assert learner.recipe.strategy == "fine-tune" and [e.phase for e in learner.history] == ["frozen", "unfrozen"]
    assert (learner.history[0].valid_accuracy or 0) > 0.9


def test_a_learner_that_was_stopped_goes_on(tiny: Path, tmp_path: Path) -> None:
    def show(events: object) -> None:
        for event in events:  # type: ignore[attr-defined]
            if isinstance(event, EpochDone):
                raise KeyboardInterrupt

    learner = Learner(tiny, "LeNet", out=tmp_path / "run", show=show)
    with pytest.raises(KeyboardInterrupt):
        learner.fit(2)
    learner.show = list
    assert len(learner.resume().history) == 2


def test_what_is_wrong_is_told_at_once(tiny: Path) -> None:
    with pytest.raises(RecipeError, match=r"(?s)batch_size.*droput: no such field; did you mean dropout"):
        Learner(tiny, "LeNet", batch_size=0, droput=0.1)
    with pytest.raises(RunError, match=r"call fit\(\)"):
        Learner(tiny, "LeNet").predict("x.png")


def test_the_range_test_suggests_a_rate_that_trains(tiny: Path, tmp_path: Path) -> None:
    learner = Learner(tiny, "LeNet", batch_size=16, out=tmp_path / "run")
    finding = learner.find_learning_rate(steps=60)
    rates = [rate for rate, _ in finding.points]
    assert rates == sorted(rates) and rates[0] == pytest.approx(1e-7)
    assert 1e-5 < finding.suggestion < 1
    assert "<svg" in finding._repr_html_() and not (tmp_path / "run").exists()


def test_the_rules_of_the_range_test() -> None:
    losses = [1.0, 1.0, 0.9, 0.7, 0.4, 0.2, 0.15, 0.3, 0.9]
    points = [(10.0**i, loss) for i, loss in enumerate(losses)]
    assert steepest(points) == 10.0**3
    assert valley(points) == 10.0**3  # indices 0 to 6: 0 + 2 + 1


def test_a_terminal_sees_a_bar_and_a_file_only_lines(tiny: Path, tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def watched(stream: io.StringIO) -> str:
        learner = Learner(
            tiny, "LeNet", out=tmp_path / type(stream).__name__, show=partial(show_training, stream=stream)
        )
        learner.fit(1)
        return stream.getvalue()

    terminal, file = watched(Terminal()), watched(io.StringIO())
    assert "\r" in terminal and "[" in terminal and "\r" not in file
    assert "valid loss" in terminal and "valid loss" in file


def test_times_read_as_clocks() -> None:
    assert [clock(s) for s in (6.6, 754, 3723)] == ["0:07", "12:34", "1:02:03"]


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({"network": "resnet43"}, NetworkError, "no network named 'resnet43'; did you mean .*resnet34"),
        ({"network": "GoogLeNet", "size": 8}, NetworkError, "needs pictures of at least 15x15, these are 8x8"),
        ({"network": "LeNet", "device": "cuda:99"}, RecipeError, "device: cuda:99 cannot be used"),
        ({"network": "LeNet", "weights": "gone.pt"}, WeightsError, "Cannot read weights from gone.pt"),
        ({"network": "LeNet", "weights": "keras.h5"}, WeightsError, "a Keras model"),
        ({"network": "LeNet", "objective": {"class_weights": {"pink": 2.0}}}, RecipeError, "class_weights.pink"),
        ({"network": "LeNet", "batch_sizes": 3}, RecipeError, "did you mean batch_size"),
        ({"network": [Flatten(), Dense(3)]}, RecipeError, "softmax"),
    ],
)
def test_what_is_known_to_be_wrong_is_told_at_once(
    fields: dict[str, Any],
    error: type[Exception],
    says: str,
    tiny: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("keras.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    size = fields.pop("size", None)
    data = tiny if size is None else make_tiny(tmp_path / "small", size=size)
    network = fields.pop("network")
    if isinstance(network, list):
        network = Network(network, input_shape=(16, 16, 3))
    with pytest.raises(error, match=says):
        Learner(data, network, show=list, **fields)
    assert not Path("runs").exists()


def test_words_of_the_command_line_and_metrics(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learner = Learner(tiny, "LeNet", out=tmp_path / "run", batch_size=16, optimizer="rmsprop", lr=1e-3, momentum=0.5,
                      early_stopping=3, schedule="cosine", metrics=["error_rate", "kappa"])  # fmt: skip
    recipe = learner.recipe
    assert (recipe.optimizer.name, recipe.optimizer.lr, recipe.optimizer.momentum) == ("rmsprop", 1e-3, 0.5)
    assert recipe.early_stopping is not None and recipe.early_stopping.patience == 3
    assert recipe.schedule.name == "cosine"
    learner.fit(1)
    (epoch,) = learner.history
    assert epoch.metrics is not None and "kappa" in epoch.metrics
    assert epoch.metrics["error_rate"] == pytest.approx(1 - (epoch.valid_accuracy or 0))
    assert "error_rate 0." in capsys.readouterr().err
    both = Learner(tiny, "LeNet", lr=0.1, optimizer={"name": "sgd", "momentum": 0.9}).recipe.optimizer
    assert (both.name, both.lr, both.momentum) == ("sgd", 0.1, 0.9)
    with pytest.raises(
        RecipeError, match=r"(?s)optimizer.name: expected.*'rmsprop'.*early_stopping.patience: expected"
    ):
        Learner(tiny, "LeNet", optimizer="rmspop", early_stopping="soon")
    with pytest.raises(RecipeError, match=r"no such field; there are beta1, .*lr, .*name"):
        Learner(tiny, "LeNet", optimizer={"speed": 1})
    with pytest.raises(InputError, match="no metric 'f2'"):
        Learner(tiny, "LeNet", metrics="f2")


def test_curves_are_written_as_a_file(tiny: Path, tmp_path: Path) -> None:
    learner = Learner(tiny, "LeNet", out=tmp_path / "run", batch_size=16, show=list)
    with pytest.raises(RunError, match=r"call fit\(\)"):
        learner.plot()
    learner.fit(2)
    learner.plot(tmp_path / "curves.svg")
    drawing = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    assert drawing.count("<polyline") == 4 and "Accuracy" in drawing, "loss and accuracy, train and valid"
    with Image.open(learner.plot(tmp_path / "curves.png").save(tmp_path / "again.png")) as image:
        assert image.size == (1440, 400) and (0x42, 0x69, 0xD0) in {color for _, color in image.getcolors(1 << 20)}
    with pytest.raises(InputError, match=r"written as .svg or .png"):
        learner.plot(tmp_path / "curves.pdf")
