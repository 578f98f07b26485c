"""Follow one picture: through a network, layer by layer, to the loss, and back to a single weight.

    story = follow("runs/digits-lenet-1", "seven.png", label="7")
    story.steps                                   what each layer gave, and the derivative of the loss by it
    story.weight("conv2d.kernel", (0, 0, 0, 3))   one weight: value, chain rule, measured slope, optimiser
    story                                         in a notebook: the drawing

Every number is computed by `glasshouse.autodiff` in double precision.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import InputError
from glasshouse.explanation.follow_html import SIDE, follow_html
from glasshouse.explanation.layered import Opening, opening_of
from glasshouse.explanation.places import find_weight, parse_index
from glasshouse.explanation.plain_data import tell_overview
from glasshouse.explanation.steps import FollowStep, steps_of
from glasshouse.explanation.updates import Update, update
from glasshouse.explanation.walk import Walk, coefficients
from glasshouse.explanation.weight_story import WeightStory, story_of
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.holding import unpacked

if TYPE_CHECKING:
    from glasshouse.explanation.moments import Moment
    from glasshouse.export.predictor import Model

__all__ = ["Follow", "follow", "follow_pixels"]

Array = NDArray[np.floating[Any]]


class Follow:
    """One picture's way; ``walk`` holds all numbers, ``moment`` the run's optimiser if there is a run."""

    def __init__(
        self, walk: Walk, label: int, classes: Sequence[str], picture: NDArray[np.uint8],
        moment: "Moment | None" = None, opening: Opening | None = None, said: Sequence[float] | None = None,
    ) -> None:  # fmt: skip
        self.walk, self.label, self.classes, self.picture = walk, label, tuple(classes), picture
        self.moment, self.opening = moment, opening
        self.said = None if said is None else np.asarray(said)  # probabilities by the model itself, in float32

    @property
    def loss(self) -> float:
        """How wrong the network is on this picture: -Σ c log p."""
        return float(self.walk.loss.data)

    @property
    def probabilities(self) -> Array:
        """p (K,), the softmax of the last layer."""
        return self.walk.probabilities

    @cached_property
    def steps(self) -> tuple[FollowStep, ...]:
        """Every layer, from the picture to the classes."""
        return steps_of(self.walk)

    def step(self, name: str) -> FollowStep:
        """The step of that name.

        Raises:
            InputError: there is none.
        """
        found = next((step for step in self.steps if step.name == name), None)
        if found is None:
            raise InputError(
                "there is no layer {name}; there are {steps}",
                name=repr(name),
                steps=", ".join(step.name for step in self.steps),
            )
        return found

    def weight(self, name: str, index: Any = None) -> WeightStory:
        """One weight, such as ``weight("dense.kernel", (12, 3))``; without an index the one with the steepest slope.

        Raises:
            InputError: there is no such weight.
        """
        layer, weight = find_weight(self.walk.net, name)
        chosen = self.steepest(name) if index is None else parse_index(index, weight)
        story = story_of(self.walk, name, chosen)
        if story.note:
            return story
        made, note = self._update(f"{layer}/{weight.name}", story)
        return replace(story, update=made, note=note)

    def steepest(self, name: str) -> tuple[int, ...]:
        """The index, in Keras' axes, of the weight of an array whose derivative is largest in size."""
        layer, weight = find_weight(self.walk.net, name)
        gradient = self.walk.parameter(layer, weight.name).grad
        if gradient is None:
            return (0,) * len(weight.shape)
        sizes = np.abs(unpacked(gradient.data, weight))
        return tuple(int(i) for i in np.unravel_index(int(sizes.argmax()), weight.shape))

    def _update(self, key: str, story: WeightStory) -> tuple[Update | None, str]:
        moment = self.moment
        if moment is None or moment.recipe is None or self.opening is None:
            return None, "no-run"
        if moment.note:
            return None, moment.note
        name = self.opening.torch_names(self.walk.net, moment.state)[key]
        tuning = moment.tunings.get(name)
        if tuning is None:
            return None, "frozen"
        clip, gradient, note = moment.recipe.clip_norm, story.gradient, ""
        if clip is not None and (norm := self.walk.gradient_norm()) > clip:
            gradient, note = gradient * clip / norm, "clipped"
        kept = {slot: self._slot(key, name, slot, value, story.index) for slot, value in tuning.kept.items()}
        return update(moment.recipe.optimizer, story.value, gradient, tuning.rate, tuning.decay, kept), note

    def _slot(self, key: str, name: str, slot: str, value: Any, index: tuple[int, ...]) -> float:
        """What the optimiser keeps for this weight: turned into Keras' axes as the weights themselves are."""
        if isinstance(value, float):
            return value
        if self.moment is None or self.opening is None:
            raise InputError("there is no run behind this picture")
        net = self.opening.network({**self.moment.state, name: value})
        layer, _, part = key.rpartition("/")
        return float(net.holders[layer].arrays()[part][index])

    def _repr_html_(self) -> str:
        return follow_html(tell_overview(self, SIDE))

    def __repr__(self) -> str:
        best = int(self.probabilities.argmax())
        return (
            f"<Follow {self.walk.net.name}: {len(self.steps)} steps, true {self.classes[self.label]}, says "
            f"{self.classes[best]} ({100 * self.probabilities[best]:.1f} %), loss {self.loss:.4f}>"
        )


