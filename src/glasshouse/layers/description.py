"""A network as data that JSON can hold, and back. No code is in it: a layer is a word of the vocabulary and settings.

    {"glasshouse-network": 1, "name": "network", "data_format": "channels_last", "seed": 0, "outputs": ["dense"],
     "layers": [{"name": "input_layer", "layer": "Input", "shape": [28, 28, 1]},
                {"name": "flatten", "layer": "Flatten", "inputs": ["input_layer"]},
                {"name": "dense", "layer": "Dense", "inputs": ["flatten"], "settings": {"units": 10}}]}

A step that uses the layer of an earlier one again has ``"shares": "dense"`` in the place of layer and settings; a
layer that does not learn has ``"frozen": true``; without ``inputs``, a layer takes what is before it.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from inspect import Parameter, signature
from typing import Any

from glasshouse.errors import NetworkError, Problem, RecipeError
from glasshouse.messages import Message

from .architecture import Architecture
from .graph import Input
from .layer import InputLayer, Layer, Symbol
from .vocabulary import LAYERS

__all__ = ["VERSION", "Plan", "Site", "build", "check_shared", "describe", "survey"]

VERSION = 1
MOST = 2000  # layers; more than any published network has
NAME, LONGEST = 120, 500  # letters of a name, and of a message


def describe(net: Architecture) -> dict[str, Any]:
    """The description of a network, without weights."""
    return {
        "glasshouse-network": VERSION,
        "name": net.name,
        "data_format": "channels_last" if net.channels_last else "channels_first",
        "seed": net.seed,
        "layers": [_entry(net, number) for number in range(len(net.steps))],
        "outputs": [net.steps[i].name for i in net.output_steps],
    }


def _entry(net: Architecture, number: int) -> dict[str, Any]:
    step = net.steps[number]
    if isinstance(step.layer, InputLayer):
        return {"name": step.name, "layer": "Input", "shape": list(step.shape(net.channels_last))}
    entry: dict[str, Any] = {"name": step.name}
    if step.weights != step.name:
        entry["shares"] = step.weights
    else:
        entry["layer"] = type(step.layer).__name__
        settings = {key: _plain(value) for key, value in step.layer.settings().items()}
        entry |= {"settings": settings} if settings else {}
        entry |= {} if net.holders[step.name].trainable else {"frozen": True}
    return entry | {"inputs": [net.steps[i].name for i in step.inputs]}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Plan:
    """What a description says: the Symbols to make a network from."""

    inputs: list[Symbol]
    outputs: list[Symbol]
    seed: int
    name: str
    frozen: tuple[str, ...]

    def architecture(self) -> Architecture:
        """The layers with their own weights, which are drawn when they are first asked for."""
        net = Architecture(self.inputs, self.outputs, seed=self.seed, name=self.name)
        net.freeze_only(self.frozen)
        return net


@dataclass
class Site:
    """What has been built so far, by the names of steps, and every problem met."""

    data_format: str
    symbols: dict[str, Symbol | None] = field(default_factory=dict)  # None: it has its own problem
    layers: dict[str, Layer] = field(default_factory=dict)
    inputs: list[Symbol] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def tell(self, where: str, message: str) -> None:
        shown = message if len(message) <= LONGEST else f"{message[:LONGEST]}..."
        self.problems.append(Problem(where[:NAME], shown))


def build(data: Mapping[str, Any]) -> Plan:
    """What a description says; RecipeError with every problem, each under its layer's name."""
    site, names = survey(data)
    if site.problems:
        raise RecipeError("the network", site.problems)
    outputs = [symbol for name in names if (symbol := site.symbols[str(name)]) is not None]
    return Plan(site.inputs, outputs, data.get("seed", 0), str(data.get("name", "network")), tuple(site.frozen))


