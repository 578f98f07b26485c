"""Every name of the room is there, and stands for what it says."""

import gzip
import importlib
from pathlib import Path

import numpy as np
import pytest

from glasshouse import layers as level3
from glasshouse.errors import DatasetError, InputError, NetworkError
from glasshouse.keras import activations, initializers, layers, losses, metrics, optimizers
from glasshouse.keras.datasets import fashion_mnist
from glasshouse.keras.models import Sequential, load_model
from glasshouse.keras.utils import normalize, to_categorical
from glasshouse.layers.initializers import draw

MODULES = (
    "activations", "applications", "callbacks", "datasets", "initializers", "layers", "losses", "metrics", "models",
    "optimizers", "preprocessing", "preprocessing.image", "regularizers", "utils",
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_promises_is_there(name: str) -> None:
    module = importlib.import_module(f"glasshouse.keras.{name}")
    assert [word for word in module.__all__ if not hasattr(module, word)] == []


def test_every_layer_of_level_three_is_there_as_its_own_kind() -> None:
    for name, kind in level3.LAYERS.items():
        if name != "AdaptiveAveragePooling2D":  # torch's, no layer of Keras
            ours = getattr(layers, name)
            assert issubclass(ours, kind) and ours.__name__ == name
    assert layers.MaxPool2D is layers.MaxPooling2D
    frozen = layers.Dense(3, input_dim=4, trainable=False)
    assert layers.given_shape(frozen) == (4,)
    assert not frozen.trainable


def test_optimizers_know_lr_and_keep_their_defaults() -> None:
    for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "AdamW", "Nadam"):
        ours, theirs = getattr(optimizers, name), getattr(level3, name)
        assert ours().to_dict() == theirs().to_dict()
        assert ours(lr=0.5).learning_rate == ours(0.5).learning_rate == 0.5
    assert optimizers.get("rmsprop").to_dict() == optimizers.RMSprop().to_dict()


def test_losses_and_metrics_stand_for_words() -> None:
    assert losses.get("mse") == losses.MeanSquaredError()
    assert losses.BinaryCrossentropy(from_logits=True).from_logits
    assert metrics.Accuracy() == "accuracy"
    with pytest.raises(NetworkError, match="counts the first 5 here, got k=3"):
        metrics.TopKCategoricalAccuracy(k=3)
    assert activations.relu == "relu"
    assert layers.Dense(2, activation=activations.swish).activation == "silu"
    with pytest.raises(ValueError, match="no activation 'rulu'"):
        activations.get("rulu")


def test_initializers_draw_what_their_words_draw() -> None:
    for name in ("GlorotNormal", "HeUniform", "LecunNormal", "Zeros", "Ones"):
        made = getattr(initializers, name)()
        np.testing.assert_array_equal(draw(made, (3, 4), 1, "a"), draw(made.name, (3, 4), 1, "a"))
    assert draw(initializers.Constant(3), (2,), 1, "a").tolist() == [3, 3]
    assert abs(draw(initializers.RandomUniform(1, 2), (50,), 1, "a").mean() - 1.5) < 0.2
    layers.Dense(3, kernel_initializer=initializers.HeNormal())


def test_to_categorical_and_normalize() -> None:
    assert to_categorical([[1], [0]]).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(InputError, match="label 3 does not fit 3 classes, 0 to 2"):
        to_categorical([3], 3)
    with pytest.raises(InputError, match="whole numbers from 0 on"):
        to_categorical([0.5])
    np.testing.assert_allclose(normalize([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]])


def test_fashion_mnist_comes_from_files_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(DatasetError, match="nothing is downloaded; put its four files there"):
        fashion_mnist.load_data()
    place = tmp_path / ".keras" / "datasets" / "fashion-mnist"
    place.mkdir(parents=True)
    for part, n in (("train", 6), ("t10k", 2)):
        (place / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + bytes(784 * n)))
        (place / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + bytes(range(n))))
    (x_train, y_train), (x_test, _) = fashion_mnist.load_data()
    assert (x_train.shape, y_train.tolist(), x_test.shape) == ((6, 28, 28), list(range(6)), (2, 28, 28))


def test_a_metric_is_called_as_it_says(tmp_path: Path) -> None:
    model = Sequential([layers.Dense(3, input_shape=(2,))])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, name="ce")
    model.compile("adam", loss, [metrics.SparseCategoricalAccuracy(name="acc3"), metrics.Accuracy(), "mae"])
    assert model.metrics_names == ["loss", "acc3", "accuracy", "mae"]
    model.compile("adam", loss, [metrics.SparseCategoricalAccuracy(name="acc3")])
    x, y = np.ones((4, 2), np.float32), np.arange(4) % 3
    assert sorted(model.fit(x, y, epochs=1, verbose=0).history) == ["acc3", "loss"]
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    assert again.metrics_names == ["loss", "acc3"] and again.evaluate(x, y) == model.evaluate(x, y)
