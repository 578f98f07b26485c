"""The level Layers: the network layer by layer, and the training as a loop that can be read from top to bottom."""

from glasshouse.ladder.features import body_lines, body_of, features_lines, has_bias, head_lines, head_of
from glasshouse.ladder.layers_loop import loop_lines, validate_lines
from glasshouse.ladder.layers_updates import group_lines, optimizer_lines
from glasshouse.ladder.linear import SOLVER_IMPORTS, fit_lines, judge_lines, solver_lines
from glasshouse.ladder.network import Layers, layers_of
from glasshouse.ladder.script import commented, constants, rate_lines, refuse_mixed, title
from glasshouse.ladder.shared import (
    augmentation_lines,
    build_call,
    data_lines,
    drops_before_head,
    has_norms,
    shrunk,
)
from glasshouse.ladder.story import Story
from glasshouse.ladder.units import network_text, words_of
from glasshouse.ladder.wording import call_import, value
from glasshouse.recipe import ScheduleRecipe

__all__ = ["frozen_lines", "layers_code"]

Say = dict[str, str]


def layers_code(story: Story, say: Say) -> str:
    """The script of the level Layers.

    Raises:
        LevelError: the network's layers are not known, or the run computed in mixed precision.
    """
    refuse_mixed(story, "layers")
    layers = layers_of(story, "layers")
    blocks = [
        _imports(story, layers),
        ["", *constants(story, say)],
        ["", *data_lines(story, say, layers.own)],
        ["", *augmentation_lines(story.recipe.augmentation, say)],
    ]
    if story.recipe.linear:
        blocks += frozen_lines(story, layers, say)
        blocks += [solver_lines(say), fit_lines(story, say, has_bias(layers)), head_lines(story, layers, say)]
        blocks += [["", *validate_lines(story, say)], judge_lines(story, say, "validate(module)")]
        return shrunk("\n".join([title(story, say, "title-layers", "same-bits"), *("\n".join(b) for b in blocks)]))
    blocks.append(_class_weights(story, say))
    if story.recipe.strategy == "features":
        blocks += frozen_lines(story, layers, say)
        blocks += [head_lines(story, layers, say)]
    else:
        blocks += [[f"# {commented(say[network_key(story, layers)])}", _network(layers)], _weights(story, layers, say)]
    blocks += [
        ["", *optimizer_lines(story, say)],
        ["", *group_lines(story, layers, say)],
        ["", *rate_lines(story, say)],
    ]
    blocks += [["", *validate_lines(story, say)], ["", *loop_lines(story, layers, say)]]
    return shrunk("\n".join([title(story, say, "title-layers", "same-bits"), *("\n".join(b) for b in blocks)]))


def network_key(story: Story, layers: Layers) -> str:
    """What is said of the network."""
    if layers.own:
        return "network-own"
    return "network-body" if story.recipe.strategy == "features" else "network"


def frozen_lines(story: Story, layers: Layers, say: Say, below: str = "") -> list[list[str]]:
    """The frozen network, and the features that it gives; ``below`` is the key of a second comment."""
    said = "\n".join(say[key] for key in (network_key(story, layers), below) if key)
    written = f"# {commented(said)}\n{_network(body_of(layers))}"
    return [body_lines(story, layers, say, written), features_lines(story, say)]


def _network(layers: Layers) -> str:
    return network_text(layers, "SEED" if layers.own else None)


