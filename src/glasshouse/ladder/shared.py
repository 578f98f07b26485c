"""The pictures in scripts of the levels Layers and Autodiff: where they are, their order, their augmentation."""

from glasshouse.ladder.network import Layers
from glasshouse.ladder.story import Story
from glasshouse.ladder.wording import call, keyword, value
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.recipe import AugmentationRecipe

__all__ = [
    "augmentation_lines",
    "build_call",
    "data_lines",
    "drops_before_head",
    "has_norms",
    "order_text",
    "shrunk",
    "used_pictures",
]


def data_lines(story: Story, say: dict[str, str], own: bool) -> list[str]:
    """The dataset, its splits and the numbers that pictures are normalised by."""
    splits = ', data.splits["val"]' if "val" in story.dataset.splits else ""
    learn_from = story.recipe.learn_from
    chosen = f".learning({value(learn_from)})" if learn_from != "train" else ""
    key = "together" if learn_from == "train+val" else "chosen"
    return [
        f"# {say['pictures']}",
        *([f"# {say[key]}"] if chosen else []),
        f"data = gh.open_dataset({value(story.place)}){chosen}",
        f'train{", val" if splits else ""} = data.splits["train"]{splits}',
        *_statistics(story, own),
    ]


def _statistics(story: Story, own: bool) -> list[str]:
    recipe, channels = story.recipe, story.dataset.channels
    if recipe.normalize == "none":
        return [f"MEAN, STD = {(0.0,) * channels!r}, {(1.0,) * channels!r}"]
    if recipe.normalize == "dataset" or (recipe.normalize == "auto" and (own or recipe.weights == "none")):
        return ["MEAN, STD = data.mean, tuple(max(s, 1e-3) for s in data.std)"]
    entry = next(e for e in CATALOGUE.values() if e.name == _name(recipe.network))
    mean, std = entry.normalization(channels)
    return [f"MEAN, STD = {mean!r}, {std!r}"]


def _name(network: object) -> str:
    from glasshouse.networks.catalogue import find

    return find(str(network)).name


def build_call(story: Story, layers: Layers) -> str:
    """The call that builds the catalogue's network, whose weights the run began with."""
    network = "net.to_dict()" if layers.own else value(layers.entry)
    parts = [network, "len(data.classes)", "data.channels", "data.width", "data.height"]
    parts += [keyword("dropout", story.recipe.dropout)] if drops_before_head(story, layers) else []
    return call("build", *parts, "seed=SEED")


def drops_before_head(story: Story, layers: Layers) -> bool:
    """Whether the recipe's dropout is before the last of custom layers, which have no dropout."""
    none = not any(type(step.layer).__name__ in ("Dropout", "SpatialDropout2D") for step in layers.net.steps)
    return layers.own and bool(story.recipe.dropout) and none and story.recipe.strategy != "features"


def augmentation_lines(recipe: AugmentationRecipe, say: dict[str, str]) -> list[str]:
    """The constant AUGMENTATION, or nothing."""
    if not recipe.active:
        return []
    parts = [keyword(key, given) for key, given in recipe.model_dump(exclude_defaults=True).items()]
    return [f"# {say['augmentation']}", f"AUGMENTATION = {call('AugmentationRecipe', *parts)}", ""]


def has_norms(layers: Layers) -> bool:
    """Whether a batch of one picture would have no variance anywhere."""
    return any(
        type(s.layer).__name__ == "BatchNormalization" and layers.net.holders[s.weights].trainable
        for s in layers.net.steps[1:]
    )


def used_pictures(story: Story, layers: Layers) -> int:
    """The pictures an epoch has: a last batch of one is left out where batch norm would have one value."""
    count = len(story.dataset.splits["train"])
    alone = has_norms(layers) and count > 1 and count % story.recipe.batch_size == 1
    return count - 1 if alone else count


def order_text(story: Story) -> str:
    """The order of an epoch's pictures."""
    if story.recipe.sampling == "balanced":
        return "balanced(train.labels, SEED, epoch)"
    return "permutation(SEED, epoch, len(train))"


def shrunk(text: str) -> str:
    """No more than two empty lines in a row, none at the end of a line."""
    lines = [line.rstrip() for line in text.split("\n")]
    found: list[str] = []
    for line in lines:
        if line or found[-2:] != ["", ""]:
            found.append(line)
    return "\n".join(found).rstrip("\n") + "\n"