def survey(data: Mapping[str, Any]) -> tuple[Site, list[str | None]]:
    """Build what can be built; with the names of the outputs. RecipeError if there is no list of layers."""
    _check_top(data)
    site = Site(str(data.get("data_format", "channels_last")))
    before = None
    for number, entry in enumerate(data["layers"]):
        before = _step(site, entry, number, before)
    names = list(data.get("outputs") or [before])
    for name in names:
        if name not in site.symbols:
            site.tell("outputs", Message("there is no layer {name}", name=repr(name)))
    if not site.inputs and not site.problems:
        site.tell("layers", Message('the first layer must be {"layer": "Input", "shape": [28, 28, 1]}'))
    if not site.problems:
        _loose_ends(site, names)
    return site, names


def _loose_ends(site: Site, outputs: Sequence[str | None]) -> None:
    """Tell the layers whose numbers go nowhere: a network made of the outputs would leave them out in silence."""
    waiting = [site.symbols[name] for name in outputs if name is not None]
    used: set[Symbol] = set()
    while waiting:
        if (symbol := waiting.pop()) is not None and symbol not in used:
            used.add(symbol)
            waiting.extend(symbol.inputs)
    for name, symbol in site.symbols.items():
        if symbol is not None and symbol not in used and not isinstance(symbol.layer, InputLayer):
            site.tell(
                name,
                Message("no layer takes what this one gives, and it is no output; join it to another, or remove it"),
            )


def _check_top(data: object) -> None:
    if not isinstance(data, Mapping) or not isinstance(data.get("layers"), list):
        problems = [Problem("layers", 'expected a dictionary with a list under "layers"')]
    else:
        problems = [*_wrong_fields(data), *_wrong_sizes(data)]
    if problems:
        raise RecipeError("the network", problems)


