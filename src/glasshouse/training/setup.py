"""What is trained on what: the network, its data and its validator, made from a recipe and a dataset."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from glasshouse.data.dataset import Dataset
from glasshouse.errors import DamagedRunError, DatasetError, Problem, RecipeError
from glasshouse.events import Event, Notice
from glasshouse.export.engines import engine_problem
from glasshouse.messages import Message, Option
from glasshouse.networks.build import Built, construct
from glasshouse.networks.identity import normalized_otherwise
from glasshouse.networks.layered import Layered
from glasshouse.networks.places import origin, weights_file
from glasshouse.networks.reading import check_file
from glasshouse.networks.resolved import ResolvedNetwork, resolve
from glasshouse.networks.weights import load_weights
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.batch_sources import BatchSource, FeatureBatches, PictureBatches
from glasshouse.training.checkpoints import read_tensors, write_tensors
from glasshouse.training.devices import choose_device, enough_memory
from glasshouse.training.diagnosis import left_out, refuse_batch_of_one
from glasshouse.training.features import Extractor, View, cache_folder, compute_features
from glasshouse.training.objective import class_weights
from glasshouse.training.phases import TrainingPlan, plan_for
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.validation import FeatureValidator, PictureValidator, Validator

__all__ = [
    "TrainingResources",
    "TrainingSetup",
    "check_batches",
    "check_settings",
    "gather",
    "keep_frozen",
    "load_frozen",
    "plan_of",
    "prepare",
    "train_features",
]


@dataclass(frozen=True)
class TrainingResources:
    """The parts that a setup is made of: a resolved recipe, its dataset, a network on the device, statistics."""

    recipe: TrainingRecipe
    dataset: Dataset
    built: Built
    device: torch.device
    mean: tuple[float, ...]
    std: tuple[float, ...]
    notes: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class TrainingSetup:
    """``module`` is trained on ``batch_source`` by ``plan``; ``validator`` scores it. Inputs have ``input_shape``."""

    resources: TrainingResources
    module: nn.Module
    batch_source: BatchSource
    validator: Validator | None
    plan: TrainingPlan
    input_shape: tuple[int, ...]


def gather(recipe: TrainingRecipe, dataset: Dataset, *, with_weights: bool = True) -> TrainingResources:
    """Return the resources of a resolved recipe; without ``with_weights`` they are to come from a checkpoint.

    Raises:
        DatasetError: the dataset is not the recipe's, or has no training pictures.
        NetworkError, WeightsError, RecipeError: the recipe cannot be followed.
    """
    if recipe.fingerprint not in (None, dataset.fingerprint):
        raise DatasetError(
            "{path} is not the dataset of the recipe: its fingerprint is {fingerprint}, expected {fingerprint2}; "
            "make it again from the same source, or train anew",
            path=dataset.path,
            fingerprint=dataset.fingerprint,
            fingerprint2=recipe.fingerprint,
        )
    dataset = dataset.learning(recipe.learn_from)
    if "train" not in dataset.splits:
        raise DatasetError("{path} has no training pictures; make it again with some", path=dataset.path)
    device = choose_device(recipe.device)
    recipe = recipe.replace(engine=recipe.engine or _engine(recipe, device))
    _check_engine(recipe)
    network = _resolved(recipe, dataset)
    with enough_memory(device, Message("for the network {network_name}", network_name=recipe.network_name)):
        built = construct(network, dropout=recipe.dropout, seed=recipe.seed)
    notes = list(_fitting_notes(recipe, network))
    if with_weights and recipe.weights != "none":
        report = load_weights(built, recipe.weights)
        notes += [Notice("weights", message) for message in (report.message, *report.notes)]
    if isinstance(built.module, Layered):  # the run's recipe says the layers that are trained
        recipe = recipe.with_layers(built.module.layers)
    with enough_memory(device, Message("for the network {network_name}", network_name=built.entry.name)):
        built.module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    notes += _learning_notes(recipe, dataset, built)
    mean, std = _statistics(recipe, dataset, built)
    if with_weights and recipe.weights not in ("none", "pretrained"):
        notes += _origin_notes(Path(recipe.weights), dataset, mean, std)
    return TrainingResources(recipe, dataset, built, device, mean, std, tuple(notes))


def _engine(recipe: TrainingRecipe, device: torch.device) -> str:
    """Return the engine of a new run that does not choose: docs/decisions/0018."""
    return "torch" if recipe.strategy == "scratch" or device.type != "cpu" else "onnxruntime"


def _check_engine(recipe: TrainingRecipe) -> None:
    if recipe.engine is not None and (problem := engine_problem(recipe.engine)) is not None:
        raise RecipeError("the training recipe", [Problem("engine", problem)])


def check_settings(recipe: TrainingRecipe, dataset: Dataset) -> None:
    """Refuse what can be seen to be wrong with a recipe and its dataset before anything is built or read.

    Raises:
        NetworkError, RecipeError, WeightsError, DatasetError: as ``gather`` would.
    """
    if "train" not in dataset.splits:
        raise DatasetError("{path} has no training pictures; make it again with some", path=dataset.path)
    _resolved(recipe, dataset)
    choose_device(recipe.device)
    _check_engine(recipe)
    class_weights(recipe.objective, dataset.classes, dataset.splits["train"].labels)
    if recipe.weights not in ("none", "pretrained"):
        check_file(recipe.weights)


def _resolved(recipe: TrainingRecipe, dataset: Dataset) -> ResolvedNetwork:
    return resolve(recipe.layers or recipe.network, classes=len(dataset.classes), channels=dataset.channels,
                   width=dataset.width, height=dataset.height)  # fmt: skip


def check_batches(resources: TrainingResources) -> None:
    """Refuse what would fail, or learn nothing, in the first step.

    Raises:
        RecipeError: batches of one picture, if batch normalization would see one number of each channel.
    """
    m = resources
    shape = (m.dataset.channels, m.dataset.height, m.dataset.width)
    refuse_batch_of_one(m.recipe, m.built, len(m.dataset.splits["train"]), shape)


def _learning_notes(recipe: TrainingRecipe, dataset: Dataset, built: Built) -> Iterator[Notice]:
    """Yield what settings that are each right do together."""
    for message in left_out(recipe, built.batch_norms(), len(dataset.splits["train"])):
        yield Notice("batch", message)
    if recipe.sampling == "balanced" and recipe.objective.class_weights == "balanced":
        yield Notice("balance", "balanced sampling and balanced class weights make up for rare classes twice, so that "
                     "rare classes are predicted too often; one of the two is enough")  # fmt: skip


def _origin_notes(weights: Path, dataset: Dataset, mean: tuple[float, ...], std: tuple[float, ...]) -> Iterator[Notice]:
    """Yield how the pictures and classes that weights were trained on differ from those at hand."""
    told = origin(weights_file(weights))
    if message := normalized_otherwise(told, mean, std):
        yield Notice("normalization", message)
    classes = None if told is None else told.classes
    if classes is not None and len(classes) == len(dataset.classes) and classes != dataset.classes:
        yield Notice(
            "weights",
            Message(
                "the last layer of the weights was trained on the classes {classes}; here its "
                "outputs are {classes2}, and it learns them from those numbers",
                classes=_named(classes),
                classes2=_named(dataset.classes),
            ),
        )


def _named(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:5]) + (
        Message(" and {problems} more", problems=len(classes) - 5) if len(classes) > 5 else ""
    )


def _fitting_notes(recipe: TrainingRecipe, network: ResolvedNetwork) -> Iterator[Notice]:
    """Yield what is to be said of layers that were fitted to the dataset: nothing vanishes silently."""
    was, now = recipe.layers, network.layers
    if was is None or now is None:
        return
    if (was.shape, was.classes) != (now.shape, now.classes):
        sizes = [(*one.shape, one.classes) for one in (was, now)]
        texts = [Message("pictures of {W}x{H}x{C} and {K} classes", W=W, H=H, C=C, K=K) for C, H, W, K in sizes]
        yield Notice(
            "network",
            Message(
                "{name} was described for {texts}; here it is built for {texts2}",
                name=network.entry.name,
                texts=texts[0],
                texts2=texts[1],
            ),
        )
    if scale := now.tiny_scale:
        yield Notice(
            "network",
            Message(
                "{scale} shrinks numbers as if they were bytes, but pictures come with mean 0 "
                "and deviation 1 (normalize), so the network sees almost nothing; take that "
                "layer out",
                scale=scale,
            ),
        )


def keep_frozen(resources: TrainingResources, path: Path) -> None:
    """Write the weights that a run of the strategy ``features`` never changes: all but the head's."""
    head = resources.built.head_name + "."
    state = resources.built.module.state_dict()
    write_tensors(path, {name: tensor for name, tensor in state.items() if not name.startswith(head)})