def _imports(story: Story, layers: Layers) -> list[str]:
    recipe, own, active = story.recipe, layers.own, story.recipe.augmentation.active
    features, linear = recipe.strategy == "features", recipe.linear
    batches = [] if features else ["batches"]
    built = not own or recipe.weights != "none" or drops_before_head(story, layers)
    words = words_of(body_of(layers)) | words_of(head_of(story, layers)) if features else words_of(layers)
    words |= {"BatchNormalization"} if recipe.strategy == "fine-tune" and has_norms(layers) else set()
    found = {
        "glasshouse.data.augment": ["augment"] if active else [],
        "glasshouse.data.batches": (["balanced"] if recipe.sampling == "balanced" else []) + batches,
        "glasshouse.data.draws": (["choice"] if features and not linear else [])
        + (["permutation"] if recipe.sampling != "balanced" and not linear else []),
        "glasshouse.data.splitting.folds": ["fold_count", "fold_numbers"] if linear else [],
        "glasshouse.export.inference": ["Inference", "normalized"],
        "glasshouse.layers": sorted(words, key=lambda w: (w.islower(), w)),
        "glasshouse.layers.classics": ["take_weights"] if features or not own else [],
        "glasshouse.networks.build": ["build"] if built else [],
        "glasshouse.networks.folding": ["Pooled"] if own and features else [],
        "glasshouse.networks.layered": [] if built else ["Layered"],
        "glasshouse.networks.weights": ["load_weights"] if recipe.weights != "none" else [],
        "glasshouse.recipe": ["AugmentationRecipe"] if active else [],
        "glasshouse.training.averaging": ["MovingAverage"] if recipe.ema_decay else [],
        "glasshouse.training.randomness": ["seeded"]
        if not linear and (features or not own or drops_before_head(story, layers))
        else [],
    }
    lines = [call_import(home, names) for home, names in found.items() if names]
    math = ["import math"] if _needs_math(recipe.schedule) and not linear else []
    torches = ["import torch", *([] if linear else ["from torch.nn.functional import cross_entropy"])]
    return [
        *(SOLVER_IMPORTS if linear else []),
        *(["import copy"] if own and features else []),
        *math,
        "import sys",
        "",
        "import numpy as np",
        *torches,
        *(["from numpy.typing import NDArray", "from threadpoolctl import threadpool_limits"] if linear else []),
        "",
        "import glasshouse as gh",
        *lines,
    ]


def _needs_math(schedule: ScheduleRecipe) -> bool:
    return schedule.name != "constant"


def _weights(story: Story, layers: Layers, say: Say) -> list[str]:
    to = ", ".join((["DEVICE"] if story.device != "cpu" else []) + ["memory_format=torch.channels_last"])
    lines = []
    if story.device.startswith("cuda"):
        lines += [f"torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False  # {say['cudnn']}"]
    if layers.own and story.recipe.weights == "none" and not drops_before_head(story, layers):
        return [*lines, f"# {say['layered']}", f"module = Layered(net.to_dict()).to({to})  # {say['channels-last']}"]
    lines += [
        f"# {say['begin' if story.recipe.weights == 'none' else 'begin-loaded']}",
        f"start = {build_call(story, layers)}",
    ]
    if story.recipe.weights != "none":
        lines.append(f"load_weights(start, {value(story.recipe.weights)})")
    if layers.own:
        return [*lines, f"# {say['layered']}", f"module = start.module.to({to})  # {say['channels-last']}"]
    return [
        *lines,
        "take_weights(net, start.module.state_dict())",
        f"module = net.module.to({to})  # {say['channels-last']}",
    ]


def _class_weights(story: Story, say: Say) -> list[str]:
    """The constant CLASS_WEIGHTS, or nothing."""
    given = story.recipe.objective.class_weights
    where = ", device=DEVICE" if story.device != "cpu" else ""
    if given == "none":
        return []
    if isinstance(given, dict):
        weights = [given.get(name, 1.0) for name in story.dataset.classes]
        return [f"CLASS_WEIGHTS = torch.tensor({weights!r}{where})  # {say['class-weights']}", ""]
    return [
        "counts = np.bincount(train.labels, minlength=len(data.classes))",
        "balance = [len(train) / (len(data.classes) * max(1, n)) for n in counts]",
        f"CLASS_WEIGHTS = torch.tensor(balance, dtype=torch.float32{where})  # {say['class-weights']}",
        "",
    ]
