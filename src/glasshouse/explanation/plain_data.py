"""What was followed, as plain data for a page or a notebook: numbers, and maps as small PNG pictures."""

from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glasshouse.explanation.maps import activation_grey, data_address, gradient_grey
from glasshouse.explanation.stages import tell_stages
from glasshouse.explanation.steps import FollowStep
from glasshouse.explanation.walk import Walk
from glasshouse.explanation.weight_story import WeightStory

__all__ = ["Followed", "tell", "tell_layer", "tell_overview", "tell_weight"]

FEW, MANY = 6, 64  # maps of a layer in the overview, and of the layer that is looked at
BARS = 64
TOP = 10

Array = NDArray[np.floating[Any]]


class Followed(Protocol):
    """What is reported of: `explanation.follow.Follow`."""

    walk: Walk
    label: int
    classes: tuple[str, ...]
    picture: NDArray[np.uint8]
    moment: Any
    said: Any

    @property
    def steps(self) -> tuple[FollowStep, ...]: ...
    @property
    def loss(self) -> float: ...
    @property
    def probabilities(self) -> Array: ...
    def step(self, name: str) -> FollowStep: ...
    def weight(self, name: str, index: Any = None) -> WeightStory: ...


def tell(
    story: Followed, layer: str | None = None, channel: int = 0, weight: str | None = None,
    index: tuple[int, ...] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All that one view of the page shows; without a layer the first with weights, without an index the steepest.

    Raises:
        InputError: there is no such layer or weight.
    """
    chosen = story.step(layer) if layer else next((s for s in story.steps if s.weights), story.steps[0])
    known = list(chosen.weights)
    name = weight if weight in known else next(iter(known), None)
    told = tell_overview(story)
    told["layer"] = tell_layer(chosen, channel)
    told["weight"] = None if name is None else tell_weight(story.weight(f"{_holder(story, chosen)}/{name}", index))
    return told


def _holder(story: Followed, step: FollowStep) -> str:
    return next(stage.step.weights for stage in story.walk.stages if stage.name == step.name)


def tell_overview(story: Followed, side: int = 48) -> dict[str, Any]:
    """The picture, the classes, the loss, and each step with a few maps, at most ``side`` pixels long."""
    p, c, z = story.probabilities, story.walk.c, story.walk.logits.data[0]
    order = [int(k) for k in np.argsort(-p)[:TOP]]
    order += [] if story.label in order else [story.label]
    gradient = story.steps[-1].gradient
    classes = [
        {"name": story.classes[k], "true": k == story.label, "probability": float(p[k]), "logit": float(z[k]),
         "coefficient": float(c[k]), "gradient": float(gradient[k])} for k in order
    ]  # fmt: skip
    agree = None if story.said is None else float(np.abs(story.said - p).max())
    return {
        "picture": data_address(story.picture, 256), "label": story.classes[story.label], "loss": story.loss,
        "network": story.walk.net.name, "classes": classes, "count": len(p), "agreement": agree,
        "hard": bool(np.count_nonzero(c) == 1), "share": float(c.sum()),
        "steps": [_step(step, side) for step in story.steps], "stages": tell_stages(story.steps),
        "moment": None if story.moment is None else {"name": story.moment.name, "epoch": story.moment.epoch},
    }  # fmt: skip


def _step(step: FollowStep, side: int) -> dict[str, Any]:
    few = _shown(step.value, step.gradient, FEW, side)
    return {
        "name": step.name, "kind": step.kind, "activation": step.activation, "formula": step.formula,
        "sentence": step.sentence,
        "shape": list(step.shape), "count": len(step.value), "weights": {k: list(v) for k, v in step.weights.items()},
        "inputs": list(step.inputs), "norm": step.gradient_norm, **few,
    }  # fmt: skip


def tell_layer(step: FollowStep, channel: int = 0) -> dict[str, Any]:
    """One layer in full: up to 64 channels, and one of them large."""
    k = min(max(channel, 0), len(step.value) - 1)
    told = {**_step(step, 48), **_shown(step.value, step.gradient, MANY, 64), "channel": k}
    if step.value.ndim == 3:
        grey, back = activation_grey(step.value[k : k + 1])[0], gradient_grey(step.gradient[k : k + 1])[0]
        one, other = step.value[k], step.gradient[k]
        told["large"] = {
            "value": data_address(grey, 320), "gradient": data_address(back, 320), "low": float(one.min()),
            "high": float(one.max()), "most": float(np.abs(other).max()), "rows": one.shape[0], "columns": one.shape[1],
        }  # fmt: skip
    else:
        told["large"] = {"value": float(step.value[k]), "gradient": float(step.gradient[k])}
    return told


def _shown(value: Array, gradient: Array, most: int, side: int) -> dict[str, Any]:
    """Maps as pictures, vectors as numbers; the first ``most`` channels."""
    facts = {"low": float(value.min()), "high": float(value.max()), "most": float(np.abs(gradient).max())}
    if value.ndim == 3:
        grey, back = activation_grey(value)[:most], gradient_grey(gradient)[:most]
        return {**facts, "picture_like": True, "maps": [data_address(m, side) for m in grey],
                "gradients": [data_address(m, side) for m in back], "bars": [], "gradient_bars": []}  # fmt: skip
    flat, slopes = value.reshape(-1)[:BARS], gradient.reshape(-1)[:BARS]
    return {**facts, "picture_like": False, "maps": [], "gradients": [], "bars": flat.tolist(),
            "gradient_bars": slopes.tolist()}  # fmt: skip


def tell_weight(story: WeightStory) -> dict[str, Any]:
    """A weight's story as plain data."""
    told = asdict(story)
    for use in [*told["uses"], *[use for link in told["links"] for use in link["uses"]]]:
        for term in use["chain"]["terms"]:
            term["product"] = term["local"] * term["upstream"]
    return told
