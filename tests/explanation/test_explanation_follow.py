"""A followed picture: its numbers are those of torch.autograd, of the run, and of arithmetic."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import glasshouse as gh
from glasshouse.errors import InputError, NetworkError
from glasshouse.explanation.chain import Chain
from glasshouse.explanation.layered import as_layers
from glasshouse.explanation.moments import moment_of
from glasshouse.explanation.walk import Walk, coefficients
from glasshouse.explanation.weight_story import WeightStory, story_of
from glasshouse.layers import Input, Network
from glasshouse.layers.classics import CLASSICS, take_weights
from glasshouse.layers.holding import unpacked
from glasshouse.layers.vocabulary import LAYERS
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoints import load_state, read_checkpoint, restore_optimizer
from glasshouse.training.loop import train
from glasshouse.training.objective import class_weights
from glasshouse.training.optimizers import ParameterGroup, build_optimizer, set_rate


def everything() -> Network:
    """A network with a branch and every kind of weights."""
    L = LAYERS
    start = Input((9, 8, 3))
    x: Any = L["Conv2D"](4, 3, padding="same", strides=2, activation="tanh", name="first")(start)
    x = L["BatchNormalization"](name="norm")(x)
    y = L["DepthwiseConv2D"](3, padding="same", depth_multiplier=2, activation="sigmoid", name="deep")(x)
    z = L["SeparableConv2D"](8, 3, padding="same", name="apart")(x)
    x = L["Add"]()([y, z])
    x = L["LeakyReLU"]()(L["Concatenate"]()([x, y]))
    x = L["Conv2D"](4, (3, 1), groups=2, activation="gelu", name="grouped")(L["ZeroPadding2D"](1)(x))
    x = L["AveragePooling2D"](2)(x)
    x = L["Dropout"](0.5)(L["Flatten"]()(x))
    x = L["Dense"](6, activation="relu", name="dense")(x)
    return Network(start, L["Dense"](3, activation="softmax", name="head")(x), seed=3)


@pytest.fixture(scope="module")
def walk() -> Walk:
    rng = np.random.default_rng(0)
    net = everything()
    net.set_weights({key: value + rng.uniform(0.1, 0.3, value.shape) for key, value in net.weights().items()})
    return Walk(net, rng.random((9, 8, 3)), coefficients(1, 3, 0.1, (2.0, 0.5, 1.0)))


def torch_gradients(walk: Walk) -> tuple[float, dict[str, NDArray[Any]]]:
    """Loss and derivatives by torch.autograd on the same network in use."""
    module = walk.net.to_torch().double().eval()
    x = torch.from_numpy(walk.stages[0].after.data).permute(0, 2, 3, 1)
    loss = -(torch.log_softmax(module(x, logits=True), 1) * torch.from_numpy(walk.c)).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    grads = {f"{layer}/{name}": p.grad.numpy() for layer in module.layers
             for name, p in module.layers[layer].named_parameters() if p.grad is not None}  # type: ignore[union-attr]  # fmt: skip
    return loss.item(), grads


def test_loss_and_every_derivative_are_those_of_torch(walk: Walk) -> None:
    loss, expected = torch_gradients(walk)
    assert float(walk.loss.data) == pytest.approx(loss, abs=1e-12)
    found = {f"{layer}/{name}": p.grad.data for layer, held in walk.model.weights.items()
             for name, p in held.items() if p.grad is not None}  # fmt: skip
    assert set(found) == set(expected)
    assert len(found) == 15
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, atol=1e-12, err_msg=key)


def indices(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list({tuple(int(i) for i in np.random.default_rng(n).integers(0, shape)) for n in range(3)})


def stories(walk: Walk) -> list[WeightStory]:
    return [
        story_of(walk, f"{layer}/{w.name}", index)
        for layer, holder in walk.net.holders.items()
        for w in holder.weights
        if w.trainable
        for index in indices(w.shape)
    ]


def adds_up(chain: Chain) -> None:
    assert math.fsum([*(t.local * t.upstream for t in chain.terms), chain.rest]) == pytest.approx(
        chain.total, abs=1e-15
    )
    assert len(chain.terms) == min(6, chain.count)


def test_the_written_sum_and_the_measured_slope_of_every_array_are_torchs_derivative(walk: Walk) -> None:
    _, expected = torch_gradients(walk)
    kept = walk.net.weights()
    told = stories(walk)
    assert len(told) >= 30
    for story in told:
        key = f"{story.layer}/{story.name}"
        holder = walk.net.holders[story.layer]
        weight = next(w for w in holder.weights if w.name == story.name)
        gradient = unpacked(expected[key], weight)[story.index]
        assert story.value == pytest.approx(kept[key][story.index])
        assert story.gradient == pytest.approx(gradient, abs=1e-12)
        assert sum(use.chain.total for use in story.uses) == pytest.approx(gradient, abs=1e-12)
        assert story.slope == pytest.approx(gradient, rel=1e-5, abs=1e-7)
        for use in story.uses:
            adds_up(use.chain)


def test_every_link_of_the_way_to_the_loss_adds_up(walk: Walk) -> None:
    ends = 0
    for story in stories(walk):
        for link in story.links:
            if link.kind == "loss":
                share = float(walk.c.sum())
                assert link.gradient == pytest.approx(link.probability * share - link.coefficient, abs=1e-12)
                ends += 1
            else:
                assert sum(use.chain.total for use in link.uses) == pytest.approx(link.gradient, abs=1e-12)
                for use in link.uses:
                    adds_up(use.chain)
        if story.links and story.uses[0].chain.terms:
            assert story.links[0].gradient == pytest.approx(story.uses[0].chain.terms[0].upstream, abs=1e-15)
    assert ends > 10


def test_the_local_derivatives_are_the_inputs_under_the_weight(walk: Walk) -> None:
    kh, kw, c, o = index = (2, 1, 0, 3)
    x = walk.by_name["first"].xs[0].data[0]
    story = story_of(walk, "first/kernel", index)
    top, left = 1, 0  # padding="same" at stride 2: one row above and one below 9 rows, one column right of 8
    for term in story.uses[0].chain.terms:
        channel, i, j = term.place
        assert channel == o
        assert term.local == pytest.approx(x[c, 2 * i + kh - top, 2 * j + kw - left])
    (term,) = story_of(walk, "dense/kernel", (4, 2)).uses[0].chain.terms
    assert term.place == (2,)
    assert term.local == pytest.approx(walk.by_name["dense"].xs[0].data[0, 4])


def test_statistics_of_batch_norm_are_not_learned(walk: Walk) -> None:
    story = story_of(walk, "norm/moving_mean", 0)
    assert (story.note, story.gradient, story.uses) == ("not-learned", 0.0, ())
    assert abs(story.slope) > 0


@pytest.mark.parametrize("name", ["LeNet", "Dense128", "ConvNet4", "ResNet18", "MobileNetV2", "Xception"])
def test_a_network_of_the_catalogue_says_the_same_in_layers(name: str) -> None:
    side, channels = (28, 1) if name in ("LeNet", "Dense128") else (64, 3)
    built = build(name, 5, channels, side, side)
    net = as_layers(name, (channels, side, side), 5, built.module.state_dict())
    x = np.random.default_rng(0).random((side, side, channels))
    with torch.no_grad():
        expected = torch.softmax(built.module.eval()(torch.from_numpy(x).float().permute(2, 0, 1)[None]), 1)[0].numpy()
    found = Walk(net, x, coefficients(0, 5))
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-5)
    assert len(found.stages) == len(CLASSICS[name](input_shape=(side, side, channels), classes=5).steps)


def test_a_run_is_followed_with_its_own_loss_and_says_what_its_model_says(run: Path, pictures: Path) -> None:
    picture = sorted(pictures.glob("both/*.png"))[0]
    story = gh.follow(run, picture, "both")
    model = gh.load_model(run)
    (answer,) = model.predict([picture], top=3)
    np.testing.assert_allclose(
        [story.probabilities[model.classes.index(name)] for name, _ in answer.top],
        [p for _, p in answer.top],
        atol=1e-5,
    )
    data = gh.open_dataset(run.parent / "data")
    weights = class_weights(model.recipe.objective, model.classes, data.splits["train"].labels)  # type: ignore[union-attr]
    logits = torch.from_numpy(story.walk.logits.data)
    assert weights is not None
    smoothed = torch.nn.functional.cross_entropy(logits, torch.tensor([story.label]), label_smoothing=0.1)
    expected = weights[story.label] * smoothed
    assert story.loss == pytest.approx(expected.item(), abs=1e-10)
    assert [step.name for step in story.steps][:3] == ["input_layer", "conv2d", "max_pooling2d"]
    assert story.steps[1].value.shape == (20, 24, 24)
    assert story.steps[1].shape == (24, 24, 20)
    html = story._repr_html_() + story.weight("dense.kernel")._repr_html_()
    assert "conv2d_1" in html
    assert "<script" not in html


@pytest.mark.parametrize("moment", ["initial", "last"])
def test_the_optimiser_does_what_torch_would_do(run: Path, pictures: Path, moment: str) -> None:
    picture = sorted(pictures.glob("*/*.png"))[0]
    story = gh.follow(run, picture, "both", moment=moment)
    model = gh.load_model(run)
    recipe = model.recipe.resolved()  # type: ignore[union-attr]
    module = build("LeNet", 3, 1, 28, 28, seed=recipe.seed).module
    state, position = {}, None
    if moment == "last":
        state, position = read_checkpoint(run / "checkpoints" / "last.safetensors")
        load_state(module, state, "module")
    optimizer = build_optimizer(recipe.optimizer, [ParameterGroup(list(module.parameters()))])
    if position is not None:
        restore_optimizer(optimizer, state, position.numbers)
    x = torch.from_numpy(story.walk.stages[0].after.data).float()
    (-(torch.log_softmax(module(x), 1) * torch.from_numpy(story.walk.c)).sum()).backward()  # type: ignore[no-untyped-call]
    tuning = moment_of(model, run, moment).tunings["dense.weight"]
    set_rate(optimizer, tuning.rate)
    optimizer.step()
    stepped = CLASSICS["LeNet"](input_shape=(28, 28, 1), classes=3)
    take_weights(stepped, module.state_dict())
    after = stepped.weights()
    for name in ("conv2d/kernel", "dense/kernel", "dense_1/bias"):
        told = story.weight(name)
        assert told.update is not None
        assert told.update.after == pytest.approx(after[name][told.index], abs=1e-6)
        assert told.update.after != told.value
        assert told.update.lines[-1].value == told.update.after


def test_the_start_is_the_network_before_training(run: Path, pictures: Path) -> None:
    picture = sorted(pictures.glob("both/*.png"))[0]
    fresh = build("LeNet", 3, 1, 28, 28, seed=42).module.state_dict()
    start = gh.follow(run, picture, "both", moment="initial")
    np.testing.assert_allclose(
        start.walk.parameter("conv2d", "kernel").data, fresh["conv1.weight"].numpy().astype(float), atol=0
    )


def test_what_cannot_be_followed_says_why_and_what_can(run: Path, pictures: Path) -> None:
    picture = sorted(pictures.glob("both/*.png"))[0]
    with pytest.raises(NetworkError, match=r"resnet10t is not written in layers.*can be followed: AlexNet"):
        as_layers("resnet10t", (3, 64, 64), 3, {})
    with pytest.raises(NetworkError, match="too much for the memory"):
        as_layers("VGG16", (3, 224, 224), 10, {})
    story = gh.follow(run, picture)
    assert story.label == int(story.probabilities.argmax())
    with pytest.raises(InputError, match="no class 'horse'; there are"):
        gh.follow(run, picture, "horse")
    with pytest.raises(InputError, match="no moment 'middle'"):
        gh.follow(run, picture, moment="middle")
    with pytest.raises(InputError, match="no layer 'dense_9'"):
        story.weight("dense_9.kernel", (0, 0))
    with pytest.raises(InputError, match="has no weights 'gamma'; it has kernel, bias"):
        story.weight("dense.gamma", 0)
    with pytest.raises(InputError, match=r"shape 5 x 5 x 1 x 20.*got"):
        story.weight("conv2d.kernel", (5, 0, 0, 0))
    alone = gh.follow(run / "model" / "..", picture)
    assert alone.weight("dense_1.bias", 0).update is not None


def test_a_network_of_layers_is_followed_too() -> None:
    net = everything()
    x = np.random.default_rng(1).random((9, 8, 3))
    story = gh.follow(net, x, 2)
    assert story.loss == pytest.approx(-math.log(story.probabilities[2]))
    told = story.weight("head.kernel", (0, 2))
    assert told.note == "no-run"
    with pytest.raises(InputError, match=r"takes an array \(9, 8, 3\)"):
        gh.follow(net, x[:5])


def test_a_run_of_layers_of_ones_own_is_followed_with_its_optimiser(run: Path, pictures: Path) -> None:
    L = LAYERS
    layers = [L["Conv2D"](4, 5, activation="relu"), L["BatchNormalization"](), L["Flatten"](),
              L["Dense"](3, activation="softmax")]  # fmt: skip
    own = Network(layers, input_shape=(28, 28, 1), name="own")
    optimizer = {"name": "sgd", "momentum": 0.9, "lr": 0.01, "weight_decay": 0.0}
    recipe = TrainingRecipe(
        data=str(run.parent / "data"), network=own.to_dict(), epochs=1, batch_size=16, optimizer=optimizer
    )
    folder = run.parent / "own"
    list(train(recipe, folder))
    picture = sorted(pictures.glob("both/*.png"))[0]
    story = gh.follow(folder, picture, "both", moment="last")
    np.testing.assert_allclose(story.probabilities, gh.follow(folder, picture, "both").said, atol=1e-5)
    state, _ = read_checkpoint(folder / "checkpoints" / "last.safetensors")
    kept = {key: value for key, value in state.items() if key.endswith("momentum_buffer")}
    told = story.weight("dense/kernel")
    assert told.update is not None
    buffer = next(v for v in kept.values() if v.shape == (3, 24 * 24 * 4))
    expected = 0.9 * float(buffer[told.index[1], told.index[0]]) + told.gradient
    assert told.update.kept["momentum_buffer"] == pytest.approx(expected, rel=1e-6)
