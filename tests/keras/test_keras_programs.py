"""Programs in the manner of Keras' documents and of "Deep Learning with Python", with only the imports changed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glasshouse import keras
from glasshouse.errors import ModelError, NetworkError
from glasshouse.keras import Input, Model, Sequential, callbacks, layers, losses, metrics, models, optimizers
from glasshouse.keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from glasshouse.keras.preprocessing.image import ImageDataGenerator
from glasshouse.keras.utils import to_categorical
from glasshouse.layers import Network

RNG = np.random.default_rng(0)
X, Y = RNG.random((40, 8), np.float32), RNG.integers(0, 2, 40)
PICTURES, LABELS = RNG.random((24, 12, 12, 1), np.float32), np.arange(24) % 3


def yes_or_no() -> Sequential:
    model = Sequential()
    model.add(Dense(12, input_dim=8, activation="relu"))
    model.add(Dense(8, activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def small(**settings: Any) -> Sequential:
    model = Sequential([
        Conv2D(4, (3, 3), activation="relu", input_shape=(12, 12, 1), name="conv"),
        MaxPool2D(2),
        Flatten(),
        Dropout(0.5),
        Dense(3, activation="softmax", name="head"),
    ])  # fmt: skip
    model.compile(optimizer=optimizers.RMSprop(lr=1e-3), loss="sparse_categorical_crossentropy",
                  **{"metrics": ["acc"], **settings})  # fmt: skip
    return model


def test_importing_the_names_loads_no_torch() -> None:
    code = "import glasshouse.keras, sys; print([m for m in ('torch', 'sklearn', 'PIL') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_layers_added_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    model = yes_or_no()
    assert model.count_params() == 8 * 12 + 12 + 12 * 8 + 8 + 8 + 1
    history = model.fit(X, Y, epochs=2, batch_size=10, validation_split=0.25, verbose=0)
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert model.metrics_names == ["loss", "accuracy"]
    loss, accuracy = model.evaluate(X, Y)
    assert 0 <= accuracy <= 1 and loss > 0
    assert model.predict(X).shape == (40, 1)
    model.summary()
    assert "dense_2 (Dense)" in capsys.readouterr().out


def test_the_same_network_gives_the_numbers_of_level_three() -> None:
    model, net = small(), Network([
        keras.layers.Conv2D(4, 3, activation="relu", name="conv"), keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(3, activation="softmax", name="head"),
    ], input_shape=(12, 12, 1))  # fmt: skip
    net.compile({"name": "rmsprop", "learning_rate": 1e-3}, "sparse_categorical_crossentropy", ["acc"])
    told = model.fit(PICTURES, LABELS, epochs=2, batch_size=8, verbose=0).history
    assert told == net.fit(PICTURES, LABELS, epochs=2, batch_size=8, verbose=0).history
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), net.weights().values(), strict=True))


def test_a_shape_that_is_not_given_is_that_of_the_arrays() -> None:
    model = Sequential([Flatten(), Dense(3), Activation("softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(NetworkError, match=r"give input_shape=\(28, 28, 1\) to its first layer"):
        model.summary()
    model.fit(PICTURES, LABELS, verbose=0)
    assert model.output_shape == (None, 3)
    with pytest.warns(UserWarning, match="the layers changed after compile"):
        model.pop()
    assert len(model.layers) == 2
    for _ in range(2):
        model.pop()
    with pytest.raises(NetworkError, match="has no layer to take away"):
        model.pop()
    with pytest.raises(NetworkError, match="does not know the shape"):
        model.summary()
    later = Sequential([Dense(2)])
    later.build((None, 5))
    assert later.count_params() == 12


def test_a_layer_is_looked_at_frozen_and_used_as_an_output() -> None:
    model = small()
    conv = model.get_layer("conv")
    assert (conv.filters, conv.output_shape, conv.count_params()) == (4, (None, 10, 10, 4), 40)
    assert [layer.name for layer in model.layers] == ["conv", "max_pooling2d", "flatten", "dropout", "head"]
    assert model.get_layer(index=-1).name == "head"
    with pytest.raises(NetworkError, match="no layer kopf; there are conv, max_pooling2d"):
        model.get_layer("kopf")
    seen = Model(inputs=model.input, outputs=conv.output)
    np.testing.assert_allclose(seen.predict(PICTURES[:2]).shape, (2, 10, 10, 4))
    conv.trainable = False
    before = conv.get_weights()
    model.fit(PICTURES, LABELS, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, conv.get_weights(), strict=True))
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (2, 2)
    conv.set_weights([np.zeros_like(array) for array in before])
    assert not seen.predict(PICTURES[:2]).any()
    with pytest.raises(NetworkError, match="only trainable can be set, not filters"):
        conv.filters = 8


def test_a_base_is_frozen_inside_a_sequential() -> None:
    base = Sequential([Conv2D(4, 3, activation="relu", input_shape=(12, 12, 1)), layers.GlobalMaxPooling2D()])
    model = models.Sequential()
    model.add(base)
    model.add(Dense(3, activation="softmax"))
    base.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = base.get_weights()
    model.fit(PICTURES, LABELS, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))
    assert len(model.trainable_weights) == 2


def test_the_functional_way_with_objects_of_losses_and_metrics() -> None:
    inputs = Input(shape=(12, 12, 1))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.add([x, layers.Conv2D(4, 1)(inputs)])
    outputs = layers.Dense(3)(layers.GlobalAveragePooling2D()(x))
    model = Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
                  loss=losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=[metrics.SparseCategoricalAccuracy()])  # fmt: skip
    assert list(model.fit(PICTURES, LABELS, verbose=0).history) == ["loss", "sparse_categorical_accuracy"]


def test_a_shape_that_is_not_given_is_that_of_the_first_batch() -> None:
    def batches() -> Iterator[tuple[Any, Any]]:
        for n in range(3):
            yield PICTURES[8 * n : 8 * n + 8], LABELS[8 * n : 8 * n + 8]

    for given in (batches(), list(batches()), ImageDataGenerator().flow(PICTURES, LABELS, batch_size=8)):
        changes = Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])
        model = Sequential([changes, layers.Rescaling(2.0), Flatten(), Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(given, steps_per_epoch=3, verbose=0)
        assert model.input_shape == (None, 12, 12, 1)
        assert [layer.name for layer in model.layers[:2]] == ["random_flip", "random_rotation"]


def test_one_metric_may_be_a_word() -> None:
    model = yes_or_no()
    model.compile("sgd", "mse", metrics="mae")
    assert list(model.fit(X, Y, verbose=0).history) == ["loss", "mae"]


def test_a_generator_trains_and_predicts() -> None:
    def batches() -> Iterator[tuple[Any, Any]]:
        while True:
            yield PICTURES[:8], to_categorical(LABELS[:8], 3)

    model = small()
    model.compile("rmsprop", "categorical_crossentropy", ["acc"])
    history = model.fit_generator(batches(), steps_per_epoch=3, epochs=2, validation_data=batches(),
                                  validation_steps=1, verbose=0)  # fmt: skip
    assert len(history.history["val_acc"]) == 2
    assert model.predict(batches(), steps=2).shape == (16, 3)


def test_a_model_is_kept_in_a_file_of_any_ending(tmp_path: Path) -> None:
    model = small()
    for name in ("cats.h5", "cats.keras", "cats"):
        model.save(tmp_path / name)
        again = models.load_model(tmp_path / name)
        np.testing.assert_array_equal(again.predict(PICTURES), model.predict(PICTURES))
        assert again.metrics_names == ["loss", "acc"]
    model.save_weights(tmp_path / "weights.h5")
    other = small()
    other.fit(PICTURES, LABELS, verbose=0)
    other.load_weights(tmp_path / "weights.h5")
    np.testing.assert_array_equal(other.predict(PICTURES), model.predict(PICTURES))
    (tmp_path / "keras.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ModelError):
        models.load_model(tmp_path / "keras.h5")


def test_callbacks_of_ones_own_see_every_epoch_and_may_stop() -> None:
    seen: list[Any] = []

    class Mine(callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            seen.append(("begin", epoch))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(("end", epoch, sorted(logs)))
            self.control.stop = epoch == 1

    lines: list[int] = []
    told = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: lines.append(epoch))
    small().fit(PICTURES, LABELS, epochs=5, verbose=0, callbacks=[Mine(), told])
    assert seen == [("begin", 0), ("end", 0, ["acc", "loss"]), ("begin", 1), ("end", 1, ["acc", "loss"])]
    assert lines == [0, 1]


def test_words_that_do_not_fit_are_told() -> None:
    with pytest.raises(NetworkError, match=r"add takes a layer, such as Dense\(10\)"):
        Sequential().add("Dense")
    with pytest.raises(NetworkError, match="fit has no epoch; it has batch_size"):
        small().fit(PICTURES, LABELS, epoch=3)
    with pytest.raises(NetworkError, match="EarlyStopping watches val_loss, and the training tells loss, acc"):
        small().fit(PICTURES, LABELS, verbose=0, callbacks=[callbacks.EarlyStopping()])
