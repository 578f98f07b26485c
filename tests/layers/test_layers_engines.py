"""Every layer: torch, autodiff and Keras give the same outputs and the same gradients for the same weights."""

from typing import Any

import keras_numbers as keras
import layer_cases as cases
import numpy as np
import pytest
import torch

from glasshouse import layers
from glasshouse.autodiff import Variable, test_mode, using_config
from glasshouse.errors import NetworkError
from glasshouse.layers import LAYERS, Input, Network
from glasshouse.layers.holding import unpacked

N = 4
CASES = [
    pytest.param(name, training, id=f"{name}{'-training' if training else ''}")
    for name in cases.CASES
    for training in ([False, True] if name in cases.TRAINED else [False])
]


def network(name: str, data_format: str = "channels_last") -> Network:
    kind, settings, shapes = cases.CASES[name]
    inputs = [Input(shape, data_format=data_format) for shape in shapes]
    return Network(inputs, LAYERS[kind](**settings, name="layer")(inputs))


def weights_of(net: Network, name: str) -> list[Any]:
    """The inputs and weights that Keras had."""
    rng = keras.generator(name)
    xs = cases.arrays(rng, [(N, *shape) for shape in cases.CASES[name][2]])
    names = keras.weight_names(name)
    held = {key.removeprefix("layer/"): value for key, value in net.weights().items()}
    for key, value in zip(names, cases.arrays(rng, [held[_ours(key, held)].shape for key in names])):
        net.set_weights({f"layer/{_ours(key, held)}": np.abs(value) if key == "moving_variance" else value})
    return xs


def _ours(name: str, held: Any) -> str:
    return name if name in held else "kernel"  # Keras calls the kernel of DepthwiseConv2D by the layer's name


def close(a: Any, b: Any, what: str) -> None:
    np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5, err_msg=what)


def seed_gradient(name: str, shape: Any) -> Any:
    return keras.generator(name + "y").standard_normal(tuple(shape)).astype("float32")


def by_torch(net: Network, name: str, xs: list[Any], training: bool) -> dict[str, Any]:
    module = net.to_torch().train(training)
    inputs = [torch.from_numpy(x).requires_grad_() for x in xs]
    y = module(*inputs)
    (y * torch.from_numpy(seed_gradient(name, y.shape))).sum().backward()
    found = {"y": y.detach().numpy()} | {f"x{i}": x.grad.numpy() for i, x in enumerate(inputs) if x.grad is not None}
    for weight in net.holders["layer"].weights:
        held = module.layers["layer"].held()[weight.name]
        key, value = ("g_", held.grad) if weight.trainable else ("w_", held)
        found[key + weight.name] = unpacked(value.numpy(), weight)
    return found


def by_autodiff(net: Network, name: str, xs: list[Any], training: bool) -> dict[str, Any]:
    model = net.to_autodiff()
    inputs = [Variable(x) for x in xs]
    with using_config("train", training):
        y = model(*inputs)
        (y * seed_gradient(name, y.shape)).sum().backward()
    found = {"y": y.data} | {f"x{i}": x.grad.data for i, x in enumerate(inputs) if x.grad is not None}
    for weight in net.holders["layer"].weights:
        held = model.weights["layer"][weight.name]
        if weight.trainable:
            assert held.grad is not None
            found["g_" + weight.name] = unpacked(held.grad.data, weight)
        else:
            found["w_" + weight.name] = unpacked(held.data, weight)
    return found


def from_keras(name: str, training: bool) -> dict[str, Any]:
    way = f"layer/{name}/{'training' if training else 'use'}/"
    return {key: keras.stored(way + key) for key in keras.keys(way)}


@pytest.mark.parametrize(("name", "training"), CASES)
def test_both_engines_give_keras_numbers(name: str, training: bool) -> None:
    net = network(name)
    xs = weights_of(net, name)
    expected = from_keras(name, training)
    for engine in (by_torch, by_autodiff):
        found = engine(net, name, xs, training)
        assert found["y"].shape[1:] == net.output_shape[1:]
        for key, value in expected.items():
            stem, _, word = key.partition("_")
            ours = f"{stem}_{_ours(word, [w.name for w in net.holders['layer'].weights])}" if stem == "g" else key
            close(found[ours], value, f"{engine.__name__} {name} {key}")