def load_frozen(resources: TrainingResources, path: Path) -> None:
    """Put in place what ``keep_frozen`` wrote.

    Raises:
        DamagedRunError: the file is damaged or of another network.
    """
    tensors = read_tensors(path)
    try:
        missing, unknown = resources.built.module.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        raise DamagedRunError("{path} cannot be used: {error}", path=path, error=error) from None
    head = resources.built.head_name + "."
    if unknown or any(not name.startswith(head) for name in missing):
        raise DamagedRunError(
            "{path} belongs to another network than {network_name}",
            path=path,
            network_name=resources.recipe.network_name,
        )


def prepare(resources: TrainingResources, run: RunFolder) -> Generator[Event, None, TrainingSetup]:
    """Yield what happens on the way (features are computed here) and return the setup."""
    if resources.recipe.learn_from == "train+val":
        yield Notice(
            "no-validation",
            "the network learns from training and validation pictures together: nothing is left that could say how "
            "good it is",
        )
    elif "val" not in resources.dataset.splits:
        yield Notice(
            "no-validation",
            Message(
                "the dataset has no validation pictures: the best epoch is the one with the lowest training loss, and "
                "there is no score; make it with {part} for one",
                part=Option("valid", 0.25),
            ),
        )
    if resources.recipe.strategy == "features":
        return (yield from _feature_setup(resources, run))
    return _picture_setup(resources)


