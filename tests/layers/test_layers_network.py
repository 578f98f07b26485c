"""Networks: shapes, counts, graphs, shared weights, descriptions, files, messages."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from glasshouse.errors import ModelError, NetworkError, NotFiniteError, RecipeError, WeightsError
from glasshouse.layers import (
    SGD,
    Activation,
    Add,
    BatchDone,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    EpochEnd,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Loss,
    MaxPooling2D,
    Network,
    Rescaling,
    load_network,
)  # fmt: skip
from glasshouse.layers.summary import table

RNG = np.random.default_rng(0)
X = RNG.random((60, 28, 28), dtype=np.float32)
Y = RNG.integers(0, 10, 60)


def dense() -> Network:
    return Network([Flatten(), Dense(128, activation="relu"), Dense(10, activation="softmax")], input_shape=(28, 28, 1))


def compiled(net: Network, **settings: object) -> Network:
    net.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **settings})  # type: ignore[arg-type]
    return net


def test_the_example_of_the_design_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = dense()
    net.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # 6 samples cannot hold all of 10 classes
        history = net.fit(X, Y, epochs=5, batch_size=64, validation_split=0.1)
    assert [len(values) for values in history.history.values()] == [5] * 4
    loss, accuracy = net.evaluate(X, Y)
    assert loss > 0
    assert 0 <= accuracy <= 1
    net.summary()
    out = capsys.readouterr().out
    assert "101,770" in out
    assert "784 x 128 + 128" in out
    net.save(tmp_path / "fashion.model")
    again = load_network(tmp_path / "fashion.model")
    assert (again.predict(X) == net.predict(X)).all()


def test_importing_and_describing_loads_no_torch() -> None:
    code = (
        "import sys; from glasshouse.layers import *\n"
        "net = Network([Flatten(), Dense(3)], input_shape=(2, 2, 1)); net.summary(); net.to_dict(); net.to_autodiff()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_shapes_and_counts_of_a_convolutional_network() -> None:
    net = Network(
        [Conv2D(32, 3, activation="relu"), MaxPooling2D(), Conv2D(64, (3, 3)), Flatten(), Dense(10)],
        input_shape=(28, 28, 1),
    )
    shapes = [step.shape(True) for step in net.steps]
    assert shapes == [(28, 28, 1), (26, 26, 32), (13, 13, 32), (11, 11, 64), (7744,), (10,)]
    assert [net.count(step.name) for step in net.steps] == [0, 320, 0, 18_496, 0, 77_450]
    assert "3 x 3 x 32 x 64 + 64" in table(net)
    assert [step.name for step in net.steps] == [
        "input_layer",
        "conv2d",
        "max_pooling2d",
        "conv2d_1",
        "flatten",
        "dense",
    ]


def residual() -> Network:
    x = Input((8, 8, 3))
    y = Conv2D(4, 3, padding="same", activation="relu")(x)
    z = Add()([y, BatchNormalization()(Conv2D(4, 3, padding="same")(y))])
    both = Concatenate()([z, Activation("tanh")(y)])
    return Network(x, Dense(2, activation="softmax", name="answer")(GlobalAveragePooling2D()(both)))


def test_a_graph_trains_and_is_the_same_on_autodiff() -> None:
    net = compiled(residual(), optimizer=SGD(learning_rate=0.1))
    x, y = RNG.random((12, 8, 8, 3), dtype=np.float32), RNG.integers(0, 2, 12)
    before = net.evaluate(x, y)[0]
    net.fit(x, y, epochs=5, batch_size=4, verbose=0)
    assert net.evaluate(x, y)[0] < before
    from glasshouse.autodiff import test_mode

    with test_mode():
        np.testing.assert_allclose(net.to_autodiff()(x).data, net.predict(x), atol=1e-6)


def test_gradients_of_a_whole_network_agree_on_both_engines() -> None:
    from glasshouse.autodiff import functions as F

    net = residual()
    x, y = RNG.random((6, 8, 8, 3), dtype=np.float32), RNG.integers(0, 2, 6)
    module, model = net.to_torch().train(), net.to_autodiff()
    loss = torch.nn.functional.cross_entropy(module(torch.from_numpy(x), logits=True), torch.from_numpy(y))
    loss.backward()  # type: ignore[no-untyped-call]
    other = F.softmax_cross_entropy(model(x, logits=True), y)
    other.backward()
    assert float(other.data) == pytest.approx(loss.item(), abs=1e-6)
    for name, parts in model.weights.items():
        for key, parameter in parts.items():
            if parameter.requires_grad:
                assert parameter.grad is not None
                found = module.layers[name].held()[key].grad  # type: ignore[operator]
                np.testing.assert_allclose(parameter.grad.data, found.numpy(), atol=1e-5, err_msg=f"{name}/{key}")


def test_a_layer_used_twice_shares_its_weights() -> None:
    a, b, layer = Input((4,)), Input((4,)), Dense(3)
    net = Network([a, b], Add()([layer(a), layer(b)]))
    assert net.parameters == 15
    assert "shared" in table(net)
    x = RNG.random((2, 4), dtype=np.float32)
    kernel, bias = net.weights().values()
    np.testing.assert_allclose(net.predict([x, 2 * x]), 3 * x @ kernel + 2 * bias, rtol=1e-5)
    again = Network.from_dict(json.loads(json.dumps(net.to_dict())))
    assert again.parameters == 15
    np.testing.assert_allclose(again.predict([x, x]), net.predict([x, x]))
    with pytest.raises(NetworkError, match="used twice"):
        c = Input((5,))
        Network([a, c], Add()([layer(a), layer(c)]))


def test_a_network_as_a_layer_keeps_its_weights() -> None:
    base = Network([Conv2D(4, 3, activation="relu"), MaxPooling2D()], input_shape=(8, 8, 1), seed=5)
    base.freeze()
    net = compiled(Network([base, Flatten(), Dense(10, activation="softmax")]))
    assert (net.weights()["conv2d/kernel"] == base.weights()["conv2d/kernel"]).all()
    x, y = RNG.random((20, 8, 8, 1), dtype=np.float32), RNG.integers(0, 10, 20)
    net.fit(x, y, verbose=0)
    assert (net.weights()["conv2d/kernel"] == base.weights()["conv2d/kernel"]).all()
    base.freeze(frozen=False)
    before = base.weights()["conv2d/kernel"]
    net.fit(x, y, verbose=0)
    assert not np.allclose(base.weights()["conv2d/kernel"], before)
    assert (net.weights()["conv2d/kernel"] == base.weights()["conv2d/kernel"]).all()
    left = Input((8, 8, 1))
    twice = Network(left, Add()([base(left), base(Activation("tanh")(left))]))
    assert twice.parameters == base.parameters


def test_frozen_layers_stay_and_batch_norm_with_them() -> None:
    net = compiled(
        Network([Dense(4), BatchNormalization(), Dense(10, activation="softmax")], input_shape=(28, 28, 1)[:1])
    )
    x, y = RNG.random((20, 28), dtype=np.float32), RNG.integers(0, 10, 20)
    net.freeze("dense", "batch_normalization")
    before = net.weights()
    assert net.trainable_parameters == 50
    net.fit(x, y, verbose=0, epochs=2)
    after = net.weights()
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved == {"dense_1/kernel", "dense_1/bias"}
    assert [entry.get("frozen", False) for entry in net.to_dict()["layers"]] == [False, True, True, False]
    with pytest.raises(NetworkError, match="no layer nothing"):
        net.freeze("nothing")


def test_events_tell_of_each_batch_and_epoch() -> None:
    net = compiled(dense())
    events = list(net.fit_events(X, Y, batch_size=25, epochs=2))
    assert [type(event) for event in events] == [BatchDone, BatchDone, BatchDone, EpochEnd] * 2
    last = events[-1]
    assert isinstance(last, EpochEnd)
    assert set(last.logs) == {"loss", "accuracy"}


def test_training_is_a_function_of_the_seed() -> None:
    def weights(seed: int) -> np.ndarray:
        net = compiled(Network([Flatten(), Dropout(0.5), Dense(10, activation="softmax")], input_shape=(28, 28, 1)))
        net.fit(X, Y, verbose=0, seed=seed, epochs=2)
        return np.asarray(net.weights()["dense/kernel"])

    assert (weights(1) == weights(1)).all()
    assert not np.allclose(weights(1), weights(2))


def test_two_fits_are_one_longer_fit_even_across_a_file(tmp_path: Path) -> None:
    whole, parts = compiled(dense(), optimizer="adam"), compiled(dense(), optimizer="adam")
    whole.fit(X, Y, verbose=0, epochs=4)
    parts.fit(X, Y, verbose=0, epochs=2)
    parts.save(tmp_path / "half.model")
    rest = load_network(tmp_path / "half.model")
    history = rest.fit(X, Y, verbose=0, epochs=4, initial_epoch=2)
    assert history.epoch == [2, 3]
    for name, value in whole.weights().items():
        assert (value == rest.weights()[name]).all()


def test_validation_split_warns_of_missing_classes() -> None:
    net, order = compiled(dense()), np.argsort(Y)
    with pytest.warns(UserWarning, match="training has none of class 9"):
        net.fit(X[order], Y[order], validation_split=0.2, verbose=0)


def test_accuracy_means_what_it_means_in_keras() -> None:
    x, y = RNG.random((30, 4), dtype=np.float32), RNG.integers(0, 2, 30)
    net = Network([Dense(1, activation="sigmoid")], input_shape=(4,))
    net.compile("adam", "binary_crossentropy", ["accuracy", "mse"])
    found = net.evaluate(x, y, return_dict=True)
    p = net.predict(x)[:, 0]
    assert found["accuracy"] == pytest.approx(((p > 0.5) == y).mean())
    assert found["mse"] == pytest.approx(((p - y) ** 2).mean(), rel=1e-5)
    net = Network([Dense(3, activation="softmax")], input_shape=(4,))
    net.compile("adam", "categorical_crossentropy", ["accuracy"])
    found = net.evaluate(x, np.eye(3)[y], return_dict=True)
    assert found["accuracy"] == pytest.approx((net.predict(x).argmax(1) == y).mean())


def test_bytes_need_no_copy_as_floats() -> None:
    net = Network([Rescaling(1 / 255), Flatten(), Dense(2)], input_shape=(4, 4, 3))
    x = RNG.integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)
    np.testing.assert_allclose(net(x), net.predict(x.astype(np.float32)), rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network([Conv2D(4, 5), MaxPooling2D(4), Conv2D(4, 3)], input_shape=(8, 8, 1)), "only 1x1"),
        (lambda: Network([Flatten(), Conv2D(4, 3)], input_shape=(8, 8, 1)), "before Flatten"),
        (lambda: Network([Dense(3)]), "input_shape"),
        (lambda: Network([Dense(3, name="a"), Dense(3, name="a")], input_shape=(4,)), "two layers are called a"),
        (lambda: Network([Flatten, Dense(3)], input_shape=(4,)), r"write Flatten\(\.\.\.\)"),
        (lambda: Add()([Input((3,)), Input((4,))]), "one shape, got 3, 4"),
        (lambda: compiled(dense(), optimizer="adm"), "did you mean adam"),
        (lambda: compiled(dense(), loss="sparse_categorical_crossentropi"), "did you mean sparse"),
        (lambda: compiled(dense(), metrics=["acuracy"]), "did you mean accuracy"),
        (lambda: compiled(dense()).fit(X[:, :20], Y), "takes arrays N x 28x28x1, got 60x20x28"),
        (lambda: compiled(dense()).fit(X, Y + 1), "labels run from 1 to 10"),
        (lambda: compiled(dense()).fit(X, np.eye(10)[Y]), "categorical_crossentropy"),
        (lambda: compiled(dense(), loss="categorical_crossentropy").fit(X, Y), "sparse_categorical_crossentropy"),
        (lambda: dense().fit(X, Y), "compile"),
        (lambda: compiled(Network([Dense(1)], input_shape=(4,))), "binary_crossentropy"),
        (lambda: Network([Conv2D(2, 3)], input_shape=(3, 8, 9)).predict(np.ones((2, 8, 9, 3))), "channels_first"),
    ],
)
def test_messages_say_what_to_do(make: object, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        make()  # type: ignore[operator]


def test_all_problems_of_a_layer_and_of_a_description_are_told() -> None:
    with pytest.raises(RecipeError) as caught:
        Conv2D(0, 3, padding="full", activation="rellu")
    assert [problem.field for problem in caught.value.problems] == ["filters", "padding", "activation"]
    data = {
        "layers": [
            {"name": "in", "layer": "Input", "shape": [8, 8, 1]},
            {"name": "a", "layer": "Conv2D", "settings": {"filters": -1, "kernel_size": 3}},
            {"name": "b", "layer": "Dence", "settings": {"units": 3}},
            {"name": "c", "layer": "Dense", "settings": {"unit": 3}, "inputs": ["in"]},
            {"name": "d", "layer": "MaxPooling2D", "settings": {"pool_size": 9}, "inputs": ["in"]},
            {"name": "e", "layer": "Flatten", "inputs": ["nowhere"]},
        ],
    }
    with pytest.raises(RecipeError) as caught:
        Network.from_dict(data)
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["a.filters", "b", "c.unit", "c.units", "d", "e.inputs"]
    assert "did you mean Dense" in str(caught.value)
    with pytest.raises(RecipeError, match="later Glasshouse"):
        Network.from_dict({"glasshouse-network": 99, "layers": []})


INPUT = {"name": "in", "layer": "Input", "shape": [8, 8, 1]}
DENSE = {"name": "d", "layer": "Dense", "settings": {"units": 2}}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"layers": [INPUT, DENSE], "seed": "x"}, "seed"),
        ({"layers": [INPUT, DENSE], "outputs": "d"}, "outputs"),
        ({"layers": [INPUT, DENSE], "outputs": [["d"]]}, "outputs"),
        ({"layers": [INPUT, {**DENSE, "inputs": 3}]}, "d.inputs"),
        ({"layers": [INPUT, {**DENSE, "inputs": [["in"]]}]}, "d.inputs"),
        ({"layers": [INPUT, {**DENSE, "layer": ["Dense"]}]}, "d"),
        ({"layers": [INPUT, {**DENSE, "settings": [1]}]}, "d.settings"),
        ({"layers": [INPUT, {**DENSE, "settings": {"units": 1e400}}]}, "d.units"),
        ({"layers": [INPUT, {"name": "d", "layer": "LeakyReLU", "settings": {"negative_slope": 10**400}}]},
         "d.negative_slope"),
        ({"layers": [INPUT, {"name": "d", "layer": "Dense", "settings": {
            "units": 1, "kernel_initializer": {"name": "constant", "value": "x"}}}]}, "d.kernel_initializer"),
        ({"layers": [INPUT, {"name": "s", "shares": ["d"]}]}, "s.shares"),
        ({"layers": [INPUT, DENSE, {**DENSE, "name": "e", "inputs": ["in"]}]}, "d"),
        ({"layers": [INPUT] * 2001}, "layers"),
        ({"layers": [INPUT, {"name": "f", "layer": "Flatten"}, DENSE, {"name": "s", "shares": "d"}]}, "s"),
    ],
)  # fmt: skip
def test_a_damaged_description_is_told_with_its_field(data: dict[str, object], field: str) -> None:
    with pytest.raises(RecipeError) as caught:
        Network.from_dict(json.loads(json.dumps(data)))
    assert [problem.field for problem in caught.value.problems] == [field]


def test_a_frozen_layer_without_a_name_of_its_own_is_frozen() -> None:
    entries = [INPUT, {"layer": "Flatten"}, {"layer": "Dense", "settings": {"units": 2}, "frozen": True}]
    net = Network.from_dict({"layers": entries})
    assert net.trainable_parameters == 0 < net.parameters


def test_weights_that_do_not_fit_change_nothing() -> None:
    net = dense()
    before = net.weights()
    with pytest.raises(WeightsError, match="dense/kernel has shape 784x128, got 3x3"):
        net.set_weights({"dense_1/bias": np.ones(10), "dense/kernel": np.ones((3, 3))})
    assert all((before[name] == value).all() for name, value in net.weights().items())


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.model").write_bytes(b"no network")
    with pytest.raises(ModelError, match="cannot be read"):
        load_network(tmp_path / "a.model")
    with pytest.raises(ModelError, match="no file"):
        load_network(tmp_path / "b.model")


def test_a_loss_that_is_nan_stops_the_training() -> None:
    with pytest.raises(NotFiniteError, match="learning rate"):
        compiled(dense()).fit(np.full_like(X, np.nan), Y, verbose=0)


def test_loss_from_logits_and_from_softmax_are_the_same() -> None:
    ends = compiled(dense())
    scores = Network([Flatten(), Dense(128, activation="relu"), Dense(10)], input_shape=(28, 28, 1))
    compiled(scores, loss=Loss("sparse_categorical_crossentropy", from_logits=True))
    assert scores.evaluate(X, Y) == pytest.approx(ends.evaluate(X, Y))
