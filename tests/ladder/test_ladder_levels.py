"""A run's script on each level gives the run's numbers: bit for bit on Learner and Layers."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from scripts import Run, run_scripts, tiny, train_one

from glasshouse.errors import LevelError
from glasshouse.export.engines import engine_problem
from glasshouse.ladder.comments import sentences
from glasshouse.ladder.formulas import EPS, FORMULAS
from glasshouse.ladder.layer_texts import WRITERS
from glasshouse.ladder.layers_updates import CLASSES
from glasshouse.ladder.levels import LEVELS, run_code
from glasshouse.layers import (
    ELU,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    Input,
    Maximum,
    MaxPooling2D,
    Network,
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    ReLU,
    Rescaling,
    Reshape,
    SeparableConv2D,
    Softmax,
    UpSampling2D,
)
from glasshouse.layers.vocabulary import LAYERS
from glasshouse.recipe import OptimizerRecipe, TrainingRecipe
from glasshouse.training.run_folder import RunFolder

OWN = Network(
    [Conv2D(6, 3, padding="same", activation="relu"), BatchNormalization(), MaxPooling2D(), Dropout(0.3), Flatten(),
     Dense(12, activation="tanh"), Dense(3, activation="softmax")],
    input_shape=(16, 16, 3), name="mine",
).to_dict()  # fmt: skip
SPARSE = Network(  # it has no dropout of its own: the recipe's stands before its last layer
    [SeparableConv2D(6, 3, padding="same", activation="relu"), BatchNormalization(scale=False), MaxPooling2D(4),
     Flatten(), Dense(3, activation="softmax")],
    input_shape=(16, 16, 3), name="sparse",
).to_dict()  # fmt: skip
CHANGED = Network(
    [RandomFlip("horizontal"), RandomRotation(0.1), RandomZoom(0.2), RandomTranslation(0.1, 0.1),
     RandomContrast(0.2, value_range=(-3.0, 3.0)), RandomBrightness(0.1, value_range=(-3.0, 3.0)),
     Rescaling((1.0, 2.0, 0.5), (0.0, 0.1, -0.1)), Conv2D(6, 3), ELU(0.7), Dropout(0.2), Reshape((7, 28, 6)),
     Dense(4, activation="softmax"), ReLU(max_value=2.0, negative_slope=0.1), Flatten(),
     Dense(3, activation="softmax")],
    input_shape=(16, 16, 3), name="changed",
).to_dict()  # fmt: skip

PRINTED = Network(  # as documents print it: pictures without a channel, the softmax a layer of its own
    [Flatten(), Dense(8, activation="relu"), GaussianNoise(0.1), Dropout(0.2), Dense(3), Softmax()],
    input_shape=(16, 16),
    name="printed",
).to_dict()


def _larger() -> dict[str, Any]:
    """The larger of two branches, softmax between them; it has no dropout of its own."""
    start = Input((16, 16, 3))
    x = RandomFlip()(start)
    x = Maximum()([Conv2D(4, 3)(x), Conv2D(4, 3)(x), Conv2D(4, 3)(x)])
    x = Softmax()(UpSampling2D()(MaxPooling2D()(x)))
    return Network(start, Dense(3, activation="softmax")(Flatten()(x)), name="larger").to_dict()


CASES: dict[str, dict[str, Any]] = {
    "plain": {"network": "LeNet"},
    "own": {"network": OWN, "clip_norm": 1.0},
    "tuned": {"network": OWN, "weights": "@own", "strategy": "fine-tune", "epochs": 1},
    "own-drops": {"network": SPARSE, "dropout": 0.4},
    "many-settings": {
        "network": "LeNet",
        "optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True, "lr": 0.01}, "clip_norm": 0.5,
        "augmentation": {"rotation": 10, "horizontal_flip": True}, "accumulate": 2, "dropout": 0.2, "seed": 7,
    },
    "watched": {
        "network": "LeNet", "ema_decay": 0.9, "early_stopping": {"patience": 1}, "epochs": 4, "sampling": "balanced",
        "schedule": {"name": "cosine", "warmup": 0.5},
        "objective": {"label_smoothing": 0.1, "class_weights": "balanced"},
    },
    "weighed": {
        "network": "LeNet", "augmentation": {"mixup": 0.4, "cutmix": 1.0},
        "objective": {"label_smoothing": 0.1, "class_weights": {"red": 3.0, "green": 0.5}},
    },
    "changed": {"network": CHANGED},
    "printed": {"network": PRINTED},
    "changed-drops": {"network": _larger(), "dropout": 0.4, "accumulate": 2},
    "own-file": {"network": SPARSE, "weights": "@own-drops", "strategy": "fine-tune", "epochs": 1, "seed": 3},
    "frozen": {
        "network": "LeNet", "strategy": "features", "weights": "@plain", "views": 3, "dropout": 0.3, "epochs": 3,
        "augmentation": {"rotation": 10, "horizontal_flip": True}, "ema_decay": 0.9, "accumulate": 2,
    },
    "solved": {
        "network": "LeNet", "strategy": "features", "weights": "@plain", "views": 2, "epochs": None,
        "augmentation": {"rotation": 10}, "objective": {"class_weights": "balanced"}, "learn_from": "fold 2/3",
    },
    "own-solved": {"network": OWN, "strategy": "features", "weights": "@own", "head": "linear", "epochs": None},
    "tuned-fold": {"network": "LeNet", "learn_from": "fold 1/2", "augmentation": {"rotation": 10}},
    "own-frozen": {"network": OWN, "strategy": "features", "weights": "@own", "dropout": 0.2, "clip_norm": 0.5,
                   "engine": "openvino-bf16"},
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("ladder") / "data")


@pytest.fixture(scope="module")
def runs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    return {name: train_one(folder / name, data, **_begun(folder, fields)) for name, fields in CASES.items()}


def _begun(folder: Path, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a recipe; weights called @NAME are those of that run's model."""
    name = fields.get("weights", "").removeprefix("@")
    if engine_problem(fields.get("engine", "torch")) is not None:
        fields = fields | {"engine": "onnxruntime"}
    return fields | ({"weights": str(folder / name / "model" / "weights.safetensors")} if name else {})


