"""One weight: its value, its derivative written out and measured, and what the optimiser makes of it."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from glasshouse.autodiff import Variable, test_mode
from glasshouse.autodiff.core import constant
from glasshouse.explanation.chain import Chain, central_difference, chain_rule, directional, one_hot
from glasshouse.explanation.places import engine_index, find_weight, parse_index
from glasshouse.explanation.updates import Update
from glasshouse.explanation.walk import Stage, Walk

__all__ = ["Link", "Use", "WeightStory", "story_of", "way_to_loss"]

H = 1e-6  # the step of the numerical derivative
LONGEST = 14  # links of the way that are written out


@dataclass(frozen=True)
class Use:
    """One layer's use of a weight: the terms of dL/dw through the numbers that the layer gave before its activation."""

    stage: str
    chain: Chain


@dataclass(frozen=True)
class Link:
    """One step of the way from a weight to the loss: dL/dy of one number, as a sum over what was computed from it.

    ``kind`` is ``layer`` (through the layers in ``uses``), ``activation`` (through the layer's own activation), or
    ``loss``: there dL/dz = p·Σc - c, with the probability p and the coefficient c of the class.
    """

    kind: str
    stage: str
    place: tuple[int, ...]
    value: float
    gradient: float
    uses: tuple[Use, ...] = ()
    word: str = ""
    probability: float = 0.0
    coefficient: float = 0.0


@dataclass(frozen=True)
class WeightStory:
    """All there is to say of one weight; ``index`` in Keras' axes.

    ``gradient`` is what autodiff computed for the whole array, ``uses`` the same number written as a sum, ``slope``
    the central difference with step ``h``.
    """

    layer: str
    name: str
    index: tuple[int, ...]
    shape: tuple[int, ...]
    value: float
    gradient: float
    uses: tuple[Use, ...]
    slope: float
    h: float
    losses: tuple[float, float]
    links: tuple[Link, ...]
    more_links: bool
    update: Update | None = None
    note: str = ""

    def lines(self) -> list[str]:
        """The story as text, a line a thought."""
        plus, minus = self.losses
        steps = () if self.update is None else self.update.lines
        where = f"{self.layer}/{self.name}[{', '.join(map(str, self.index))}]"
        return [
            f"{where} = {self.value:.6g}",
            *(f"dL/dw through {use.stage} = {use.chain.written()}" for use in self.uses),
            f"dL/dw by autodiff = {self.gradient:.8g}",
            f"measured: ({plus:.10g} - {minus:.10g}) / {2 * self.h:g} = {self.slope:.8g}",
            *(f"{x.symbol} = {x.formula} = {x.numbers} = {x.value:.8g}" for x in steps),
        ]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self.lines())


def story_of(walk: Walk, name: str, index: Any) -> WeightStory:
    """The story of a weight such as ``dense/kernel`` at an index in Keras' axes, without the optimiser.

    Raises:
        InputError: there is no such weight, or it is not learned.
    """
    layer, weight = find_weight(walk.net, name)
    index = parse_index(index, weight)
    inside = engine_index(index, weight)
    parameter = walk.parameter(layer, weight.name)
    stages = [stage for stage in walk.stages if stage.step.weights == layer and stage.xs]
    value = float(parameter.data[inside])
    losses = [walk.loss_where(parameter, inside, value + h, stages[0].number) for h in (H, -H)]
    uses = tuple(_use(walk, stage, weight.name, inside) for stage in stages) if weight.trainable else ()
    gradient = 0.0 if parameter.grad is None else float(parameter.grad.data[inside])
    links, more = _way_of(walk, stages, uses)
    return WeightStory(
        layer, weight.name, index, weight.shape, value, gradient, uses,
        central_difference(lambda v: losses[0] if v > value else losses[1], value, H),
        H, (losses[0], losses[1]), links, more, note="" if weight.trainable else "not-learned",
    )  # fmt: skip


def _use(walk: Walk, stage: Stage, name: str, inside: tuple[int, ...]) -> Use:
    held = {key: constant(p.data) for key, p in walk.model.weights[stage.step.weights].items()}
    xs = [constant(x.data) for x in stage.xs]
    w = held[name].data
    local = _local(lambda w: walk.before(stage.step, xs, {**held, name: w}), w, one_hot(w.shape, inside))
    return Use(stage.name, chain_rule(local, _gradient(stage.before)))


def way_to_loss(walk: Walk, stage: Stage, place: tuple[int, ...]) -> tuple[tuple[Link, ...], bool]:
    """The way from one number of a layer to the loss, along the largest term each time; whether it goes on."""
    links: list[Link] = []
    at: tuple[Stage, tuple[int, ...]] | None = (stage, place)
    while at is not None and len(links) < LONGEST:
        at = _on(walk, *at, links)
    return tuple(links), at is not None


def _on(walk: Walk, stage: Stage, place: tuple[int, ...], links: list[Link]) -> tuple[Stage, tuple[int, ...]] | None:
    """Write the next link or two down; return where the way goes on."""
    if stage is walk.stages[-1]:
        (k,) = place
        value, gradient = _at(stage.before, place)
        p, c = float(walk.probabilities[k]), float(walk.c[k])
        links.append(Link("loss", stage.name, place, value, gradient, probability=p, coefficient=c))
        return None
    if stage.activation:
        word = stage.activation
        local = _local(lambda x: walk.activated(word, x), stage.before.data, _hot(stage.before, place))
        use = Use(stage.name, chain_rule(local, _gradient(stage.after)))
        links.append(Link("activation", stage.name, place, *_at(stage.before, place), (use,), word))
        if not use.chain.total:
            return None
        place = use.chain.terms[0].place
    users = [other for other in walk.stages if stage.number in other.step.inputs]
    uses = tuple(_through(walk, user, stage, place) for user in users)
    links.append(Link("layer", stage.name, place, *_at(stage.after, place), uses))
    terms = [(abs(term.product), use.stage, term.place) for use in uses for term in use.chain.terms[:1]]
    if not terms or not max(terms)[0]:
        return None
    _, name, place = max(terms, key=lambda term: term[0])
    return walk.by_name[name], place


def _through(walk: Walk, user: Stage, stage: Stage, place: tuple[int, ...]) -> Use:
    held = {key: constant(p.data) for key, p in walk.model.weights.get(user.step.weights, {}).items()}

    def with_input(x: Variable) -> Variable:
        xs = [x if i == stage.number else constant(other.data) for i, other in zip(user.step.inputs, user.xs)]
        return walk.before(user.step, xs, held)

    local = _local(with_input, stage.after.data, _hot(stage.after, place))
    return Use(user.name, chain_rule(local, _gradient(user.before)))


def _way_of(walk: Walk, stages: list[Stage], uses: tuple[Use, ...]) -> tuple[tuple[Link, ...], bool]:
    terms = [(abs(use.chain.terms[0].product), n) for n, use in enumerate(uses) if use.chain.terms]
    if not terms or not max(terms)[0]:
        return (), False
    number = max(terms)[1]
    return way_to_loss(walk, stages[number], uses[number].chain.terms[0].place)


def _local(f: Any, x: Any, direction: Any) -> Any:
    with test_mode():
        return directional(f, x, direction)


def _hot(x: Variable, place: tuple[int, ...]) -> Any:
    return one_hot(x.shape, (0, *place))


def _gradient(x: Variable) -> Any:
    return np.zeros(x.shape) if x.grad is None else x.grad.data


def _at(x: Variable, place: tuple[int, ...]) -> tuple[float, float]:
    return float(x.data[(0, *place)]), float(_gradient(x)[(0, *place)])