def _wrong_fields(data: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong with the fields beside the layers."""
    version = data.get("glasshouse-network", VERSION)
    if not isinstance(version, int) or version > VERSION:
        message = Message(
            "expected version {VERSION} or below, got {version}; a later Glasshouse wrote this",
            VERSION=VERSION,
            version=f"{version!r:.40}",
        )
        yield Problem("glasshouse-network", message)
    known = {"glasshouse-network", "name", "data_format", "seed", "layers", "outputs"}
    for key in set(data) - known:
        yield Problem(key, Message("no such field; there are {known}", known=", ".join(sorted(known))))
    if data.get("data_format", "channels_last") not in ("channels_last", "channels_first"):
        got = repr(data["data_format"])
        yield Problem("data_format", Message("expected channels_last or channels_first, got {data}", data=got))
    seed = data.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        got = f"{seed!r:.40}"
        yield Problem("seed", Message("expected a whole number from 0 on and below 2^63, got {seed}", seed=got))
    if not _are_names(data.get("outputs") or []):
        got = f"{data['outputs']!r:.{LONGEST}}"
        yield Problem("outputs", Message("expected a list of names of layers, got {inputs}", inputs=got))


def _wrong_sizes(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is longer than a network may be."""
    if len(str(data.get("name", ""))) > NAME:
        yield Problem("name", Message("the name has more than {NAME} letters; give a shorter one", NAME=NAME))
    if len(data["layers"]) > MOST:
        got = f"{len(data['layers']):,}"
        yield Problem("layers", Message("expected at most {MOST} layers, got {data}", MOST=f"{MOST:,}", data=got))


def _step(site: Site, entry: object, number: int, before: str | None) -> str:
    """Build one step; returns its name."""
    if not isinstance(entry, Mapping):
        site.tell(f"layers.{number}", Message("expected a dictionary, got {entry}", entry=repr(entry)))
        return str(number)
    word = entry.get("layer")
    name = str(entry.get("name") or f"{str(word or 'layer').lower()}_{number}")
    if len(name) > NAME:
        site.tell(
            name, Message("the name has {name} letters; give one of at most {NAME}", name=f"{len(name):,}", NAME=NAME)
        )
    if name in site.symbols:
        site.tell(name, Message("the name is twice; names of layers must differ"))
    site.symbols[name] = None
    for key in set(entry) - {"name", "layer", "shape", "settings", "inputs", "shares", "frozen"}:
        site.tell(f"{name}.{key}", Message("no such field; settings of a layer are under settings"))
    if word == "Input":
        _input(site, name, entry.get("shape"))
        return name
    layer = _layer(site, name, entry)
    inputs = entry.get("inputs", [before] if before is not None else [])
    if not _are_names(inputs):
        site.tell(f"{name}.inputs", Message("expected a list of names of layers, got {inputs}", inputs=repr(inputs)))
        return name
    if entry.get("frozen"):
        site.frozen += [name] if "shares" not in entry else []
    for missing in [key for key in inputs if key not in site.symbols or key == name]:
        site.tell(f"{name}.inputs", Message("there is no layer {missing} before this one", missing=repr(missing)))
        layer = None
    symbols = [site.symbols.get(key) for key in inputs]
    if layer is not None and None not in symbols:
        try:
            made = layer([symbol for symbol in symbols if symbol is not None])
            if "shares" in entry:
                check_shared(site, str(entry["shares"]), made)
            site.symbols[name] = made
        except NetworkError as error:
            site.tell(name, str(error))
    return name


def check_shared(site: Site, first: str, again: Symbol) -> None:
    """Refuse a layer that is used again on what needs weights of another shape."""
    before = site.symbols.get(first)
    if before is not None:
        held, needed = (s.layer.weights([x.engine_shape for x in s.inputs], s.channels_last) for s in (before, again))
        if held != needed:
            raise NetworkError(
                "it uses {first} again on numbers of another shape, which need other weights; make it a separate layer",
                first=first,
            )


def _input(site: Site, name: str, shape: object) -> None:
    try:
        symbol = Input(shape if isinstance(shape, list | tuple) else (0,), data_format=site.data_format, name=name)
    except (NetworkError, RecipeError) as error:
        site.tell(f"{name}.shape", str(error))
        return
    site.symbols[name] = symbol
    site.inputs.append(symbol)


def _layer(site: Site, name: str, entry: Mapping[str, object]) -> Layer | None:
    if "shares" in entry:
        if str(entry["shares"]) not in site.layers:
            site.tell(
                f"{name}.shares", Message("there is no layer {missing} before this one", missing=repr(entry["shares"]))
            )
        return site.layers.get(str(entry["shares"]))
    word, settings = entry.get("layer"), entry.get("settings", {})
    if not isinstance(settings, Mapping):
        site.tell(f"{name}.settings", Message("expected a dictionary, got {entry}", entry=repr(settings)))
        return None
    if not isinstance(word, str) or word not in LAYERS:
        site.tell(name, Message("no layer {word}{it}", word=repr(word), it=_did_you_mean(str(word), LAYERS)))
        return None
    if not _has_its_settings(site, name, LAYERS[word], settings):
        return None
    try:
        layer = LAYERS[word](**settings, name=name)
    except RecipeError as error:
        for problem in error.problems:
            site.tell(f"{name}.{problem.field}", problem.message)
        return None
    site.layers[name] = layer
    return layer


def _has_its_settings(site: Site, name: str, kind: type[Layer], settings: Mapping[str, object]) -> bool:
    """Say whether the names of the settings are those of the layer, and all that it needs; tell what is not so."""
    known = {part.name for part in fields(kind)} - {"name"}
    needed = {part.name for part in fields(kind) if "rule" in part.metadata and _needed(kind, part.name)}
    unknown, lacking = set(settings) - known, needed - set(settings)
    for key in sorted(unknown):
        site.tell(f"{name}.{key}", Message("no such setting{it}", it=_did_you_mean(key, known)))
    for key in sorted(lacking):
        site.tell(f"{name}.{key}", Message("required"))
    return not unknown and not lacking


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return Message("; did you mean {close}?", close=close[0]) if close else ""


def _are_names(given: object) -> bool:
    return isinstance(given, list | tuple) and all(isinstance(name, str) for name in given)


def _needed(kind: type[Layer], name: str) -> bool:
    return signature(kind).parameters[name].default is Parameter.empty
