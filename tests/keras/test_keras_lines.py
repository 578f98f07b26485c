"""Single lines as Keras' documents print them: each runs, or says in words what to write."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glasshouse.errors import NetworkError
from glasshouse.keras import layers, models, optimizers

BEGIN = """
from glasshouse import keras
from glasshouse.keras import Input, Model, activations, callbacks, layers, losses, metrics, models, optimizers, utils
import numpy as np
m = models.Sequential([layers.Flatten(input_shape=(4, 4, 1)), layers.Dense(8, activation="relu", name="d1"),
                       layers.Dropout(0.5), layers.Dense(3, activation="softmax")])
m.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
x, y = np.random.default_rng(0).random((12, 4, 4, 1)), np.arange(12) % 3
"""
LINES = """
loss, accuracy = m.evaluate(x, y, verbose=0)
assert set(m.evaluate(x, y, return_dict=True, verbose=2)) == {"loss", "accuracy"}
m.fit(x, y, class_weight={0: 1.0, 1: 2.0, 2: 1.0}, verbose=0, epochs=3, initial_epoch=1)
m.fit(x=x, y=y, batch_size=None, callbacks=None, validation_data=(x, y), verbose=0)
a, b = m.train_on_batch(x, y), m.train_on_batch(x, y); assert len(a) == 2 and a != b; m.optimizer.learning_rate
assert m.test_on_batch(x, y) == m.evaluate(x, y) and m.predict_on_batch(x).shape == (12, 3)
assert isinstance(m.layers[1], layers.Dense) and not isinstance(m.layers[0], (layers.Dense, layers.BatchNormalization))
assert m.layers[1].input_shape == (None, 16) and [w.shape for w in m.layers[1].trainable_weights] == [(16, 8), (8,)]
assert len(m.trainable_variables) == 4 and m.non_trainable_variables == [] and m.loss.name.startswith("sparse")
[layer.__class__.__name__ for layer in m.layers] == ["Flatten", "Dense", "Dropout", "Dense"] or 1 / 0
m.compile(optimizers.RMSprop(lr=0.001), losses.sparse_categorical_crossentropy, [metrics.sparse_categorical_accuracy])
m.compile(optimizer="adam", loss=losses.mse, metrics=[metrics.mae], loss_weights=None, run_eagerly=True)
layers.Dense(3, dtype="float32", kernel_constraint=None, batch_input_shape=(None, 4))
layers.Conv2D(8, kernel_size=(3, 3), strides=(2, 2), padding="same", data_format="channels_last")
assert layers.LeakyReLU(alpha=0.1).negative_slope == 0.1 and layers.ELU(alpha=0.5).alpha == 0.5
layers.BatchNormalization(axis=-1, momentum=0.9, epsilon=1e-5)
layers.Concatenate(axis=-1)([Input((3,)), Input((3,))])
layers.Embedding(10, 4, input_length=5)
models.Sequential([layers.InputLayer(input_shape=(4, 4, 1)), layers.Flatten(), layers.Activation(activations.relu)])
m.save_weights("a.weights.h5", overwrite=True); m.load_weights("a.weights.h5")
m.save("a.h5", save_format="h5"); assert models.load_model("a.h5", custom_objects=None, compile=False).compiled is None
"""
REFUSED = {
    "m.fit(x, y, sample_weight=np.ones(12))": "fit has no sample_weight; it has batch_size",
    "m.compile('adam', 'mse', loss_weights=[1.0])": "compile has no loss_weights here",
    "m.predict_classes(x)": r"write \(model\.predict\(x\) > 0\.5\)",
    "m.to_json()": r"write json\.dumps\(model\.to_dict\(\)\)",
    "m.load_weights('a', by_name=True)": r"write model\.get_layer\(name\)\.set_weights",
    "models.load_model('a', custom_objects={'f': 1})": "no custom_objects here",
    "m.save(__file__, overwrite=False)": "is there already, and overwrite=False",
    "layers.Conv2D(8, 3, data_format='channels_first')": "has data_format='channels_last' here and no other",
    "layers.Dense(3, kernel_constraint='max_norm')": "has kernel_constraint=None here and no other",
    "optimizers.Adam(learning_rate=0.1, decay=1e-6)": r"write fit\(callbacks=\[LearningRateScheduler",
    "models.Sequential().add(m.layers[1])": "add takes a layer",
}


@pytest.fixture(scope="module")
def begun() -> dict[str, Any]:
    names: dict[str, Any] = {"__file__": __file__}
    exec(BEGIN, names)
    return names


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_a_line_runs(line: str, begun: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(line, dict(begun))


@pytest.mark.parametrize("line", REFUSED)
def test_a_line_says_what_to_write(line: str, begun: dict[str, Any]) -> None:
    with pytest.raises((NetworkError, AttributeError), match=REFUSED[line]):
        exec(line, dict(begun))


def test_a_step_on_a_batch_is_the_step_of_a_fit() -> None:
    x, y = np.random.default_rng(0).random((6, 3), np.float32), np.arange(6) % 2
    made = []
    for _ in range(2):
        model = models.Sequential([layers.Dense(2, activation="softmax", input_shape=(3,))], seed=1)
        model.compile(optimizers.Adam(), "sparse_categorical_crossentropy")
        made.append(model)
    told = [made[0].train_on_batch(x, y) for _ in range(3)]
    assert told == made[1].fit(x, y, batch_size=6, epochs=3, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_array_equal(made[0].predict(x), made[1].predict(x))
