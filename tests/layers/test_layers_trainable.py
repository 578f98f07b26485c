"""What looks accepted has an effect: trainable freezes, misspelt attributes are errors, a loss fits the output."""

from pathlib import Path

import numpy as np
import pytest

from glasshouse.errors import NetworkError
from glasshouse.layers import (
    Activation,
    BatchNormalization,
    Dense,
    Flatten,
    Input,
    Loss,
    Network,
    Reshape,
    Softmax,
    load_network,
)

X, Y = np.random.default_rng(0).random((12, 5), np.float32), np.arange(12) % 3


def base() -> Network:
    return Network([Dense(4, activation="relu", name="a"), Dense(4, activation="relu", name="b")], input_shape=(5,))


def moved(net: Network) -> set[str]:
    before = net.weights()
    net.compile("sgd", "sparse_categorical_crossentropy")
    net.fit(X, Y, verbose=0)
    return {name.split("/")[0] for name, value in net.weights().items() if not np.array_equal(value, before[name])}


def test_a_frozen_base_inside_another_network_does_not_move() -> None:
    conv_base = base()
    conv_base.trainable = False
    net = Network([conv_base, Dense(3, activation="softmax", name="head")], input_shape=(5,))
    assert moved(net) == {"head"}
    assert net.trainable and not conv_base.trainable
    assert net.trainable_parameters == 4 * 3 + 3
    conv_base.trainable = True
    assert moved(net) == {"a", "b", "head"}


def test_a_layer_is_frozen_before_and_after_it_stands_in_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = Dense(4, activation="relu", name="a"), Dense(3, activation="softmax", name="b")
    first.trainable = False
    net = Network([first, second], input_shape=(5,))
    assert moved(net) == {"b"}
    first.trainable, second.trainable = True, False
    assert moved(net) == {"a"}
    assert (first.trainable, second.trainable) == (True, False)
    net.summary()
    shown = capsys.readouterr().out
    assert "4 x 3 + 3 (frozen)" in shown
    assert "5 x 4 + 4 (frozen)" not in shown


def test_a_network_without_anything_to_learn_says_so() -> None:
    net = Network([base(), Dense(3, activation="softmax")], input_shape=(5,))
    net.trainable = False
    net.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(NetworkError, match="has no weights that learn: all its layers are frozen"):
        net.fit(X, Y, verbose=0)


def test_attributes_that_do_not_exist_are_told_with_the_near_name() -> None:
    net, layer = base(), Dense(3, name="a")
    with pytest.raises(NetworkError, match=r"Network has no trainble to set; did you mean trainable\?"):
        net.trainble = False  # type: ignore[attr-defined]
    with pytest.raises(NetworkError, match=r"Dense has no trainabel to set; did you mean trainable\?"):
        layer.trainabel = False  # type: ignore[attr-defined]
    with pytest.raises(
        NetworkError, match=r"units of Dense a is fixed; make a layer with another one: Dense\(units=7\)"
    ):
        layer.units = 7  # type: ignore[misc]


def test_a_class_of_ones_own_may_have_attributes_of_its_own() -> None:
    class Mine(Network):
        pass

    net = Mine([Dense(2)], input_shape=(3,))
    net.note = "first try"  # type: ignore[attr-defined]
    assert net.note == "first try"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("last", "loss", "message"),
    [
        (Dense(10, name="last"), "sparse_categorical_crossentropy",
         'last gives any number: end the network with Dense(10, activation="softmax")'),
        (Dense(10, activation="relu"), "categorical_crossentropy", 'gives relu: end the network with Dense(10'),
        (Dense(1), "binary_crossentropy",
         'Dense(1, activation="sigmoid"), or compile with loss=Loss("binary_crossentropy", from_logits=True)'),
        (Activation("tanh"), "binary_crossentropy", "gives tanh"),
    ],
)  # fmt: skip
def test_a_loss_of_probabilities_after_other_numbers_is_refused(last: Dense, loss: str, message: str) -> None:
    net = Network([last], input_shape=(4,))
    with pytest.raises(NetworkError) as caught:
        net.compile("sgd", loss)
    assert message in str(caught.value)
    net.compile("sgd", Loss(loss, from_logits=True))
    net.compile("sgd", "mse")


@pytest.mark.parametrize(
    "last",
    [Dense(3, activation="softmax"), Softmax(), Activation("softmax"), Reshape((3,)), Flatten(),
     Dense(3, activation="sigmoid")],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_outputs_that_may_be_probabilities_are_accepted(last: Dense) -> None:
    x = Input((3,))
    net = Network(x, last(Dense(3)(x)))
    net.compile("sgd", "sparse_categorical_crossentropy")


def test_the_list_of_weights_has_one_order_also_after_a_file_was_read(tmp_path: Path) -> None:
    net = Network([BatchNormalization(name="norm")], input_shape=(5,))
    net.set_weights([np.full(5, number) for number in range(4)])
    net.save(tmp_path / "net")
    again = load_network(tmp_path / "net")
    assert list(again.weights()) == list(net.weights())
    other = Network([BatchNormalization(name="norm")], input_shape=(5,))
    other.set_weights(list(again.weights().values()))
    assert all(np.array_equal(a, b) for a, b in zip(net.weights().values(), other.weights().values(), strict=True))
