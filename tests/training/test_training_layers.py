"""Networks of layers as data, from the recipe to the prediction."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import glasshouse as gh
from glasshouse.errors import RecipeError, WeightsError
from glasshouse.events import EpochDone, Event, Notice, RunFinished, StepDone, result_of
from glasshouse.export.bundle import load_model
from glasshouse.export.inference import Inference
from glasshouse.export.scoring import evaluate
from glasshouse.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    Network,
    RandomFlip,
    RandomTranslation,
    Rescaling,
    SeparableConv2D,
)
from glasshouse.layers.classics import CLASSICS
from glasshouse.layers.classifier import Classifier
from glasshouse.layers.description import build as build_plan
from glasshouse.networks.build import build
from glasshouse.networks.layered import Layered, network_of
from glasshouse.networks.weights import load_weights
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.loop import resume, train
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.setup import gather, prepare
from glasshouse.training.state import TrainingState


def plain(**settings: Any) -> Network:
    layers = [
        Conv2D(6, 3, activation="relu"), MaxPooling2D(), Dropout(0.3), Flatten(), Dense(12, activation="relu"),
        Dense(3, activation="softmax"),
    ]  # fmt: skip
    return Network(layers, **{"input_shape": (16, 16, 3), "name": "plain", **settings})


def branched() -> Network:
    """Augmentation, batch norms after three kinds of convolution, one of them twice, a residual branch."""
    start = Input((16, 16, 3))
    x = RandomTranslation(0.1, 0.1)(RandomFlip("horizontal")(start))
    x = Activation("relu")(BatchNormalization(momentum=0.8)(Conv2D(8, 3, padding="same", use_bias=False)(x)))
    y = BatchNormalization(momentum=0.8, scale=False)(DepthwiseConv2D(3, padding="same")(x))
    y = BatchNormalization(momentum=0.8)(SeparableConv2D(8, 3, padding="same")(Dropout(0.2)(y)))
    x = GlobalAveragePooling2D()(Add()([x, y]))
    return Network(start, Dense(3, activation="softmax")(x), name="branched")


NETWORKS = {"plain": plain, "branched": branched}


def recipe(data: Path, network: Network | dict[str, Any], **fields: Any) -> TrainingRecipe:
    layers = network.to_dict() if isinstance(network, Network) else network
    return TrainingRecipe(**{"data": str(data), "network": layers, "batch_size": 16, "epochs": 3, **fields})


def of(events: Iterator[Event] | list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def model_bytes(run: Path) -> bytes:
    return (run / "model" / "weights.safetensors").read_bytes()


@pytest.fixture(scope="session", params=list(NETWORKS))
def trained(request: pytest.FixtureRequest, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of each network."""
    run = tmp_path_factory.mktemp(request.param) / request.param
    list(train(recipe(tiny, NETWORKS[request.param](), optimizer={"name": "adam", "lr": 0.01}), run))
    return run


def test_probabilities_are_the_same_in_validation_evaluation_and_prediction(trained: Path, tiny: Path) -> None:
    report = json.loads((trained / "report-val.json").read_text())
    again = evaluate(trained, tiny)
    assert (again.loss, again.accuracy) == (report["loss"], report["accuracy"])
    model, rows = load_model(trained), gh.open_dataset(tiny).splits["val"].rows(np.arange(9))
    together = model.probabilities(rows)
    alone = np.concatenate([load_model(trained).probabilities(row[None]) for row in rows])
    assert (together == alone).all()
    assert model.predict(rows[4]).probability == float(together[4].max())


def test_level_3_computes_what_the_model_computes(trained: Path, tiny: Path) -> None:
    model = load_model(trained)
    split = gh.open_dataset(tiny).splits["val"].rows(np.arange(20))
    net = network_of(Classifier.of(model.description.network["layers"]), model.module.state_dict())
    mean, std = np.float32(model.preprocessing.mean), np.float32(model.preprocessing.std)
    assert net.predict((split / np.float32(255) - mean) / std) == pytest.approx(model.probabilities(split), abs=2e-6)


@pytest.mark.parametrize("steps", [1, 6])
def test_an_interrupted_run_ends_with_the_same_bits(trained: Path, steps: int, tiny: Path, tmp_path: Path) -> None:
    fields = {"optimizer": {"name": "adam", "lr": 0.01}}
    events = train(recipe(tiny, NETWORKS[trained.name](), **fields), tmp_path / "run")
    for event in events:
        if isinstance(event, StepDone) and event.step == steps:
            break
    events.close()
    torch.manual_seed(5)
    list(resume(tmp_path / "run"))
    assert model_bytes(tmp_path / "run") == model_bytes(trained)


