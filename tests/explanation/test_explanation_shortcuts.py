"""The shortcut alarm: marks that are planted are found, clean pictures raise none, a hidden mark costs accuracy."""

import importlib.util
import json
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from glasshouse.cli.shortcuts import shortcuts as command
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import DatasetError, InputError
from glasshouse.explanation.opened import open_model
from glasshouse.explanation.shortcuts.alarm import ShortcutReport, shortcuts
from glasshouse.explanation.shortcuts.hiding import HiddenRegion, measure_hidden
from glasshouse.explanation.shortcuts.marks import find_marks
from glasshouse.explanation.shortcuts.regions import kind_of, place_of
from glasshouse.messages import Message, with_messages
from glasshouse.recipe import DatasetRecipe, OptimizerRecipe, TrainingRecipe
from glasshouse.training.loop import train

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_shortcuts", ROOT / "benchmarks" / "shortcuts.py")
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def marked_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on noise with a weak shape; nine in ten of ``b`` have a white square in a corner."""
    folder, random = tmp_path_factory.mktemp("marked"), np.random.default_rng(3)
    for name in ("a", "b"):
        (folder / "given" / name).mkdir(parents=True)
        for k in range(60):
            pixels = random.integers(30, 200, (28, 28), np.uint8)
            if name == "b" and k % 10:
                pixels[1:6, 22:27] = 255
            Image.fromarray(pixels).save(folder / "given" / name / f"{k}.png")
    source = DatasetRecipe(source=str(folder / "given"), width=28, height=28, color="gray", valid=0.5)
    create_dataset(source, folder / "data")
    recipe = TrainingRecipe(data=str(folder / "data"), network="LeNet", epochs=4, batch_size=8,
                            optimizer=OptimizerRecipe(name="adam", lr=1e-3))  # fmt: skip
    list(train(recipe, folder / "run"))
    return folder / "run"


def test_a_planted_mark_is_found_with_its_box_and_in_words(marked_run: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    done = CliRunner().invoke(app, [str(marked_run), "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    (found,) = told["found"]
    assert {"kind", "class", "box", "share", "interval", "message"} <= set(found)
    assert (found["kind"], found["class"], found["box"]) == ("corner", "b", [22, 1, 27, 6])
    assert found["share"] > 0.5 > found["control"] and found["interval"][0] < found["share"] <= found["interval"][1]
    assert "(upper right)" in found["message"] and found["bearing"] > 0.8 * found["own"]
    split = open_model(marked_run).split("val")
    shown = split.rows(found["rows"])
    assert len(shown) and (shown[:, 1:6, 22:27] == 255).all() and (split.labels[found["rows"]] == 1).all()
    report = shortcuts(marked_run, split="train")
    assert str(report) == report.found[0].message and "pictures of b" in report._repr_html_()
    with pytest.raises(DatasetError, match="sealed"):
        shortcuts(marked_run, split="test")


def test_hiding_the_mark_costs_the_accuracy_that_it_gave(marked_run: Path) -> None:
    opened = open_model(marked_run)
    found = _result(measure_hidden(opened, "val", (22, 1, 27, 6)))
    elsewhere = _result(measure_hidden(opened, "val", (2, 20, 7, 25)))
    assert found.accuracy > 0.85 and found.hidden < found.accuracy - 0.2 and found.p < 0.01
    assert abs(elsewhere.hidden - elsewhere.accuracy) < 0.1
    assert found.lost - found.won == round(found.count * (found.accuracy - found.hidden))
    assert found.to_dict()["box"] == [22, 1, 27, 6]
    with pytest.raises(InputError, match="empty or outside"):
        _result(measure_hidden(opened, "val", (3, 3, 3, 8)))


def test_what_models_use_is_found_and_clean_pictures_raise_no_alarm(benchmark: ModuleType) -> None:
    torch.set_num_threads(1)
    pools, missed, used = {"drawn": benchmark.drawn_pool(), "digits": benchmark.digit_pool()}, [], 0
    for seed in (3, 7):
        made = benchmark.make_dataset(seed, pools, True)
        answers = benchmark.trained(made, seed)
        if benchmark._used(answers, made) >= 0.1:
            used += 1
            found = benchmark.alarms(answers, *made.val)
            missed += (
                [seed] if not any(mark.label == 0 and benchmark._meets(mark, made.mark) for mark, _ in found) else []
            )
        clean = benchmark.make_dataset(seed, pools, False)
        assert not benchmark.alarms(benchmark.trained(clean, seed, epochs=4), *clean.val), f"a false alarm with {seed}"
    assert used >= 2 and missed == []


def test_a_mark_is_what_returns_in_one_class_and_nowhere_else() -> None:
    random = np.random.default_rng(1)
    pictures = random.integers(0, 256, (120, 24, 24, 3), dtype=np.uint8)
    labels = np.repeat([0, 1], 60)
    assert not list(find_marks(pictures, labels))
    pictures[60::2, 18:23, 2:6] = (200, 30, 30)
    (mark,) = find_marks(pictures, labels)
    assert (mark.label, mark.box, mark.bearing, mark.others_bearing) == (1, (2, 18, 6, 23), 30, 0)
    pictures[0:60:2, 18:23, 2:6] = (200, 30, 30)
    assert not list(find_marks(pictures, labels)), "the other class has it as well"
    pictures[:, :8] = (200, 30, 30)
    pictures[0:60, 18:23, 2:6] = random.integers(0, 256, (60, 5, 4, 3))
    assert not list(find_marks(pictures, labels)), "it is of the background's colour"
    assert not list(find_marks(pictures[:65], labels[:65])), "too few pictures of a class"


def test_places_are_named() -> None:
    assert [kind_of(box, 100, 100) for box in ((0, 0, 25, 25), (0, 40, 15, 60), (40, 40, 60, 60))] == [
        "corner", "border", "patch",
    ]  # fmt: skip
    places = [place_of(box, 90, 90) for box in ((0, 0, 10, 10), (80, 40, 90, 50), (40, 80, 50, 90), (40, 40, 50, 50))]
    assert places == ["upper left", "right", "lower middle", "middle"]


def _result(steps: "Generator[object, None, HiddenRegion]") -> HiddenRegion:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: HiddenRegion = end.value
            return found


def test_notes_keep_their_parts_so_that_pages_translate_them() -> None:
    note = Message("Of {classes} there are fewer than 20 pictures here: a mark in them may not be found.", classes="a")
    told = json.loads(json.dumps(ShortcutReport("val", 8, 0, (), (note,)).to_dict()))
    (again,) = with_messages(told)["notes"]
    assert again == note and again.template == note.template