def plan_of(recipe: TrainingRecipe, built: Built, pictures: int) -> TrainingPlan:
    """Return the plan of a resolved recipe for a network and a number of training pictures."""
    if recipe.strategy == "features":
        plan = plan_for(recipe, [list(built.head.parameters())], [], pictures)
        return replace(plan, group=pictures) if recipe.linear else plan  # one step that sees them all
    norms = built.batch_norms()
    return plan_for(recipe, built.groups(), norms, _usable(pictures, recipe, norms))


def _picture_setup(m: TrainingResources) -> TrainingSetup:
    split, module = m.dataset.splits["train"], m.built.module
    batch_source = PictureBatches(split, m.recipe, len(m.dataset.classes), m.device, m.mean, m.std)
    val = m.dataset.splits.get("val")
    validator = None if val is None else PictureValidator(val, m.mean, m.std)
    plan = plan_of(m.recipe, m.built, len(split))
    return TrainingSetup(
        m, module, batch_source, validator, plan, (m.dataset.channels, m.dataset.height, m.dataset.width)
    )


def _feature_setup(m: TrainingResources, run: RunFolder) -> Generator[Event, None, TrainingSetup]:
    head, split, val = m.built.head, m.dataset.splits["train"], m.dataset.splits.get("val")
    head.dropout = m.recipe.dropout or 0.0
    extractor = Extractor(m.built, m.recipe, m.dataset, m.mean, m.std, m.device)
    views = [View(split, number) for number in _view_numbers(m.recipe)] + ([View(val)] if val is not None else [])
    found = yield from compute_features(extractor, views, cache_folder(m.dataset, run.path))
    train = torch.stack(found[: len(found) - (val is not None)]).to(m.device)
    batch_source = FeatureBatches(split, m.recipe, train, torch.from_numpy(split.labels.copy()).to(m.device))
    validator = None if val is None else FeatureValidator(
        found[-1].to(m.device), val.labels, extractor.block, extractor.engine)  # fmt: skip
    plan = plan_of(m.recipe, m.built, len(split))
    return TrainingSetup(m, head, batch_source, validator, plan, (m.built.feature_count,))


def train_features(m: TrainingResources, run: Path) -> Generator[Event, None, torch.Tensor]:
    """Yield progress and return the features (V, N, F) of each view of the training pictures, kept as a run's are."""
    extractor, split = Extractor(m.built, m.recipe, m.dataset, m.mean, m.std, m.device), m.dataset.splits["train"]
    views = [View(split, number) for number in _view_numbers(m.recipe)]
    found = yield from compute_features(extractor, views, cache_folder(m.dataset, run))
    return torch.stack(found)


def _view_numbers(recipe: TrainingRecipe) -> list[int | None]:
    """Return the draws of each view: the plain picture and augmented ones, or the one augmented view asked for."""
    if not recipe.augmentation.active:
        return [None]
    return [0] if recipe.views == 1 else [None, *range(1, recipe.views)]


def _statistics(recipe: TrainingRecipe, dataset: Dataset, built: Built) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and std per channel: those of the weights if there are weights, else those of the dataset.

    Custom layers have no published weights: theirs are always the dataset's.
    """
    channels, own = dataset.channels, recipe.layers is not None
    if recipe.normalize == "none":
        return (0.0,) * channels, (1.0,) * channels
    if recipe.normalize == "dataset" or (recipe.normalize == "auto" and (own or recipe.weights == "none")):
        return dataset.mean, tuple(max(s, 1e-3) for s in dataset.std)
    return built.entry.normalization(channels)


def _usable(count: int, recipe: TrainingRecipe, norms: Sequence[nn.Module]) -> int:
    """Return the pictures an epoch has: a last batch of one is left out where batch norm would have one value."""
    return count - 1 if norms and count > 1 and count % recipe.batch_size == 1 else count