ORDERED = {"Flatten", "Reshape", "Dense", "Softmax", "Concatenate"}  # their meaning is the order of the axes


@pytest.mark.parametrize(
    "name", [name for name, case in cases.CASES.items() if len(case[2][0]) == 3 and case[0] not in ORDERED]
)
def test_channels_first_gives_the_same(name: str) -> None:
    kind, settings, shapes = cases.CASES[name]
    net = network(name)
    xs = weights_of(net, name)
    inputs = [Input((s[2], s[0], s[1]), data_format="channels_first") for s in shapes]
    first = Network(inputs, LAYERS[kind](**settings, name="layer")(inputs))
    first.set_weights(net.weights())
    moved = [x.transpose(0, 3, 1, 2) for x in xs]
    y, z = net.predict(xs if len(xs) > 1 else xs[0]), first.predict(moved if len(xs) > 1 else moved[0])
    close(z, y.transpose(0, 3, 1, 2) if y.ndim == 4 else y, name)
    with test_mode():
        close(first.to_autodiff()(*moved).data, z, name)


@pytest.mark.parametrize("name", cases.CASES)
def test_a_layer_survives_its_description(name: str) -> None:
    net = network(name)
    again = Network.from_dict(net.to_dict())
    assert again.to_dict() == net.to_dict()
    assert again.output_shape == net.output_shape
    for key, value in net.weights().items():
        assert (again.weights()[key] == value).all()


def test_every_layer_is_in_the_battery() -> None:
    augmentation = {kind for kind in LAYERS if kind.startswith("Random")}  # test_layers_augmentation.py has those
    own = {"AdaptiveAveragePooling2D", "Embedding", "GaussianNoise"}  # torch's, of whole numbers, random: below
    assert {case[0] for case in cases.CASES.values()} == set(LAYERS) - augmentation - own
    assert set(LAYERS) <= set(layers.__all__)


@pytest.mark.parametrize("size", [1, 3, 7, (2, 9)])
def test_adaptive_pooling_is_torchs_on_both_engines(size: Any) -> None:
    net = Network([LAYERS["AdaptiveAveragePooling2D"](size)], input_shape=(5, 7, 3))  # type: ignore[call-arg]
    x = np.random.default_rng(0).random((2, 5, 7, 3), dtype=np.float32)
    given = torch.from_numpy(x).requires_grad_()
    y = torch.nn.functional.adaptive_avg_pool2d(given.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)
    y.square().sum().backward()
    other = Variable(x)
    z = net.to_autodiff()(other)
    (z * z).sum().backward()
    close(net.module(torch.from_numpy(x)).numpy(), y.detach().numpy(), "torch")
    close(z.data, y.detach().numpy(), "autodiff")
    close(other.grad.data, given.grad.numpy(), "gradient")  # type: ignore[union-attr]


def test_embedding_looks_rows_up_and_teaches_them_on_both_engines() -> None:
    net = Network([LAYERS["Embedding"](5, 3)], input_shape=(4,))  # type: ignore[call-arg]
    ids, (table,) = np.array([[0, 4, 4, 1], [1, 1, 2, 0]]), net.weights().values()
    assert (net.output_shape, net.parameters) == ((None, 4, 3), 15)
    assert np.abs(table).max() <= 0.05 and table.std() > 0.01
    module, model = net.to_torch(), net.to_autodiff()
    y, z = module(torch.from_numpy(ids)), model(ids)
    close(y.detach().numpy(), table[ids], "torch")
    close(z.data, table[ids], "autodiff")
    close(net.predict(ids.astype("float32")), table[ids], "floats that are whole")
    y.square().sum().backward()
    (z * z).sum().backward()
    expected = np.zeros_like(table)
    np.add.at(expected, ids, 2 * table[ids])
    close(module.layers["embedding"].held()["embeddings"].grad.numpy(), expected, "torch")  # type: ignore[operator]
    close(model.weights["embedding"]["embeddings"].grad.data, expected, "autodiff")  # type: ignore[union-attr]
    with pytest.raises(NetworkError, match="takes rows of whole numbers, got a shape of 2x3"):
        Network([LAYERS["Embedding"](5, 3)], input_shape=(2, 3))  # type: ignore[call-arg]


