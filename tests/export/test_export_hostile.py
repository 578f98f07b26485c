"""Model bundles whose description was changed: refused in words, or the answers are finite probabilities."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import DamagedModelError, GlasshouseError
from glasshouse.export.bundle import load_model, save_model
from glasshouse.integrity.documents import with_checksum
from glasshouse.layers import Dense, Flatten
from glasshouse.layers.network import Network
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe

PREPROCESSING = Preprocessing(28, 28, "crop", "gray", "raw", 90, (0.4,), (0.2,))
PICTURE = np.random.default_rng(0).integers(0, 256, (40, 30), dtype=np.uint8)
DEEP = "deep"  # replaced in the text by lists in lists, which no json.dumps writes
VALUES: list[Any] = [
    None, True, -1, 0, 1, 3, 10**9, 10**30, 0.5, 1e-40, 1e300, float("nan"), float("inf"), "", "x", "nan",
    "a" * 100_000, [], [[]], {}, {"x": {}}, [0.0], [1e-300], [float("nan")], [None], ["a", "a"],
    ["a"] * 3, [0.1] * 1000, DEEP,
]  # fmt: skip


def make(path: Path, layers: bool = False) -> Path:
    net = Network([Flatten(), Dense(3, activation="softmax")], input_shape=(28, 28, 1)).to_dict()
    module = build(net if layers else "Dense128", 3, 1, 28, 28, seed=7).module
    described = module.description if layers else None
    recipe = TrainingRecipe(data="digits", network=described or "Dense128")
    network = {"name": recipe.network_name, **({"layers": described} if layers else {})}
    return save_model(path, network=network, module=module, preprocessing=PREPROCESSING, classes=("a", "b", "c"),
                      recipe=recipe, card="# Card\n")  # fmt: skip


def places(data: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value in a document."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from places(value, (*above, key))


def changed(data: Any, place: tuple[Any, ...], value: Any, remove: bool = False) -> Any:
    new = copy.deepcopy(data)
    holder = new
    for key in place[:-1]:
        holder = holder[key]
    if remove:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return new


def write(file: Path, data: Any, checksum: bool) -> None:
    if checksum and isinstance(data, dict):
        data = with_checksum(data)
    file.write_text(json.dumps(data).replace(f'"{DEEP}"', "[" * 5000 + "]" * 5000))


def is_refused_or_finite(folder: Path) -> bool:
    """Whether the model is refused in words, or answers with probabilities; anything else fails the test."""
    try:
        answer = load_model(folder, "cpu").predict(PICTURE)
    except GlasshouseError as error:
        assert 10 < len(str(error)) < 3000 and "Traceback" not in str(error)
        return True
    assert all(np.isfinite(p) and 0 <= p <= 1 for _, p in answer.top) and answer.top
    assert "nan" not in str(answer).split()
    return False


@pytest.mark.parametrize("layers", [False, True])
@pytest.mark.parametrize("name", ["model.json", "recipe.json"])
def test_every_field_of_a_bundle_may_hold_anything(tmp_path: Path, name: str, layers: bool) -> None:
    """Each field is changed into many things (seeded) or taken out; checksums are made to fit, or are not there."""
    make(tmp_path / "m", layers)
    file = tmp_path / "m" / name
    manifest = json.loads((tmp_path / "m" / "model.json").read_text())
    old = {key: value for key, value in manifest.items() if key not in ("checksums", "checksum")}
    (tmp_path / "m" / "model.json").write_text(json.dumps(old))
    data = json.loads(file.read_text())
    draw, refused = random.Random(f"{name} {layers}"), 0
    all_places = list(places(data))
    for place in all_places:
        for value in draw.sample(VALUES, 6 if len(all_places) < 40 else 2):
            write(file, changed(data, place, value), checksum=False)
            refused += is_refused_or_finite(tmp_path / "m")
        write(file, changed(data, place, None, remove=True), checksum=False)
        is_refused_or_finite(tmp_path / "m")
    assert refused > len(all_places)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 3000 + "1" + "}" * 3000, '{"kind": 1, "kind": 2}', "1" * 5000]
)
@pytest.mark.parametrize("name", ["model.json", "recipe.json"])
def test_nested_and_doubled_documents_are_refused(tmp_path: Path, name: str, text: str) -> None:
    make(tmp_path / "m")
    (tmp_path / "m" / name).write_text(text)
    with pytest.raises(DamagedModelError):
        load_model(tmp_path / "m")


def test_sizes_that_no_computer_has_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    make(tmp_path / "m")
    manifest = json.loads((tmp_path / "m" / "model.json").read_text())
    for change in ({"width": 10**9}, {"width": 4096, "height": 4096}, {"width": -5}, {"height": 10**30}):
        data = with_checksum({**manifest, "preprocessing": {**manifest["preprocessing"], **change}})
        (tmp_path / "m" / "model.json").write_text(json.dumps(data))
        with pytest.raises(DamagedModelError, match=r"from 1 to 4096, got|and these pictures it has"):
            load_model(tmp_path / "m")


@pytest.mark.parametrize(
    ("name", "value"), [("mean", [float("nan")]), ("std", [0.0]), ("std", [-1.0]), ("mean", [1e30])]
)
def test_statistics_that_give_no_numbers_are_refused(tmp_path: Path, name: str, value: list[float]) -> None:
    make(tmp_path / "m")
    manifest = json.loads((tmp_path / "m" / "model.json").read_text())
    data = {**manifest, "preprocessing": {**manifest["preprocessing"], name: value}}
    write(tmp_path / "m" / "model.json", data, checksum=True)
    with pytest.raises(DamagedModelError, match=r"not finite|expected a"):
        load_model(tmp_path / "m")


def test_weights_that_are_not_numbers_answer_in_words(tmp_path: Path) -> None:
    module = build("Dense128", 3, 1, 28, 28, seed=7).module
    with torch.no_grad():
        next(module.parameters()).fill_(float("nan"))
    save_model(tmp_path / "m", network={"name": "Dense128"}, module=module, preprocessing=PREPROCESSING,
               classes=("a", "b", "c"))  # fmt: skip
    with pytest.raises(DamagedModelError, match=r"dense.weight holds NaN"):
        load_model(tmp_path / "m")
