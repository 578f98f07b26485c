"""Every field of every recipe changes something that can be measured; a field that no case here knows fails."""

import hashlib
import json
import types
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np
import pytest
import torch
from PIL import Image

from glasshouse.data.augment import augment
from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.image_data import ImageData
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import GlasshouseError
from glasshouse.events import CheckpointSaved, EpochDone, Notice
from glasshouse.export.bundle import load_model
from glasshouse.layers import Conv2D, Dense, Dropout, Flatten, Network
from glasshouse.recipe import AugmentationRecipe, DatasetRecipe, Part, TrainingRecipe
from glasshouse.recipe.fields import declared_fields, in_effect, value_at
from glasshouse.training.checkpoints import read_checkpoint
from glasshouse.training.loop import train

Fields = dict[str, Any]
Change = tuple[Fields, Any]  # what has to be set besides, and the field's other value


def fields_of(part: type[Part], prefix: str = "") -> Iterator[str]:
    """Every field of a recipe and its parts, by its path; not those that can have but one value."""
    for name, field in part.model_fields.items():
        inside = [one for one in _choices(field.annotation) if isinstance(one, type) and issubclass(one, Part)]
        if inside:
            yield from (path for one in inside for path in fields_of(one, f"{prefix}{name}."))
        elif not (get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1):
            yield prefix + name