def test_noise_is_the_same_on_both_engines_and_only_in_training() -> None:
    net = Network([LAYERS["GaussianNoise"](0.5)], input_shape=(8, 8, 6))  # type: ignore[call-arg]
    x = np.ones((50, 8, 8, 6), np.float32)
    module, model = net.to_torch().train(), net.to_autodiff()
    module.seed(3)
    model.seed(3)
    y = module(torch.from_numpy(x)).numpy()
    close(model(x).data, y, "noise")
    assert abs(float(y.mean()) - 1) < 0.02 and abs(float(y.std()) - 0.5) < 0.02
    assert (net.predict(x) == x).all()


@pytest.mark.parametrize("kind", ["Dropout", "SpatialDropout2D"])
def test_dropout_without_a_seed_of_its_own_draws_as_torch_does(kind: str) -> None:
    net = Network([LAYERS[kind](0.25)], input_shape=(6, 8, 8), data_format="channels_first")  # type: ignore[call-arg]
    theirs = torch.nn.Dropout(0.25) if kind == "Dropout" else torch.nn.Dropout2d(0.25)
    module, x = net.to_torch().train(), torch.ones(5, 6, 8, 8)
    torch.manual_seed(1)
    y = module(x)
    torch.manual_seed(1)
    assert torch.equal(y, theirs(x))


def test_the_moving_variance_may_be_torchs() -> None:
    net = Network([LAYERS["BatchNormalization"](momentum=0.9, unbiased=True)], input_shape=(5,))  # type: ignore[call-arg]
    x = np.random.default_rng(0).random((4, 5), dtype=np.float32)
    norm, module, model = torch.nn.BatchNorm1d(5, eps=1e-3), net.to_torch().train(), net.to_autodiff()
    assert torch.equal(norm(torch.from_numpy(x)), module(torch.from_numpy(x)))
    model(x)
    held = module.layers["batch_normalization"].held()["moving_variance"]  # type: ignore[operator]
    assert torch.equal(held, norm.running_var)
    close(model.weights["batch_normalization"]["moving_variance"].data, held.numpy(), "autodiff")


def test_zeros_before_a_window_go_into_its_kernel() -> None:
    layers = [LAYERS["ZeroPadding2D"](1), LAYERS["Conv2D"](2, 3), LAYERS["ZeroPadding2D"](1),  # type: ignore[call-arg]
              LAYERS["AveragePooling2D"](3, 1), LAYERS["ZeroPadding2D"](2), LAYERS["AveragePooling2D"](2)]  # type: ignore[call-arg]  # fmt: skip
    net = Network(layers, input_shape=(8, 8, 3))
    x = np.random.default_rng(0).random((2, 8, 8, 3), dtype=np.float32)
    module = net.to_torch()
    assert (set(module.around), module.passed) == ({1, 3}, {0, 2})  # the last is wider than half its window
    close(module(torch.from_numpy(x)).detach().numpy(), net.to_autodiff()(x).data, "zeros")


@pytest.mark.parametrize("kind", ["Dropout", "SpatialDropout2D"])
def test_dropout_is_the_same_on_both_engines(kind: str) -> None:
    net = Network([LAYERS[kind](0.25)], input_shape=(8, 8, 6))  # type: ignore[call-arg]
    x = np.ones((5, 8, 8, 6), np.float32)
    module, model = net.to_torch().train(), net.to_autodiff()
    module.seed(3)
    model.seed(3)
    y = module(torch.from_numpy(x)).numpy()
    close(model(x).data, y, kind)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert 0.1 < (y == 0).mean() < 0.4
