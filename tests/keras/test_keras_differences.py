"""docs/from-keras.md, "What differs, and why": what each row says is done here, beside stored numbers of Keras."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from glasshouse.errors import DatasetError, InputError, LevelError, ModelError, NetworkError, RecipeError
from glasshouse.keras import Model, Sequential, applications, callbacks, layers, metrics, preprocessing
from glasshouse.keras.applications import mobilenet_v2, vgg16
from glasshouse.keras.datasets import fashion_mnist
from glasshouse.keras.models import load_model
from glasshouse.keras.preprocessing.image import ImageDataGenerator, load_img
from glasshouse.ladder.layer_texts import WRITERS
from glasshouse.layers.classifier import Classifier
from page_rows import left_cells

X, Y = np.random.default_rng(0).random((8, 3), np.float32), np.arange(8) % 2


def net(*more: Any, **settings: Any) -> Sequential:
    model = Sequential([layers.Dense(3, input_shape=(3,)), *more, layers.Dense(2, activation="softmax")], **settings)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def nothing_is_downloaded(folder: Path) -> None:
    with pytest.raises(DatasetError, match="nothing is downloaded; put its four files there"):
        fashion_mnist.load_data(root=folder)


def every_ending(folder: Path) -> None:
    model = net()
    for name in ("m.h5", "m.keras", "m"):
        model.save(folder / name)
        np.testing.assert_array_equal(load_model(folder / name).predict(X), model.predict(X))
    (folder / "theirs.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    with pytest.raises(ModelError):
        load_model(folder / "theirs.h5")


def the_same_bits(_: Path) -> None:
    found = []
    for _again in range(2):
        model = net(layers.Dropout(0.5), seed=3)
        model.fit(X, Y, epochs=2, batch_size=3, verbose=0, seed=5)
        found.append(model.predict(X))
    np.testing.assert_array_equal(*found)


def frozen_at_once(_: Path) -> None:
    model = net()
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    assert [np.array_equal(a, b) for a, b in zip(before, model.get_weights())] == [True, True, False, False]


def both_ways_out(_: Path) -> None:
    for last, loss in ((layers.Dense(10), "sparse_categorical_crossentropy"), (layers.Dense(1), "binary_crossentropy")):
        with pytest.raises(NetworkError, match=r"activation=.*, or compile with .*from_logits=True"):
            Sequential([layers.Dense(3, input_shape=(3,)), last]).compile("sgd", loss)
    one = Sequential([layers.Dense(1, activation="softmax", input_shape=(3,))])
    with pytest.raises(NetworkError, match=r"softmax of one number is always 1.*sigmoid.*Dense\(2"):
        one.compile("sgd", "binary_crossentropy")
    with pytest.raises(NetworkError, match="leave from_logits out, or the activation"):
        net().compile("sgd", {"name": "sparse_categorical_crossentropy", "from_logits": True})


def the_near_name(_: Path) -> None:
    for thing in (net(), layers.Dense(3)):
        with pytest.raises(NetworkError, match="did you mean trainable"):
            thing.trainble = False  # type: ignore[attr-defined]


class Halve(callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.control.learning_rate = 0.01
        self.model.stop_training = epoch == 1


def the_handle(_: Path) -> None:
    model = net()
    assert model.fit(X, Y, epochs=5, verbose=0, callbacks=Halve()).epoch == [0, 1]
    assert model.compiled is not None and model.compiled.optimizer.learning_rate == 0.01
    assert model.fit(X, Y, epochs=1, verbose=0, callbacks=None, batch_size=None).epoch == [0]
    assert model.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, 32, 0) == model.evaluate(X, Y)


def a_flat_list(_: Path) -> None:
    inner = Sequential([layers.Dense(3, input_shape=(3,)), layers.Dense(4)])
    assert len(Sequential([Sequential([inner]), layers.Dense(2)]).layers) == 3


def refused_in_words(_: Path) -> None:
    with pytest.raises(NetworkError, match='save_freq="epoch"'):
        callbacks.ModelCheckpoint("x", save_freq=100)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="write CSVLogger"):
        exec("from glasshouse.keras.callbacks import TensorBoard", {})
    for call in (lambda: metrics.TopKCategoricalAccuracy(k=3), lambda: metrics.BinaryAccuracy(threshold=0.3)):
        with pytest.raises(NetworkError, match="got"):
            call()


def numbers_of_the_weights(_: Path) -> None:
    x = np.full((1, 2, 2, 3), 127.5, np.float32)
    for module, keras in ((vgg16, 127.5 - np.array([103.939, 116.779, 123.68])), (mobilenet_v2, np.zeros(3))):
        found = module.preprocess_input(x)
        expected = (0.5 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]  # torchvision's
        np.testing.assert_allclose(found[0, 0, 0], expected, rtol=1e-4)
        assert not np.allclose(found[0, 0, 0], keras, atol=0.01) and x[0, 0, 0, 0] == 127.5


def no_biases(_: Path) -> None:
    base = applications.ResNet50(weights=None, include_top=False, input_shape=(64, 64, 3))
    biases = sum(step.layer.filters for step in base.steps if type(step.layer).__name__ == "Conv2D")
    assert (base.count_params(), base.count_params() + biases) == (23_561_152, 23_587_712)


def the_same_pictures(_: Path) -> None:
    x = np.arange(5 * 6 * 6 * 3, dtype=np.float32).reshape(5, 6, 6, 3) % 255
    flows = [ImageDataGenerator(rotation_range=40).flow(x, batch_size=2, seed=1) for _ in range(2)]
    first, again = ([next(flow) for _ in range(4)] for flow in flows)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    flow = flows[0]
    assert [len(batch) for batch, _ in zip(flow, range(3))] == [2, 2, 1]


def done_in_a_function(_: Path) -> None:
    with pytest.raises(DatasetError, match=r"no zca_whitening here; write preprocessing_function="):
        ImageDataGenerator(zca_whitening=True)
    with pytest.raises(DatasetError, match=r"featurewise_center and .* need the mean of pictures"):
        next(ImageDataGenerator(featurewise_center=True).flow(np.zeros((2, 4, 4, 3))))


def turned_and_on_white(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (4, 2)).save(folder / "turned.jpg", exif=exif)
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(folder / "clear.png")
    assert load_img(folder / "turned.jpg").size == (2, 4)
    assert load_img(folder / "clear.png").getpixel((0, 0)) == (255, 255, 255)


def batches_to_255(folder: Path) -> None:
    for name in "ab":
        (folder / "set" / name).mkdir(parents=True)
        stripes = np.zeros((8, 8, 3), np.uint8)
        stripes[:, ::2] = 255
        Image.fromarray(stripes).save(folder / "set" / name / "0.png")
    (x, _), = preprocessing.image_dataset_from_directory(folder / "set", image_size=(2, 2))  # fmt: skip
    assert isinstance(x, np.ndarray) and x.dtype == np.float32 and 100 < x.min() <= x.max() < 155


def described(*stack: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    return Model.to_dict(Sequential([layers.Input(shape), *stack]))


def weight_decay_instead(_: Path) -> None:
    stack = (layers.Flatten(), layers.Dense(2, activation="softmax", kernel_regularizer="l2"))
    with pytest.raises(RecipeError, match="choose a weight decay"):
        Classifier.of(described(*stack, shape=(4, 4, 1)))


def the_same_probabilities(_: Path) -> None:
    for last in ([layers.Dense(1, activation="sigmoid")], [layers.Dense(2), layers.Softmax()]):
        made = Classifier.of(described(layers.Flatten(), *last, shape=(28, 28)))
        assert (made.shape, made.classes) == ((1, 28, 28), 2)
        assert getattr(made.head.layer, "activation", None) == "softmax"


def not_in_autodiff(_: Path) -> None:
    model = Sequential([layers.Input((4, 4, 1)), layers.Conv2DTranspose(2, 3), layers.LayerNormalization()])
    (wrote,) = {WRITERS.get(type(step.layer).__name__, WRITERS["Embedding"]) for step in model.steps[1:]}
    with pytest.raises(LevelError, match="the level autodiff does not write"):
        wrote(None, model.steps[1], ["x"])  # type: ignore[arg-type]


ROWS: list[tuple[str, Callable[[Path], None]]] = [
    ("downloads data and weights", nothing_is_downloaded),
    ("the ending of a file decides its format", every_ending),
    ("random numbers from a global state", the_same_bits),
    ("`trainable = False` holds from the next `compile`", frozen_at_once),
    ("`Dense(10)` without softmax", both_ways_out),
    ("an attribute that does not exist can be set", the_near_name),
    ("a callback sets `model.optimizer.learning_rate`", the_handle),
    ("layers inside a model inside a model", a_flat_list),
    ("`ModelCheckpoint(save_freq=100)`", refused_in_words),
    ("`preprocess_input` of each network", numbers_of_the_weights),
    ("ResNet50 without top has 23,587,712 weights", no_biases),
    ("a generator draws from a global state", the_same_pictures),
    ("`zca_whitening`", done_in_a_function),
    ("`load_img` leaves pictures as they lie in the file", turned_and_on_white),
    ("`image_dataset_from_directory` needs TensorFlow", batches_to_255),
    ("`kernel_regularizer`, `activity_regularizer`", weight_decay_instead),
    ('`Dense(1, activation="sigmoid")`, `Softmax()` at the end', the_same_probabilities),
    ("`Conv2DTranspose`, `LayerNormalization`, `Embedding`", not_in_autodiff),
]


@pytest.mark.parametrize(("row", "check"), ROWS, ids=[check.__name__ for _, check in ROWS])
def test_a_row_says_what_is_done(row: str, check: Callable[[Path], None], tmp_path: Path) -> None:
    check(tmp_path)


def test_every_row_of_the_page_is_above_in_both_languages() -> None:
    page = left_cells("from-keras.md")
    assert [cell.startswith(row) for cell, (row, _) in zip(page, ROWS, strict=True)] == [True] * len(ROWS)
    assert len(left_cells("from-keras.ko.md")) == len(ROWS)