def test_draws_follow_from_the_seed_and_reach_the_weights(tiny: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.manual_seed(hash(name) % 100)
        built = recipe(tiny, plain(), epochs=1, seed=seed)
        list(train(built, tmp_path / name))
    assert model_bytes(tmp_path / "a") == model_bytes(tmp_path / "b") != model_bytes(tmp_path / "c")
    list(train(recipe(tiny, plain(), epochs=1, seed=1, dropout=0.0), tmp_path / "d"))
    assert model_bytes(tmp_path / "a") != model_bytes(tmp_path / "d")


def test_a_recipe_reads_its_layers_once_on_their_way_into_a_training(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the door; what comes after is handed the layers that were read, fitted once to the pictures and classes."""
    read: list[str] = []
    monkeypatch.setattr(
        "glasshouse.layers.classifier.build", lambda data: (read.append(str(data["name"])), build_plan(data))[1]
    )
    given = recipe(tiny, branched(), dropout=0.2)
    again = given.resolved().replace(epochs=2, seed=7)
    assert again.layers is given.layers and again == again.replace()
    resources = gather(again, gh.open_dataset(tiny))
    assert read == ["branched"]
    module = resources.built.module
    assert isinstance(module, Layered) and resources.recipe.layers is module.layers
    assert module.description == resources.recipe.network
    assert again.replace(network=plain().to_dict()).layers is not given.layers and read == ["branched", "plain"]


def test_layers_fitted_step_by_step_say_what_their_description_says_edited() -> None:
    """The same names, settings and order as when the description itself is edited and read anew, for every classic."""
    for name, make in CLASSICS.items():
        data = make(input_shape=(224, 224, 3), classes=10).to_dict()
        found = Classifier.of(data).fitted(classes=4, channels=1, width=250, height=240).starting(3, dropout=0.25)
        data["seed"] = 3
        for entry in data["layers"]:
            entry |= {"shape": [240, 250, 1]} if entry.get("layer") == "Input" else {}
            entry.get("settings", {}).update({"rate": 0.25} if entry.get("layer") == "Dropout" else {})
        data["layers"][-1]["settings"]["units"] = 4
        assert found.description == Classifier.of(data).description, name


def test_steps_are_those_of_level_3_to_the_last_bit(tiny: Path, tmp_path: Path) -> None:
    """The same layers, first weights, draws and formula by hand on the Network's own module."""
    fields = {"optimizer": {"name": "sgd", "lr": 0.1, "weight_decay": 0}, "schedule": {"name": "constant"}}
    given = recipe(tiny, branched(), epochs=1, **fields)
    run = of(train(given, tmp_path / "run"), StepDone)
    resources = gather(given.resolved(), gh.open_dataset(tiny))
    setup = result_of(prepare(resources, RunFolder(tmp_path)))
    objective = TrainingState(setup).stepper.objective
    net = Network.from_dict(resources.recipe.network)  # type: ignore[arg-type]
    module, losses = net.module, []
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    module.train()
    parameters = [p for p in module.parameters() if p.requires_grad]
    for step, part in enumerate(setup.batch_source.parts(0, 0, setup.plan.pictures)):
        module.seed(given.seed, 0, step, 0)
        logits = module(part.inputs.permute(0, 2, 3, 1), logits=True)
        loss = objective(logits, part.targets) / len(part.targets)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, g in zip(parameters, gradients):
                p.add_(g, alpha=-0.1)  # in one rounding, as torch.optim.SGD moves them
        losses.append(float(loss.detach()))
    assert losses == [event.loss for event in run]


def test_it_learns_from_its_own_weights_in_every_strategy(tiny: Path, tmp_path: Path) -> None:
    learner = gh.Learner(tiny, branched(), out=tmp_path / "run", show=list, batch_size=16)
    learner.fit(3, 0.01)
    first = evaluate(learner._run(), tiny)
    learner.fine_tune(1)
    assert learner.recipe.weights.endswith("weights.safetensors")
    second = learner.evaluate()
    assert second.loss < 1.5 * first.loss
    features = recipe(tiny, branched(), strategy="features", weights=learner.recipe.weights, epochs=2)
    events = list(train(features, tmp_path / "features"))
    assert of(events, RunFinished) and evaluate(tmp_path / "features", tiny).loss == pytest.approx(
        json.loads((tmp_path / "features" / "report-val.json").read_text())["loss"], abs=0
    )
    assert learner.save(tmp_path / "own.model").exists()
    assert load_model(tmp_path / "own.model").network == "branched"
    assert "branched" in load_model(tmp_path / "own.model").card


def test_features_of_other_layers_with_the_same_weights_are_computed_anew(tiny: Path, tmp_path: Path) -> None:
    weights = tmp_path / "plain.model"
    plain().save(weights)
    data = plain().to_dict()
    other = json.loads(json.dumps(data).replace('"relu"', '"tanh"'))
    losses = []
    for number, layers in enumerate([data, other]):
        given = recipe(tiny, layers, strategy="features", weights=str(weights), epochs=1)
        losses.append(of(train(given, tmp_path / str(number)), EpochDone)[0].valid_loss)
        assert evaluate(tmp_path / str(number), tiny).loss == losses[-1]
    assert losses[0] != losses[1]


def test_the_weights_that_level_3_saved_begin_a_run(tiny: Path, tmp_path: Path) -> None:
    net = branched()
    net.set_weights({name: value + 0.25 for name, value in net.weights().items()})
    net.save(tmp_path / "net.model")
    built = build(net.to_dict(), 3, 3, 16, 16, seed=9)
    report = load_weights(built, str(tmp_path / "net.model"))
    assert report.loaded == report.total
    assert isinstance(built.module, Layered)
    found = network_of(built.module.layers, built.module.state_dict()).weights()
    assert all((found[name] == value).all() for name, value in net.weights().items())
    for_five = build(net.to_dict(), 5, 3, 16, 16)
    assert set(load_weights(for_five, str(tmp_path / "net.model")).skipped) == {"head.weight", "head.bias"}
    with pytest.raises(WeightsError, match="nobody has published"):
        load_weights(built, "pretrained")


def test_layers_are_fitted_to_the_dataset_and_that_is_told(tiny: Path, tmp_path: Path) -> None:
    net = Network([Rescaling(1 / 255), Flatten(), Dense(7, activation="softmax")], input_shape=(8, 9, 1), name="a/b")
    events = list(train(recipe(tiny, net, epochs=1), tmp_path / "run"))
    notes = [event.message for event in of(events, Notice)]
    assert "9x8x1 and 7 classes; here it is built for pictures of 16x16x3 and 3 classes" in notes[0]
    assert "rescaling shrinks numbers as if they were bytes" in notes[1]
    kept = TrainingRecipe.load(tmp_path / "run" / "recipe.json").network
    assert isinstance(kept, dict)
    assert kept["layers"][0]["shape"] == [16, 16, 3] and kept["seed"] == 42
    assert kept["layers"][-1]["settings"]["units"] == 3


def test_frozen_layers_stay_as_they_were(tiny: Path, tmp_path: Path) -> None:
    net = branched()
    net.freeze("conv2d", "batch_normalization")
    before = build(net.to_dict(), 3, 3, 16, 16).module.state_dict()
    list(train(recipe(tiny, net, epochs=1, normalize="none"), tmp_path / "run"))
    after = load_model(tmp_path / "run", "cpu").module.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    kept = {name.split(".")[2] for name in set(before) - changed if name.startswith("body")}
    assert kept == {"conv2d", "batch_normalization"}


def test_batch_norms_are_folded_and_compute_the_same() -> None:
    built = build(branched().to_dict(), 3, 3, 16, 16)
    for name, buffer in built.module.named_buffers():
        buffer.add_(torch.rand(buffer.shape, generator=torch.Generator().manual_seed(len(name))))
    inference = Inference(built.module, (16, 16, 3))
    assert isinstance(inference.module, Layered)
    left = [type(getattr(layer, "layer", None)).__name__ for layer in inference.module.body.layers.values()]
    assert "BatchNormalization" not in left and left.count("NoneType") == 3
    x = torch.rand(4, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(inference.module(x), built.module.eval()(x), atol=1e-5)
        assert not torch.allclose(built.module.eval()(x), built.module.train()(x), atol=1e-2)


def test_a_norm_after_a_layer_that_is_used_twice_is_not_folded() -> None:
    start = Input((8, 8, 3))
    x = Conv2D(3, 3, padding="same")(start)
    y = BatchNormalization()(x)
    x = Flatten()(Add()([x, y]))
    built = build(Network(start, Dense(2, activation="softmax")(x)).to_dict(), 2, 3, 8, 8)
    module = Inference(built.module, (8, 8, 3)).module
    assert isinstance(module, Layered)
    assert hasattr(module.body.layers["batch_normalization"], "layer")


def test_all_problems_of_the_layers_are_told_under_their_names(tiny: Path, tmp_path: Path) -> None:
    data = plain().to_dict()
    data["layers"][1]["settings"]["filters"] = 0
    data["layers"][5]["settings"]["activation"] = "rellu"
    with pytest.raises(RecipeError) as caught:
        recipe(tiny, data, weights="pretrained")
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"network.conv2d.filters", "network.dense.activation", "weights"}
    deep = Network([Conv2D(4, 9), Conv2D(4, 9), Flatten(), Dense(2, activation="softmax")], input_shape=(20, 20, 3))
    with pytest.raises(RecipeError, match=r"for pictures of 16x16x3.*\n  conv2d_1: .*window of 9x9"):
        list(train(recipe(tiny, deep), tmp_path / "run"))
    assert not (tmp_path / "run").exists()