def _choices(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def with_field(fields: Fields, path: str, value: Any) -> Fields:
    name, _, rest = path.partition(".")
    if not rest:
        return {**fields, name: value}
    return {**fields, name: with_field(fields.get(name, {}), rest, value)}


AUGMENTATION: dict[str, list[Change]] = {
    "rotation": [({}, 30)],
    "width_shift": [({}, 0.3), ({}, 3), ({}, [2, 5])],
    "height_shift": [({}, 0.3), ({}, 3), ({}, [2, 5])],
    "shear": [({}, 30)],
    "zoom": [({}, 0.4), ({}, (0.5, 0.6))],
    "horizontal_flip": [({}, True)],
    "vertical_flip": [({}, True)],
    "crop_scale": [({}, (0.3, 0.6))],
    "crop_ratio": [({"crop_scale": (0.4, 0.5)}, (1.9, 2.0))],
    "fill": [({"rotation": 60}, kind) for kind in ("reflect", "wrap", "constant")],
    "fill_value": [({"rotation": 60, "fill": "constant"}, 200)],
    "brightness": [({}, 0.5), ({}, (1.2, 1.4))],
    "contrast": [({}, 0.5), ({}, (1.2, 1.4))],
    "saturation": [({}, 0.5), ({}, (1.2, 1.4))],
    "hue": [({}, 0.3)],
    "channel_shift": [({}, 60)],
    "erasing": [({}, 1.0)],
    "erasing_area": [({"erasing": 1.0}, (0.5, 0.6))],
    "mixup": [({}, 0.4)],
    "cutmix": [({}, 0.4)],
}


def test_every_field_of_the_augmentation_has_a_case() -> None:
    assert set(AUGMENTATION) == set(fields_of(AugmentationRecipe))


@pytest.mark.parametrize("name", AUGMENTATION)
def test_a_field_of_the_augmentation_changes_the_pictures(name: str) -> None:
    pictures = torch.from_numpy(np.random.default_rng(1).random((8, 3, 16, 16), dtype=np.float32))
    labels, samples = torch.arange(8) % 2, np.arange(8)
    for besides, value in AUGMENTATION[name]:
        before, after = AugmentationRecipe(**besides), AugmentationRecipe(**{**besides, name: value})
        assert after.active
        (x, _), (y, targets) = (augment(pictures, labels, samples, r, 3, 0, 2) for r in (before, after))
        assert not torch.allclose(x, y, atol=1e-3), (name, value)
        assert torch.isfinite(y).all() and len(targets) == 8


NET = Network(
    [Conv2D(3, 3, activation="relu"), Flatten(), Dropout(0.1), Dense(2, activation="softmax")], input_shape=(8, 8, 3)
).to_dict()
ADAM, SGD = {"optimizer": {"name": "adam", "lr": 0.01}}, {"optimizer": {"name": "sgd", "lr": 0.05}}
HEAD = {"weights": "@", "strategy": "features", "head": "steps"}
LONG = {"epochs": 8, **with_field(SGD, "optimizer.lr", 0.01), "schedule": {"name": "constant"}}


def schedule(name: str) -> Fields:
    return {**SGD, "schedule": {"name": name}}


TRAINING: dict[str, list[Change]] = {
    "data": [({}, "@other")],
    "fingerprint": [({}, "another")],
    "network": [({}, "Dense128")],
    "weights": [({}, "@")],
    "strategy": [({"weights": "@"}, "fine-tune"), ({"weights": "@"}, "features")],
    "epochs": [({}, 3)],
    "freeze_epochs": [({"weights": "@", "strategy": "fine-tune"}, 2)],
    "views": [({**HEAD, "augmentation": {"rotation": 90}}, 3)],
    "head": [({**HEAD, "epochs": None}, "linear")],
    "learn_from": [({}, "train+val"), ({}, "fold 1/3"), (HEAD, "fold 2/3")],
    "batch_size": [({}, 5)],
    "accumulate": [({}, 2)],
    "optimizer.name": [({}, name) for name in
                       ("sgd", "adam", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta")],
    "optimizer.lr": [({}, 0.02)],
    "optimizer.momentum": [(SGD, 0.9), ({"optimizer": {"name": "rmsprop"}}, 0.9)],
    "optimizer.nesterov": [(with_field(SGD, "optimizer.momentum", 0.9), True)],
    "optimizer.beta1": [(ADAM, 0.5)],
    "optimizer.beta2": [(ADAM, 0.5)],
    "optimizer.rho": [({"optimizer": {"name": name}}, 0.5) for name in ("rmsprop", "adadelta")],
    "optimizer.eps": [({"optimizer": {"name": name}}, 0.1) for name in
                      ("adam", "adamw", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta")],
    "optimizer.weight_decay": [(SGD, 0.5), ({}, 0.5)],
    "schedule.name": [(SGD, name) for name in ("constant", "step", "multi-step", "exponential", "inverse",
                                               "polynomial", "sigmoid", "cosine")],
    "schedule.warmup": [(schedule("constant"), 1.0)],
    "schedule.step": [(schedule("step"), 20.0), (schedule("sigmoid"), 20.0)],
    "schedule.milestones": [(schedule("multi-step"), [10.0])],
    "schedule.gamma": [(schedule(name), 0.3) for name in ("step", "multi-step", "exponential", "inverse", "sigmoid")],
    "schedule.power": [(schedule("polynomial"), 1.0), (schedule("inverse"), 2.0)],
    "schedule.pct_start": [({}, 0.6)],
    "schedule.div": [({}, 2.0)],
    "schedule.final_div": [({}, 2.0), (schedule("cosine"), 2.0)],
    "objective.label_smoothing": [({}, 0.2)],
    "objective.class_weights": [({}, "balanced"), ({}, {"a": 3.0})],
    "sampling": [({}, "balanced")],
    "dropout": [({}, 0.5), ({}, 0.0), (HEAD, 0.5)],
    "clip_norm": [({}, 1e-3)],
    "ema_decay": [({}, 0.9)],
    "early_stopping.patience": [({**LONG, "early_stopping": {"patience": 1, "min_delta": 9.0}}, 3)],
    "early_stopping.min_delta": [({**LONG, "early_stopping": {"patience": 2, "monitor": "valid_accuracy"}}, 0.2)],
    "early_stopping.monitor": [({**LONG, "early_stopping": {"patience": 2}}, "valid_accuracy")],
    "checkpoints.monitor": [(LONG, "valid_accuracy")],
    "checkpoints.keep_every": [({}, 1)],
    "checkpoints.minutes": [({}, 1e-9)],
    "checkpoints.steps": [({}, 1)],
    "normalize": [({}, "none"), ({**HEAD, "network": "Dense128", "weights": "@dense"}, "dataset")],
    "precision": [({}, "mixed")],
    "engine": [({**HEAD, "engine": "torch"}, "onnxruntime"), ({}, "onnxruntime")],
    "device": [({}, "cuda:99")],
    "seed": [({}, 7)],
}  # fmt: skip
TRAINING |= {f"augmentation.{name}": [(besides, value) for besides, value in
                                      [({"augmentation": b}, v) for b, v in cases[:1]]]
             for name, cases in AUGMENTATION.items()}  # fmt: skip


def test_every_field_of_the_training_has_a_case() -> None:
    assert set(TRAINING) == set(fields_of(TrainingRecipe))


def noise(out: Path, seed: int) -> Dataset:
    draw = np.random.default_rng(seed)
    pictures = draw.integers(0, 256, (26, 8, 8, 3)).astype("uint8")
    labels = np.array(["a", "b"])[(np.arange(26) % 13 < 5).astype(int)]
    return ImageData.from_arrays(pictures, labels, valid=0.3, size=8, out=out, twins=False).dataset


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """What a training leaves, as one text, by the JSON of its fields; each is trained once."""
    folder = tmp_path_factory.mktemp("trained")
    noise(folder / "set", 1), noise(folder / "other", 2)
    begin: Fields = {"data": str(folder / "set"), "network": NET, "batch_size": 8, "epochs": 2, "device": "cpu"}
    places = {"@other": str(folder / "other")}
    for name, network in (("@", NET), ("@dense", "Dense128")):
        list(train(TrainingRecipe(**{**begin, "network": network, "seed": 99}), folder / f"first{name[1:]}"))
        places[name] = str(folder / f"first{name[1:]}" / "model")

    @cache
    def measured(fields: str) -> str:
        given = {name: places.get(value, value) if isinstance(value, str) else value
                 for name, value in json.loads(fields).items()}  # fmt: skip
        return what_is_left({**begin, **given}, folder / hashlib.sha256(fields.encode()).hexdigest()[:16])

    return measured


def what_is_left(fields: Fields, run: Path) -> str:
    try:
        events = list(train(TrainingRecipe(**fields), run))
    except GlasshouseError as error:
        return type(error).__name__
    model = load_model(run, "cpu")
    states = [model.module.state_dict(), read_checkpoint(run / "checkpoints" / "last.safetensors")[0]]
    digest = hashlib.sha256(b"".join(value.numpy().tobytes() for state in states for value in state.values()))
    told = [e.kind for e in events if isinstance(e, Notice)]
    saved = [e.path for e in events if isinstance(e, CheckpointSaved)]
    return json.dumps(
        [digest.hexdigest(), model.engine, told, saved, len([e for e in events if isinstance(e, EpochDone)])]
    )


@pytest.mark.parametrize("name", TRAINING)
def test_a_field_of_the_training_changes_what_is_left(name: str, trained: Callable[[str], str]) -> None:
    for besides, value in TRAINING[name]:
        before, after = (trained(json.dumps(one)) for one in (besides, with_field(besides, name, value)))
        assert "Error" not in before, before
        assert before != after, (name, value)
        expected = {"device": "RecipeError", "fingerprint": "DatasetError"}.get(name)
        assert after == expected if expected else "Error" not in after, after


CONDITIONAL = [name for name, field in declared_fields().items() if field.when]
REFUSED = {"augmentation.mixup", "augmentation.cutmix"}  # with the strategy features, as conflicts
ABSENT = {"early_stopping.min_delta", "early_stopping.monitor"}  # without the part that they are of


@pytest.mark.parametrize("name", CONDITIONAL)
def test_a_field_counts_in_its_cases(name: str) -> None:
    for besides, value in TRAINING[name]:
        recipe = TrainingRecipe(**{"data": "-", "network": NET, **with_field(besides, name, value)})
        data = recipe.model_dump(mode="json")
        assert name in in_effect(lambda one, data=data: value_at(data, one)), besides


@pytest.mark.parametrize("name", sorted(set(CONDITIONAL) - REFUSED - ABSENT))
def test_a_field_that_is_declared_idle_changes_nothing(name: str, trained: Callable[[str], str]) -> None:
    besides, value = TRAINING[name][0]
    names, values = next(iter(declared_fields()[name].when.items()))
    other = declared_fields()[names.split("|")[0]]
    away = next((one for one in other.names if one not in values), None) if values else other.usual
    idle = with_field(besides, other.name, away)
    assert trained(json.dumps(idle)) == trained(json.dumps(with_field(idle, name, value)))


def test_views_are_pictures_changed_otherwise(trained: Callable[[str], str]) -> None:
    """A second view that showed the plain picture again would leave the same weights with any augmentation."""
    found = {trained(json.dumps({**HEAD, "views": 3, "augmentation": {"rotation": degrees}})) for degrees in (90, 20)}
    plain = trained(json.dumps({**HEAD, "views": 1}))
    assert len(found) == 2 and plain not in found
    one = {trained(json.dumps({**HEAD, "views": 1, "augmentation": {"rotation": degrees}})) for degrees in (90, 20)}
    assert len(one) == 2 and plain not in one


DATASET: dict[str, list[Change]] = {
    "source": [({}, "@more")],
    "valid_source": [({}, "@more")],
    "test_source": [({}, "@more")],
    "labels.by": [({"labels": {"pattern": r"^(\w)\w*_"}}, "folder")],
    "labels.pattern": [({"labels": {"by": "pattern", "pattern": r"^(\w)"}}, r"^\w*_(\d)")],
    "labels.path_column": [({"source": "@table"}, "other")],
    "labels.label_column": [({"source": "@table"}, "kind")],
    "labels.group_column": [({"source": "@table"}, "kind")],
    "labels.split_column": [({"source": "@table", "split": "list", "labels": {"split_column": "part"}}, "part2")],
    "labels.labels_file": [({"source": "@listed"}, "@names")],
    "labels.pictures": [({"source": "@table"}, "@more")],
    "labels.digest": [({}, "0123")],
    "width": [({}, 5)],
    "height": [({}, 5)],
    "resize": [({}, kind) for kind in ("crop", "pad", "half-crop")],
    "color": [({}, "gray")],
    "encoding": [({}, "png"), ({}, "jpeg")],
    "quality": [({"encoding": "jpeg"}, 5)],
    "valid": [({}, 0.5)],
    "test": [({}, 0.25)],
    "split": [({}, "ordered"), ({}, "time"), ({"source": "@parts"}, "random")],
    "seed": [({}, 7)],
    "group": [({}, r"_(\d)\d\.png$")],
    "twins": [({"source": "@more"}, False)],
    "min_per_class": [({"source": "@more"}, 15)],
    "max_per_class": [({}, 6)],
    "pixel_limit": [({}, 120)],
    "edits": [({}, [{"class_name": "ape", "label": "gibbon"}])],
    "version": [({"source": "@numbers"}, 1)],  # which counts classes: 1, 2, 10, or sorts them by letters
}


def test_every_field_of_the_dataset_has_a_case() -> None:
    assert set(DATASET) == set(fields_of(DatasetRecipe))


def draw_pictures(folder: Path, seed: int, classes: Mapping[str, int]) -> None:
    draw = np.random.default_rng(seed)
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            size = (10, 14, 3) if number % 5 else (9, 12, 3)
            picture = draw.integers(0, 256, size) // 2 + 40 * len(name)
            Image.fromarray(picture.clip(0, 255).astype("uint8")).save(
                folder / name / f"{Path(name).name}_{number:02d}.png"
            )


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("sources")
    draw_pictures(folder / "set", 1, {"ape": 12, "bee": 12})
    draw_pictures(folder / "more", 2, {"ape": 12, "bee": 14})
    twin = folder / "more" / "ape" / "ape_00.png"
    for number in range(4):  # twins stay in the same subset
        (twin.parent / f"ape_{40 + number}.png").write_bytes(twin.read_bytes())
    draw_pictures(folder / "parts", 3, {"train/ape": 8, "train/bee": 8, "val/ape": 4, "val/bee": 4})
    draw_pictures(folder / "numbers", 4, {"1": 4, "2": 4, "10": 4})
    names = [f"{kind}/{kind}_{number:02d}.png" for kind in ("ape", "bee") for number in range(12)]
    head = "path,label,other,kind,part,part2"
    rows = [f"{name},{name[:3]},{names[-1 - n]},{'xyz'[n % 3]},{['train', 'val'][n % 4 == 0]},"
            f"{['train', 'val'][n % 4 == 1]}" for n, name in enumerate(names)]  # fmt: skip
    (folder / "set" / "table.csv").write_text("\n".join([head, *rows]))
    (folder / "more" / "set").mkdir()
    (folder / "set" / "listed.txt").write_text("\n".join(f"{name} {n // 12}" for n, name in enumerate(names)))
    (folder / "names.txt").write_text("Affe\nBiene\n")
    return {"@": str(folder / "set"), "@more": str(folder / "more"), "@parts": str(folder / "parts"),
            "@table": str(folder / "set" / "table.csv"), "@listed": str(folder / "set" / "listed.txt"),
            "@numbers": str(folder / "numbers"), "@names": str(folder / "names.txt")}  # fmt: skip


def put(fields: Any, places: Mapping[str, str]) -> Any:
    if isinstance(fields, dict):
        return {name: put(value, places) for name, value in fields.items()}
    if isinstance(fields, list):
        return [put(value, places) for value in fields]
    return places.get(fields, fields) if isinstance(fields, str) else fields


def what_is_made(fields: Fields, out: Path) -> str:
    """All of a dataset's content, but for its recipe; the fingerprint only of what a digest stands for."""
    try:
        recipe = DatasetRecipe(**fields)
        create_dataset(recipe, out)
    except GlasshouseError as error:
        return f"{type(error).__name__}: {error}"
    data = open_dataset(out)
    parts = [
        [name, list(split.paths), split.labels.tolist(),
         hashlib.sha256(split.rows(np.arange(len(split))).tobytes()).hexdigest()]
        for name, split in data.splits.items()
    ]  # fmt: skip
    sizes = [file.stat().st_size for file in sorted(out.glob("*.arrow"))]
    facts = [[f.kind for f in data.warnings], [str(r.path) for r in data.rejected], list(data.classes)]
    return json.dumps([parts, facts, sizes, data.fingerprint if recipe.labels.digest else ""])


@pytest.mark.parametrize("name", DATASET)
def test_a_field_of_the_dataset_changes_what_is_made(name: str, places: dict[str, str], tmp_path: Path) -> None:
    plain: Fields = {"source": "@", "width": 8, "height": 8, "pixel_limit": 1000}
    for number, (besides, value) in enumerate(DATASET[name]):
        first = {**plain, **besides}
        before = what_is_made(put(first, places), tmp_path / f"before-{number}")
        after = what_is_made(put(with_field(first, name, value), places), tmp_path / f"after-{number}")
        assert "Error" not in before, before
        assert before != after, (name, value)