def follow(
    model: Any, picture: Any, label: str | int | None = None, *, moment: str = "best", data: str | Path | None = None,
    told: Callable[[float], None] | None = None,
) -> Follow:  # fmt: skip
    """Follow a picture through a model and back.

    Args:
        model: a run's folder, a model's folder or file, a `Model`, or a `Network` of layers.
        picture: what `Model.predict` takes; for a Network, an array in its layout, without N.
        label: the true class, by name or number; without it the one that the network says.
        moment: the weights of the run: initial, best or last.
        data: where the run's dataset lies now.
        told: called with the part that is done, 0 to 1.

    Raises:
        NetworkError: the network cannot be followed; the text says why, and what can be.
        InputError: there is no such class or moment.
    """
    if isinstance(model, Architecture):
        return _follow_network(model, np.asarray(picture, dtype=float), label, told)
    from glasshouse.explanation.moments import moment_of
    from glasshouse.export.bundle import load_model
    from glasshouse.export.predictor import Model

    loaded = model if isinstance(model, Model) else load_model(model, device="cpu")
    run = _run_of(model, loaded)
    pixels = loaded.preprocessing(picture)
    at = moment_of(loaded, run, moment, None if data is None else Path(data))
    return follow_pixels(loaded, at, pixels, label, told)


def follow_pixels(
    model: "Model", moment: "Moment", pixels: NDArray[np.uint8], label: str | int | None = None,
    told: Callable[[float], None] | None = None,
) -> Follow:  # fmt: skip
    """Follow a picture as the dataset holds it, uint8 (H, W, C), through the weights of a moment."""
    p = model.preprocessing
    opening = opening_of(model.description)
    net = opening.network(moment.state)
    x = (pixels / 255.0 - np.asarray(p.mean)) / np.asarray(p.std)
    said = model.probabilities(pixels[None])[0] if moment.name == "best" else None
    number = _number(label, model.classes)
    if number is None:
        number = int((Walk(net, x, np.ones(len(model.classes))).probabilities if said is None else said).argmax())
    smoothing = 0.0 if moment.recipe is None else moment.recipe.objective.label_smoothing
    c = coefficients(number, len(model.classes), smoothing, moment.class_weights)
    return Follow(Walk(net, x, c, told), number, model.classes, pixels, moment, opening, said)


def _follow_network(net: Architecture, x: Array, label: Any, told: Callable[[float], None] | None) -> Follow:
    expected = tuple(net.input_shape[1:])
    if x.shape != expected:
        raise InputError(
            "{name} takes an array {expected}, got {shape}; give one picture without N",
            name=net.name,
            expected=expected,
            shape=x.shape,
        )
    K = int(net.output_shape[-1] or 0)
    classes = tuple(map(str, range(K)))
    number = _number(label, classes)
    if number is None:
        number = int(Walk(net, x, np.ones(K)).probabilities.argmax())
    shown = (x - x.min()) * (255 / max(float(np.ptp(x)), 1e-300))
    picture = shown if net.channels_last or x.ndim < 3 else shown.transpose(1, 2, 0)
    return Follow(Walk(net, x, coefficients(number, K), told), number, classes, picture.round().astype(np.uint8))


def _number(label: str | int | None, classes: Sequence[str]) -> int | None:
    if label is None:
        return None
    if isinstance(label, int | np.integer) and 0 <= label < len(classes):
        return int(label)
    if label in classes:
        return list(classes).index(str(label))
    raise InputError(
        "there is no class {label}; there are {classes}", label=repr(label), classes=", ".join(classes[:20])
    )


def _run_of(given: Any, model: "Model") -> Path | None:
    """The run's folder behind a model, if there is one."""
    places = [Path(given)] if isinstance(given, str | Path) else []
    places += [model.path.parent] if model.path is not None else []
    return next((place for place in places if (place / "run.json").is_file()), None)
