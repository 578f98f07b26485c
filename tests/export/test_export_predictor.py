"""Predictions: the same to the last bit whichever way a picture comes, and an entry for every bad picture."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.dataset import Dataset
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.image_data import ImageData
from glasshouse.errors import PictureError
from glasshouse.export import reading
from glasshouse.export.bundle import load_model, save_model
from glasshouse.export.description import Description
from glasshouse.export.inference import block_size, lay_out, probabilities
from glasshouse.export.predictor import Model, Prediction
from glasshouse.networks.build import build

NETWORKS = {"LeNet": (28, 1), "Dense128": (28, 3), "ConvNet4": (48, 3), "MobileNetV2": (64, 3), "ResNet18": (96, 3)}


def make(network: str, seed: int = 1) -> Model:
    """Return a model with fresh weights, and running statistics that are not those of a fresh batch norm."""
    size, channels = NETWORKS[network]
    module = build(network, 4, channels, size, size, seed=seed).module
    for name, buffer in module.named_buffers():
        if name.endswith("running_var"):
            buffer.fill_(0.05)
    preprocessing = Preprocessing(
        size, size, color="gray" if channels == 1 else "rgb", mean=(0.45,) * channels, std=(0.25,) * channels
    )
    return Model(module, Description({"name": network}, ("a", "b", "c", "d"), preprocessing))


def pictures(model: Model, count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, *model.preprocessing.shape), dtype=np.uint8)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_picture_has_the_same_bits_alone_and_among_any_others(network: str) -> None:
    model = make(network)
    size = block_size(*model.preprocessing.shape[:2], torch.device("cpu"))
    rows = pictures(model, size + 9)
    together = model.probabilities(rows)
    for count in (1, 2, 7, size):
        assert (model.probabilities(rows[:count]) == together[:count]).all()
    order = np.random.default_rng(2).permutation(len(rows))
    assert (model.probabilities(rows[order]) == together[order]).all()
    assert (model.probabilities(np.repeat(rows[5:6], 3, axis=0)) == together[5]).all()
    assert (model.probabilities(rows[::-1]) == together[::-1]).all()  # an array with negative strides


@pytest.mark.parametrize("network", NETWORKS)
def test_a_model_that_was_loaded_has_the_bits_of_the_one_in_training(network: str, tmp_path: Path) -> None:
    model = make(network)
    rows = pictures(model, 11)
    model.module.to(memory_format=torch.channels_last).train().requires_grad_(True)
    layouts = [p.stride() for p in model.module.parameters()]
    before = model.probabilities(rows)
    assert [p.stride() for p in model.module.parameters()] == layouts
    assert all(part.training for part in model.module.modules())
    d = model.description
    save_model(tmp_path / "m.zip", network=d.network, module=model.module, preprocessing=d.preprocessing,
               classes=d.classes)  # fmt: skip
    assert (load_model(tmp_path / "m.zip", device="cpu").probabilities(rows) == before).all()


def test_probabilities_are_the_softmax_of_the_normalised_pictures() -> None:
    model = make("LeNet")
    rows = pictures(model, 5)
    x = (torch.from_numpy(rows).permute(0, 3, 1, 2).double() / 255 - 0.45) / 0.25
    expected = torch.softmax(model.module.double().eval()(x), dim=1).detach().numpy()
    found = make("LeNet").probabilities(rows)
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-6
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-6


def test_parts_in_eval_mode_stay_so_and_dropout_is_off() -> None:
    model = make("ConvNet4")
    model.module.train()
    model.module.get_submodule("conv1").eval()
    rows = pictures(model, 3)
    assert (model.probabilities(rows) == model.probabilities(rows)).all()
    assert [name for name, part in model.module.named_modules() if not part.training] == ["conv1"]


def test_no_pictures_have_no_probabilities() -> None:
    model = make("LeNet")
    assert model.probabilities(pictures(model, 0)).shape == (0, 4)
    assert model.predict([]) == []
    assert list(model.predict_stream(iter(()))) == []


@pytest.mark.parametrize("rows", [np.zeros((2, 28, 28, 3), np.uint8), np.zeros((2, 28, 28, 1)), np.zeros((28, 28, 1))])
def test_rows_of_another_shape_are_refused(rows: NDArray[np.uint8]) -> None:
    with pytest.raises(PictureError, match=r"takes rows of uint8 \(n, 28, 28, 1\)"):
        make("LeNet").probabilities(rows)


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_size_of_a_block_has_bounds(height: int, width: int) -> None:
    cpu = block_size(height, width, torch.device("cpu"))
    assert 2 <= cpu <= 32
    assert cpu <= block_size(height, width, torch.device("cuda")) <= 256


def test_filters_are_laid_out_by_exact_strides() -> None:
    filters = torch.randn(20, 1, 5, 5)
    assert lay_out(filters).stride() == (25, 1, 5, 1)
    assert torch.equal(lay_out(filters), filters)
    assert lay_out(lay_out(filters)).stride() == (25, 1, 5, 1)
    assert lay_out(torch.randn(3, 4)).stride() == (4, 1)


@pytest.mark.parametrize("encoding", ["raw", "png", "jpeg"])
@pytest.mark.parametrize(("resize", "color"), [("squash", "rgb"), ("half-crop", "gray"), ("pad", "rgb")])
def test_a_file_has_the_bits_of_its_row_in_the_dataset(
    folder: Path, tmp_path: Path, encoding: str, resize: str, color: str
) -> None:
    data = ImageData.from_folder(
        folder, size=(24, 20), resize=resize, color=color, encoding=encoding, quality=60, out=tmp_path / "set"
    ).dataset
    model = Model(
        build("LeNet", 3, data.channels, 24, 20, seed=3).module,
        Description({"name": "LeNet"}, data.classes, data.preprocessing),
    )
    for split in data.splits.values():
        expected = model.probabilities(split.rows(np.arange(len(split))))
        paths = [folder / path for path in split.paths]
        for found, row in zip(model.predict(paths, top=3), expected, strict=True):
            assert dict(found.top) == dict(zip(data.classes, row.tolist()))
        alone = model.predict(paths[0], top=3)
        assert dict(alone.top) == dict(zip(data.classes, expected[0].tolist()))


def test_every_way_to_give_a_picture_gives_the_same_answer(model_path: Path, folder: Path) -> None:
    model = load_model(model_path)
    path = folder / "dog" / "04.png"
    data = path.read_bytes()
    expected = model.predict(path)
    assert expected.path == str(path)
    upright = np.asarray(Image.open(path).convert("L"))
    for picture in (str(path), data, bytearray(data), memoryview(data), Image.open(BytesIO(data))):
        found = model.predict(picture)
        assert (found.label, found.probability, found.top) == (expected.label, expected.probability, expected.top)
    assert model.predict(data).path is None
    both = model.predict(np.stack([upright, upright])[..., None])
    assert both == [model.predict(upright)] * 2


def test_many_are_answered_in_order_with_an_entry_for_each_bad_one(model_path: Path, folder: Path) -> None:
    model = load_model(model_path)
    good = sorted(folder.rglob("*.png"))
    asked: list[object] = [good[0], folder / "nope.png", b"", good[1], folder, b"\x89PNG\r\n", 7, None, good[2]]
    found = model.predict(asked)  # type: ignore[arg-type]
    assert [one.error is None for one in found] == [True, False, False, True, False, False, False, False, True]
    assert [found[k] for k in (0, 3, 8)] == [model.predict(path) for path in good[:3]]
    assert found[1] == Prediction(str(folder / "nope.png"), None, None, (), "there is no such file")
    assert found[6].error == "expected a path, bytes, a PIL image or an array, got int"
    assert found[2].to_dict() == {"path": None, "label": None, "probability": None, "top": [], "error": "zero bytes"}


@pytest.mark.parametrize("picture", [b"", b"GIF89a", "no/such/file.jpg", 3, np.zeros((2, 0), np.uint8)])
def test_one_bad_picture_alone_is_an_error(model_path: Path, picture: bytes) -> None:
    with pytest.raises(PictureError):
        load_model(model_path).predict(picture)


def test_the_error_of_one_picture_names_it(model_path: Path) -> None:
    with pytest.raises(PictureError, match=r"^no/such\.jpg: there is no such file$"):
        load_model(model_path).predict("no/such.jpg")


def test_the_best_classes_are_told_best_first_and_of_equals_the_first(model_path: Path) -> None:
    model = load_model(model_path)
    for weight in (model.module.get_parameter("head.weight"), model.module.get_parameter("head.bias")):
        torch.nn.init.zeros_(weight)
    found = model.predict(np.zeros((9, 9), np.uint8), top=2)
    assert [label for label, _ in found.top] == list(model.classes[:2])
    assert found.label == model.classes[0]
    assert len(model.predict(np.zeros((9, 9), np.uint8), top=99).top) == 3
    assert str(found) == f"{model.classes[0]} 33.3 %, {model.classes[1]} 33.3 %"


def test_a_prediction_as_a_dictionary_has_the_fixed_words() -> None:
    found = Prediction("a.jpg", "cat", 0.75, (("cat", 0.75), ("dog", 0.25))).to_dict()
    assert found == {
        "path": "a.jpg", "label": "cat", "probability": 0.75,
        "top": [{"label": "cat", "probability": 0.75}, {"label": "dog", "probability": 0.25}], "error": None,
    }  # fmt: skip
    assert str(Prediction("a.jpg", None, None, error="damaged")) == "a.jpg: error: damaged"


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(1, 30))
def test_a_stream_answers_each_picture_whatever_the_batch(count: int, batch_size: int) -> None:
    model = make("Dense128")
    rows = pictures(model, count)
    found = list(model.predict_stream(list(rows), batch_size=batch_size))
    assert [one.probability for one in found] == [float(p.max()) for p in model.probabilities(rows)]


def test_a_stream_reads_at_most_three_batches_ahead() -> None:
    model = make("Dense128")
    row = pictures(model, 1)[0]
    asked = 0

    def endless() -> Iterator[NDArray[np.uint8]]:
        nonlocal asked
        while True:
            asked += 1
            yield row

    stream = model.predict_stream(endless(), batch_size=5)
    for told in range(1, 41):
        next(stream)
        assert asked <= told + 15
    stream.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read")]


def test_an_error_of_the_source_ends_the_stream_and_its_threads() -> None:
    def broken() -> Iterator[bytes]:
        yield b""
        raise KeyError("the source broke")

    with pytest.raises(KeyError, match="the source broke"):
        make("Dense128").predict(broken())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read")]


def test_reading_uses_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    names = set()
    read = reading._read

    def spy(picture: object, preprocessing: Preprocessing) -> reading.Read:
        names.add(threading.current_thread().name)
        return read(picture, preprocessing)

    monkeypatch.setattr(reading, "_read", spy)
    make("Dense128").predict([b""] * 50)
    assert names and all(name.startswith("read") for name in names)


def test_a_model_says_what_it_is(model_path: Path, dataset: Dataset) -> None:
    model = load_model(model_path)
    assert repr(model) == "<Model LeNet: 3 classes, 24x20 rgb>"
    assert model.card == "# Card\n"
    assert model.recipe is not None and model.recipe.fingerprint == dataset.fingerprint


def test_mean_and_std_are_those_of_the_channels() -> None:
    model = make("Dense128")
    rows = pictures(model, 3)
    other = replace(model.preprocessing, mean=(0.1, 0.2, 0.3), std=(0.2, 0.3, 0.4))
    x = (torch.from_numpy(rows).double() / 255 - torch.tensor(other.mean)) / torch.tensor(other.std)
    found = probabilities(model.module, rows, other.mean, other.std)
    expected = torch.softmax(model.module.double()(x.permute(0, 3, 1, 2)), dim=1)
    assert np.abs(found - expected.detach().numpy()).max() < 1e-5
