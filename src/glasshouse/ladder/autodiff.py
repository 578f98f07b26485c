"""The level Autodiff: the network as a Model, its gradients by backward(), the optimizer as a formula."""

from glasshouse.errors import LevelError
from glasshouse.ladder.autodiff_loop import loop_lines, validate_lines
from glasshouse.ladder.autodiff_updates import average_lines, clip_lines, group_lines
from glasshouse.ladder.features import body_of, has_bias, head_of
from glasshouse.ladder.formulas import optimizer_text
from glasshouse.ladder.forward import Written, model_text
from glasshouse.ladder.layers import frozen_lines
from glasshouse.ladder.linear import SOLVER_IMPORTS, fit_lines, judge_lines, solver_lines
from glasshouse.ladder.network import Layers, layers_of
from glasshouse.ladder.own_layers import own_start, reads_weights, weights_table, with_dropout
from glasshouse.ladder.script import constants, rate_lines, refuse_mixed, title
from glasshouse.ladder.shared import (
    augmentation_lines,
    build_call,
    data_lines,
    drops_before_head,
    shrunk,
)
from glasshouse.ladder.story import Story
from glasshouse.ladder.units import words_of
from glasshouse.ladder.wording import call_import, value
from glasshouse.messages import Message

__all__ = ["autodiff_code"]

Say = dict[str, str]


def autodiff_code(story: Story, say: Say) -> str:
    """The script of the level Autodiff.

    Raises:
        LevelError: the network's layers are not known or not written yet, or the run did what the level cannot.
    """
    refuse_mixed(story, "autodiff")
    whole = layers_of(story, "autodiff")
    features = story.recipe.strategy == "features"
    layers = head_of(story, whole) if features else with_dropout(story, whole)
    drawn = _torch_draws(story, whole)
    written = model_text(layers, _class_name(layers), _dropout_text(drawn, say), _changed_text(say))
    _refuse_foreign_draws(story, written)
    story = Story(story.name, story.recipe, story.dataset, story.place, "cpu")
    blocks = [
        _imports(story, layers, written, drawn, body_of(whole) if features else None),
        *_data(story, whole, say),
        _model(story, layers, written, say),
        _start(story, layers, say),
    ]
    if story.recipe.linear:
        return _joined(story, say, [*blocks, *_solved(story, whole, say)])
    blocks += [*_updates(story, layers, say), validate_lines(story, say), average_lines(story, say)]
    return _joined(story, say, [*blocks, loop_lines(story, layers, written, drawn, say)])


def _joined(story: Story, say: Say, blocks: list[list[str]]) -> str:
    return shrunk("\n".join([title(story, say, "title-autodiff", "same-on-tensors"), *("\n".join(b) for b in blocks)]))


def _refuse_foreign_draws(story: Story, written: Written) -> None:
    if written.dropout and story.device != "cpu":
        raise LevelError(
            "autodiff",
            Message(
                "the run drew its dropout on {device}, and the CPU cannot draw the same; train it with device cpu, "
                "or look at it on the level layers",
                device=story.device,
            ),
        )


def _data(story: Story, whole: Layers, say: Say) -> list[list[str]]:
    """What is trained on: constants, pictures, and for features the frozen part that they come from."""
    return [
        ["", *constants(story, say)],
        ["", *data_lines(story, say, whole.own)],
        ["", *augmentation_lines(story.recipe.augmentation, say)],
        *([] if story.recipe.linear else [_class_weights(story, say)]),
        *(frozen_lines(story, whole, say, below="body-autodiff") if story.recipe.strategy == "features" else []),
    ]


def _model(story: Story, layers: Layers, written: Written, say: Say) -> list[str]:
    head = [f"# {say['head']}"] if story.recipe.strategy == "features" else []
    return ["", *head, written.text, "", f"model = {_class_name(layers)}()"]


def _solved(story: Story, whole: Layers, say: Say) -> list[list[str]]:
    """The linear head: solved for, put into the model, and scored."""
    bias = has_bias(whole)
    arrays = "[weights, biases]" if bias else "[weights]"
    fitted = [["", *solver_lines(say)], fit_lines(story, say, bias), [f"fill(model, {arrays})", ""]]
    return [*fitted, validate_lines(story, say), judge_lines(story, say, "validate()")]


def _updates(story: Story, layers: Layers, say: Say) -> list[list[str]]:
    """How weights move: the optimizer as a formula, what is clipped, the groups and the rate."""
    return [
        ["", "", optimizer_text(story.recipe.optimizer, say["optimizer-autodiff"]), ""],
        clip_lines(story, say),
        group_lines(story, layers, say),
        _rate(story, say),
    ]


def _class_name(layers: Layers) -> str:
    name = "".join(letter for letter in layers.entry.title() if letter.isascii() and letter.isalnum())
    return layers.entry if not layers.own else name if name[:1].isalpha() else "Own" + name


def _torch_draws(story: Story, whole: Layers) -> bool:
    """Whether torch's generator drew the run's dropout; in custom layers NumPy's does."""
    return not whole.own or story.recipe.strategy == "features" or drops_before_head(story, whole)