@pytest.mark.parametrize("level", ["learner", "layers"])
def test_a_script_gives_the_runs_bits(level: str, runs: dict[str, Run], tmp_path: Path) -> None:
    found = run_scripts(runs, level, tmp_path / "elsewhere")
    for name, run in runs.items():
        assert found[name]["losses"] == run.losses, name
        assert found[name]["history"] == run.history, name
        if level == "layers":
            assert found[name]["best"] == run.best, name
    if level == "learner":
        model = Path("model") / "weights.safetensors"
        for name, run in runs.items():
            assert (Path(found[name]["run"]) / model).read_bytes() == (run.path / model).read_bytes(), name


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_script_says_no_more_than_it_must(level: str, language: str, runs: dict[str, Run]) -> None:
    for run in runs.values():
        text = run_code(run.path, level, language=language)
        ast.parse(text)
        assert "{" + "run}" not in text and max(map(len, text.splitlines())) <= 140
        assert ("정규화" in text or level == "learner") == (language == "ko") or level == "learner"
    assert "optimizer" not in run_code(runs["plain"].path, "learner")


@pytest.mark.parametrize("level", LEVELS)
def test_a_korean_script_prints_korean(level: str, runs: dict[str, Run]) -> None:
    for run in runs.values():
        english, korean = (_printed(run_code(run.path, level, language=language)) for language in ("en", "ko"))
        assert len(korean) == len(english) > 0
        assert all(re.search("[가-힣]", line) for line in korean if re.search("[a-z]{4}", line))


def _printed(script: str) -> list[str]:
    """Return what the prints of a script say, without what they compute."""
    calls = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)]
    prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    return [" ".join(str(one.value) for one in ast.walk(call) if isinstance(one, ast.Constant)) for call in prints]


def test_every_layer_is_written() -> None:
    assert set(WRITERS) == set(LAYERS)


def test_every_optimizer_is_written_on_both_levels() -> None:
    names = set(get_args(OptimizerRecipe.model_fields["name"].annotation))
    assert set(CLASSES) == names and set(FORMULAS) == names
    assert names - set(EPS) == {"sgd"}


def test_every_sentence_has_both_languages() -> None:
    english, korean = sentences("en"), sentences("ko")
    for key in english:
        assert any("가" <= letter <= "힣" for letter in korean[key]), key


def test_autodiff_gives_the_runs_losses(runs: dict[str, Run], tmp_path: Path) -> None:
    found = run_scripts(runs, "autodiff", tmp_path)
    for name, run in runs.items():
        assert found[name]["losses"] == pytest.approx(run.losses, abs=1e-4), name
        assert found[name]["best"] == run.best, name
        for ours, theirs in zip(found[name]["history"], run.history, strict=True):
            assert ours == pytest.approx(theirs, abs=1e-4), name


def test_a_level_that_cannot_says_why(runs: dict[str, Run], data: Path, tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "timm", TrainingRecipe(data=str(data), network="resnet10t"))
    assert "resnet10t" in run_code(tmp_path / "timm", "learner")
    with pytest.raises(LevelError, match=r"timm.*learner"):
        run_code(tmp_path / "timm", "layers")


def test_the_ladder_loads_no_torch(runs: dict[str, Run]) -> None:
    paths = [str(runs[name].path) for name in ("plain", "own")]
    code = (
        "import sys; from pathlib import Path; from glasshouse.ladder.levels import LEVELS, run_code\n"
        f"for level in LEVELS:\n    for run in {paths!r}: run_code(run, level)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
