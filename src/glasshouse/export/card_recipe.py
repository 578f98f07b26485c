"""How a model was trained, as one sentence of its card."""

from collections.abc import Iterator
from pathlib import Path

from glasshouse.evaluation.report_markdown import escape
from glasshouse.messages import Message, joined
from glasshouse.networks.catalogue import catalogued
from glasshouse.recipe import AugmentationRecipe, TrainingRecipe
from glasshouse.recipe.fields import declared_fields

__all__ = ["recipe_sentence"]

MOST_LAYERS = 40  # named in the card


def recipe_sentence(r: TrainingRecipe) -> Message:
    """Return network, weights, strategy, course and augmentation of a resolved recipe, escaped for Markdown."""
    parts = [_begin(r), _strategy(r), _steps(r), *_learned_from(r), _augmentation(r.augmentation)]
    return joined("", [joined("; ", parts), "."])


def _begin(r: TrainingRecipe) -> Message:
    return Message(
        "{network}, starting from {weights}",
        network=joined("", [escape(r.network_name), _layers(r)]),
        weights=joined("", [_weights(r), _licence(r)]),
    )


def _weights(r: TrainingRecipe) -> Message:
    if r.weights == "none":
        return Message("fresh weights")
    return Message("weights from {file}", file=escape(Path(r.weights).name))


def _strategy(r: TrainingRecipe) -> Message:
    if r.linear:
        return Message("only the head fitted, by logistic regression on the features of the frozen network")
    if r.strategy == "scratch":
        return Message("all weights trained")
    if r.strategy == "features":
        return Message("only the head trained, on the features of the frozen network")
    return Message(
        "the head trained for {epochs} epochs, then all weights, earlier layers more slowly", epochs=r.freeze_epochs
    )


def _steps(r: TrainingRecipe) -> Message:
    if r.linear:
        return Message("its strength chosen by folds of the training pictures, seed {seed}", seed=r.seed)
    return Message(
        "{epochs} epochs in batches of {batch} with {optimizer} at a learning rate of {rate} ({schedule} schedule), "
        "seed {seed}",
        epochs=r.epochs,
        batch=r.batch_size,
        optimizer=_word("optimizer.name", r.optimizer.name),
        rate=f"{r.optimizer.lr:g}",
        schedule=_word("schedule.name", r.schedule.name),
        seed=r.seed,
    )


def _learned_from(r: TrainingRecipe) -> Iterator[Message]:
    if r.learn_from == "train+val":
        yield Message("learned from training and validation pictures together, so none of these can say how good it is")
    elif r.learn_from.startswith("part "):
        yield Message("learned from one in {part} of the training pictures", part=r.learn_from.removeprefix("part 1/"))
    elif r.learn_from != "train":
        yield Message("learned from the training pictures without {part}, which judged it", part=_fold(r.learn_from))


def _fold(learn_from: str) -> Message:
    return Message("fold {part}", part=learn_from.removeprefix("fold "))


def _licence(r: TrainingRecipe) -> str:
    """Return from which package pretrained weights are, and under which licence; nothing if that is not known."""
    entry = catalogued(r.network) if r.weights == "pretrained" and isinstance(r.network, str) else None
    if entry is None or entry.package is None:
        return ""
    return Message(" (package {name}, licence {licence})", name=entry.package.name, licence=entry.package.licence)


def _layers(r: TrainingRecipe) -> str:
    """Say of a custom network what it is made of; the recipe has every setting."""
    if isinstance(r.network, str):
        return ""
    words = [str(entry.get("layer", entry.get("shares"))) for entry in r.network["layers"]]
    names = ", ".join(escape(word) for word in words[:MOST_LAYERS])
    if len(words) > MOST_LAYERS:
        return Message(" (custom layers: {names} and {count} more)", names=names, count=len(words) - MOST_LAYERS)
    return Message(" (custom layers: {names})", names=names)


def _augmentation(recipe: AugmentationRecipe) -> Message:
    if not recipe.active:
        return Message("pictures not changed at random")
    return Message("pictures changed at random ({changes})", changes=joined(", ", _changes(recipe)))


def _changes(recipe: AugmentationRecipe) -> Iterator[Message]:
    plain = AugmentationRecipe()
    for name in AugmentationRecipe.model_fields:
        value = getattr(recipe, name)
        if value != getattr(plain, name):
            label = Message(declared_fields()[f"augmentation.{name}"].setting.label)
            yield label if value is True else joined(" ", [label, _value(f"augmentation.{name}", value)])


def _value(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return "–".join(f"{one:g}" for one in value)
    return _word(name, value) if isinstance(value, str) else str(value)


def _word(name: str, value: str) -> Message:
    """Return a value of a field as its declaration calls it."""
    return Message(declared_fields()[name].setting.words.get(value, value))