def _dropout_text(drawn: bool, say: Say) -> str:
    if not drawn:
        return f'''
    def dropout(self, x, rate, whole=False):
        """{say["mask"]}"""
        if not training():
            return x
        shape = (*x.shape[:2], 1, 1) if whole else x.shape
        kept = self.random.random(shape, dtype="float32") >= rate
        return x * torch.from_numpy(kept).to(x.dtype).mul_(1 / (1 - rate))
'''
    return f'''
    def dropout(self, x, rate):
        """{say["mask"]}"""
        if not training():
            return x
        return x * torch.nn.functional.dropout(torch.ones_like(x.data), rate)
'''


def _changed_text(say: Say) -> str:
    return f'''
    def changed(self, layer, x):
        """{say["changed"]}"""
        return layer.change(engine, x, Run(True, random=self.random)) if training() else x
'''


def _imports(story: Story, layers: Layers, written: Written, drawn: bool, body: Layers | None) -> list[str]:
    recipe, own = story.recipe, layers.own
    read = own and reads_weights(story)
    words = words_of(body or layers) if body or read else set()
    words |= written.words
    words |= {"Initializer"} if own and not read and "Initializer(" in weights_table(layers) else set()
    found = {
        "glasshouse.autodiff": ["Model", "functions as F", "layers as L", "no_grad", "test_mode"],
        "glasshouse.autodiff.optimizers": [] if recipe.linear else ["Optimizer"],
        "glasshouse.autodiff.switches": ["training"] if written.dropout or written.random else [],
        "glasshouse.data.augment": ["augment"] if recipe.augmentation.active else [],
        "glasshouse.data.batches": (["balanced"] if recipe.sampling == "balanced" else [])
        + (["batches"] if body is None else []),
        "glasshouse.data.draws": (["choice"] if body and not recipe.linear else [])
        + (["permutation"] if recipe.sampling != "balanced" and not recipe.linear else []),
        "glasshouse.data.splitting.folds": ["fold_count", "fold_numbers"] if recipe.linear else [],
        "glasshouse.export.inference": ([] if body is None else ["Inference"]) + ["normalized"],
        "glasshouse.layers": sorted(words, key=lambda w: (w.islower(), w))
        + (["autodiff_engine as engine"] if written.engine else []),
        "glasshouse.layers.classics": ["take_weights"] if body and not body.own else [],
        "glasshouse.layers.initializers": ["draw"] if own and not read else [],
        "glasshouse.layers.layer": ["Run"] if written.random else [],
        "glasshouse.networks.build": ["build"] if read or not own else [],
        "glasshouse.networks.folding": ["Pooled"] if body and body.own else [],
        "glasshouse.networks.weights": ["load_weights"] if recipe.weights != "none" else [],
        "glasshouse.recipe": ["AugmentationRecipe"] if recipe.augmentation.active else [],
        "glasshouse.training.randomness": ["seeded"] if written.dropout and drawn else [],
    }
    lines = [call_import(home, names) for home, names in found.items() if names]
    linear = recipe.linear
    math = ["import math"] if recipe.schedule.name != "constant" or recipe.optimizer.name == "nadam" else []
    return [
        *(SOLVER_IMPORTS if linear else []),
        *(["import copy"] if body and body.own else []),
        *([] if linear else math),
        "import sys",
        "",
        "import numpy as np",
        "import torch",
        *(["from numpy.typing import NDArray", "from threadpoolctl import threadpool_limits"] if linear else []),
        "",
        "import glasshouse as gh",
        *lines,
    ]


def _class_weights(story: Story, say: Say) -> list[str]:
    given = story.recipe.objective.class_weights
    if given == "none":
        return []
    if isinstance(given, dict):
        weights = [given.get(name, 1.0) for name in story.dataset.classes]
        return [f"CLASS_WEIGHTS = torch.tensor({weights!r})  # {say['class-weights']}", ""]
    return [
        "counts = np.bincount(train.labels, minlength=len(data.classes))",
        f"# {say['class-weights']}",
        "balance = len(train) / (len(data.classes) * np.maximum(1, counts))",
        "CLASS_WEIGHTS = torch.tensor(balance, dtype=torch.float32)",
        "",
    ]


def _start(story: Story, layers: Layers, say: Say) -> list[str]:
    """How the parameters get their first numbers."""
    if layers.own:
        return own_start(story, layers, say)
    fill = f'''

def fill(model, arrays):
    """{say["fill"]}"""
    arrays = iter(arrays)
    for layer in vars(model).values():
        norm = isinstance(layer, L.BatchNorm)
        for name in ("gamma", "beta", "avg_mean", "avg_var") if norm else ("W", "b"):
            if getattr(layer, name) is not None:
                array = next(arrays)
                getattr(layer, name).data = array.T if array.ndim == 2 else array

'''
    if story.recipe.strategy == "features":
        return [fill, *([] if story.recipe.linear else ["fill(model, start.head.state_dict().values())"])]
    lines = [
        fill,
        f"# {say['begin' if story.recipe.weights == 'none' else 'begin-loaded']}",
        f"start = {build_call(story, layers)}",
    ]
    if story.recipe.weights != "none":
        lines.append(f"load_weights(start, {value(story.recipe.weights)})")
    return [
        *lines,
        "state = start.module.to(memory_format=torch.channels_last).state_dict()",
        'fill(model, [a for name, a in state.items() if not name.endswith("num_batches_tracked")])',
    ]


def _rate(story: Story, say: Say) -> list[str]:
    return ["", *rate_lines(story, say)]
