"""A network in the words of Layers: a list if it is a chain, else functions for what repeats, one line per use."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import count
from typing import Any

from glasshouse.ladder.network import Layers, names_to_write
from glasshouse.ladder.wording import layer_call, value
from glasshouse.layers.graph import Step
from glasshouse.layers.layer import InputLayer

__all__ = ["network_text", "words_of"]

SHORT = 28  # layers of a chain that still reads as a list
HEAVY = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
AFTER = ("BatchNormalization", "Activation", "ReLU", "LeakyReLU")
SHORT_NAMES = {
    "ZeroPadding2D": "padded",
    "Conv2D": "conv",
    "DepthwiseConv2D": "depthwise",
    "SeparableConv2D": "separable",
    "BatchNormalization": "bn",
    "ReLU": "relu",
    "LeakyReLU": "leaky",
}
LETTERS = "xyzuvwabcdefgh"


def words_of(layers: Layers) -> set[str]:
    """The names of glasshouse.layers that the text needs."""
    found = {type(step.layer).__name__ for step in layers.net.steps if not isinstance(step.layer, InputLayer)}
    chain = _is_chain(layers)
    if any("Initializer(" in value(given) for s in layers.net.steps for given in layers.settings(s).values()):
        found.add("Initializer")
    return found | {"Network"} | (set() if chain else {"Input"})


def network_text(layers: Layers, seed: str | None = None) -> str:
    """Python that makes ``net``; ``seed`` is what is after ``seed=``."""
    return _chain(layers, seed) if _is_chain(layers) else _graph(layers, seed)


def _is_chain(layers: Layers) -> bool:
    steps = layers.net.steps
    straight = all(step.inputs == (number - 1,) for number, step in enumerate(steps) if number)
    return straight and len(steps) - 1 <= SHORT and len(layers.net.inputs) == 1


def _ending(layers: Layers, seed: str | None, shape: bool) -> list[str]:
    net = layers.net
    found = [f"input_shape={net.input_shape[1:]!r}"] if shape else []
    found += ['data_format="channels_first"'] if shape and not net.channels_last else []
    found += [] if seed is None else [f"seed={seed}"]
    return found + ([f"name={value(net.name)}"] if net.name != "network" else [])


def _chain(layers: Layers, seed: str | None) -> str:
    named = names_to_write(layers.net)
    lines = [
        f"        {layer_call(s.layer, layers.settings(s), s.name if s.name in named else None)},\n"
        for s in layers.net.steps[1:]
    ]
    ending = "".join(f"    {part},\n" for part in _ending(layers, seed, True))
    return f"net = Network(\n    [\n{''.join(lines)}    ],\n{ending})\n"


@dataclass(frozen=True)
class Unit:
    """Steps that follow each other with nothing between: numbers of the steps."""

    steps: tuple[int, ...]


def _graph(layers: Layers, seed: str | None) -> str:
    net, named = layers.net, names_to_write(layers.net)
    units = _units(net.steps, net.output_steps)
    functions = _functions(layers, units, named)
    uses = Counter(i for step in net.steps for i in step.inputs)
    for i in net.output_steps:
        uses[i] += 1
    data_format = "" if net.channels_last else ', data_format="channels_first"'
    lines = [f"start = x = Input({net.input_shape[1:]!r}{data_format})"]
    variables, shared = {0: "x"}, _shared(net.steps)
    for unit in units:
        first, last = net.steps[unit.steps[0]], unit.steps[-1]
        given = [variables[i] for i in first.inputs]
        for i in first.inputs:
            uses[i] -= 1
        free = [variables[i] for i in dict.fromkeys(first.inputs) if not uses[i]]
        taken = {v for i, v in variables.items() if uses[i] > 0}
        variable = min(free, key=LETTERS.index) if free else next(x for x in _letters() if x not in taken)
        variables[last] = variable
        lines += _use(layers, unit, given, variable, functions, named, shared)
    body = "\n".join(_joined(lines))
    made = "\n\n\n".join(function.text for function in functions.values())
    shares = "".join(
        f"{n} = {layer_call(s.layer, layers.settings(s), s.name if s.name in named else None)}\n"
        for s in net.steps
        if s.weights == s.name and (n := shared.get(s.name))
    )
    ends = ", ".join(["start", variables[net.output_steps[0]], *_ending(layers, seed, False)])
    return (
        f"{made}\n\n\n{shares}{body}\nnet = Network({ends})\n" if made else f"{shares}{body}\nnet = Network({ends})\n"
    )


def _letters() -> Any:
    yield from LETTERS
    yield from (f"{letter}{n}" for n in count(2) for letter in LETTERS)


def _shared(steps: Sequence[Step]) -> dict[str, str]:
    """Layers that are used more than once, and the variable that holds each."""
    again = {step.weights for step in steps if step.weights != step.name}
    return {name: f"shared_{name}" for name in sorted(again)}


def _units(steps: Sequence[Step], outputs: Sequence[int]) -> list[Unit]:
    uses = Counter(i for step in steps for i in step.inputs)
    found: list[list[int]] = []
    again = {step.weights for step in steps if step.weights != step.name}
    for number, step in enumerate(steps):
        if isinstance(step.layer, InputLayer):
            continue
        kind = type(step.layer).__name__
        before = found[-1] if found else []
        alone = (
            bool(before)
            and step.inputs == (before[-1],)
            and uses[before[-1]] == 1
            and before[-1] not in outputs
            and step.weights not in again
            and steps[before[-1]].weights not in again
        )
        kinds = [type(steps[i].layer).__name__ for i in before]
        begins_padded = kinds == ["ZeroPadding2D"] and kind in HEAVY
        goes_on = kind in AFTER and kinds and any(k in HEAVY for k in kinds) and kind not in kinds
        if alone and (begins_padded or goes_on):
            before.append(number)
        else:
            found.append([number])
    return [Unit(tuple(part)) for part in found]


@dataclass(frozen=True)
class Function:
    """A small function for units that repeat: its text, and the settings that its uses give, with defaults."""

    name: str
    text: str
    varying: tuple[tuple[int, str, str, Any], ...]  # place in the unit, setting, parameter, default (MISSING: none)


def _pattern(layers: Layers, unit: Unit) -> tuple[str, ...]:
    found = []
    for i in unit.steps:
        layer = layers.net.steps[i].layer
        word = getattr(layer, "activation", None) if type(layer).__name__ == "Activation" else None
        found.append(type(layer).__name__ + (f":{word}" if word else ""))
    return tuple(found)


def _functions(layers: Layers, units: Sequence[Unit], named: set[str]) -> dict[tuple[str, ...], Function]:
    """A function for every pattern of two layers and more that is met twice."""
    names = [layers.net.steps[i].name for unit in units for i in unit.steps]
    groups: dict[tuple[str, ...], list[Unit]] = {}
    for unit in units:
        plainly = not any(layers.net.steps[i].name in named for i in unit.steps)
        if len(unit.steps) > 1 and plainly:
            groups.setdefault(_pattern(layers, unit), []).append(unit)
    assert len(names) == len(set(names))
    return {pattern: _function(layers, pattern, group) for pattern, group in groups.items() if len(group) > 1}


def _function(layers: Layers, pattern: tuple[str, ...], group: Sequence[Unit]) -> Function:
    name = "_".join(SHORT_NAMES.get(part.partition(":")[0], part.partition(":")[2]) for part in pattern)
    varying: list[tuple[int, str, str, Any]] = []
    body, taken = [], {"x"}
    for place in range(len(pattern)):
        steps = [layers.net.steps[unit.steps[place]] for unit in group]
        layer = steps[0].layer
        defaults = {part.name: part.default for part in fields(layer)}
        rules = {part.name: part.metadata.get("rule") for part in fields(layer)}
        settings = [layers.settings(step) for step in steps]
        keys = [part.name for part in fields(layer) if any(part.name in s for s in settings)]
        parts = []
        for key in keys:
            needed = defaults[key] is MISSING
            rule = rules[key]
            usual = None if needed or rule is None else rule(defaults[key])
            values = [s.get(key, usual) for s in settings]
            if all(one == values[0] for one in values):
                text = value(values[0])
            else:
                text = key if key not in taken else f"{SHORT_NAMES.get(type(layer).__name__, 'its')}_{key}"
                taken.add(text)
                counted = Counter(map(value, values)).most_common(1)[0][0]
                common = next(one for one in values if value(one) == counted)
                varying.append((place, key, text, MISSING if needed else common))
            parts.append(text if needed else f"{key}={text}")
        body.append(f"{type(layer).__name__}({', '.join(parts)})(x)")
    varying.sort(key=lambda part: part[3] is not MISSING)
    heads = [p if default is MISSING else f"{p}={value(default)}" for _, _, p, default in varying]
    lines = [f"    x = {line}" for line in body[:-1]] + [f"    return {body[-1]}"]
    return Function(name, f"def {name}({', '.join(['x', *heads])}):\n" + "\n".join(lines), tuple(varying))


def _use(
    layers: Layers,
    unit: Unit,
    given: Sequence[str],
    variable: str,
    functions: dict[tuple[str, ...], Function],
    named: set[str],
    shared: dict[str, str],
) -> list[str]:
    """The lines that compute ``variable`` from the variables ``given``."""
    steps = [layers.net.steps[i] for i in unit.steps]
    function = functions.get(_pattern(layers, unit))
    text = given[0] if len(given) == 1 else f"[{', '.join(given)}]"
    if function is not None and not any(step.name in named for step in steps):
        return [f"{variable} = {function.name}({', '.join([text, *_given(layers, unit, function)])})"]
    made = [
        shared.get(step.weights)
        or layer_call(step.layer, layers.settings(step), step.name if step.name in named else None)
        for step in steps
    ]
    return [f"{variable} = {made[0]}({text})", *(f"{variable} = {layer}({variable})" for layer in made[1:])]


def _given(layers: Layers, unit: Unit, function: Function) -> list[str]:
    parts = []
    for place, key, parameter, default in function.varying:
        step = layers.net.steps[unit.steps[place]]
        found = value(layers.settings(step).get(key, getattr(step.layer, key)))
        if default is MISSING:
            parts.append(found)
        elif found != value(default):
            parts.append(f"{parameter}={found}")
    return parts


def _joined(lines: Sequence[str]) -> list[str]:
    """Two lines that only pass x on become one where it stays short: x = f(x); x = g(x)."""
    found: list[str] = []
    for line in lines:
        name, _, made = line.partition(" = ")
        before, _, earlier = found[-1].partition(" = ") if found else ("", "", "")
        simple = made.count(f"({name})") == 1 and made.endswith(f"({name})") and made[0].isupper()
        if simple and before == name and earlier[0].isupper() and not earlier.startswith("Input"):
            joined = made[: -len(name) - 1] + earlier + ")"
            if len(joined) < 90:
                found[-1] = f"{name} = {joined}"
                continue
        found.append(line)
    return found
