"""What the description of a model may hold: everything else is refused in words before anything is built of it."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.recipe.pydantic_messages import pydantic_message

__all__ = ["class_problems", "network_problems", "preprocessing_problems", "recipe_problems", "weight_shapes"]

LARGEST = 4096  # pixels of a side, as in recipes
NAME_LENGTH = 1000
STATISTIC = 1e6  # mean and deviation are of values 0..1
LEAST = 1e-7  # of a deviation: the least that datasets are written with is 1e-6


def class_problems(classes: object) -> Iterator[str]:
    """Yield what is wrong with the names of the classes."""
    if not isinstance(classes, list | tuple) or not classes or not all(isinstance(name, str) for name in classes):
        yield Message("expected a list of class names, got {classes}", classes=_short(classes))
    elif len(set(classes)) < len(classes):
        seen: set[str] = set()
        twice = next(name for name in classes if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        yield Message("expected class names that differ, got {twice} twice", twice=_short(twice))


def network_problems(network: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the network's name and settings."""
    name, dropout = network.get("name"), network.get("dropout")
    if not isinstance(name, str) or not 0 < len(name) <= NAME_LENGTH:
        yield Message("a model needs its network's name, got {name}", name=_short(name))
    if dropout is not None and (type(dropout) not in (int, float) or not 0 <= dropout < 1):
        yield Message("expected a dropout from 0 to below 1, got {dropout}", dropout=_short(dropout))
    if not isinstance(network.get("layers", {}), dict):
        yield Message("expected layers as data, got {network}", network=_short(network["layers"]))


def preprocessing_problems(found: Preprocessing) -> Iterator[str]:
    """Yield what is wrong with a preprocessing that was read: types, sizes, words and numbers."""
    values = {name: getattr(found, name) for name in type(found).__dataclass_fields__}
    wrong = [text for name, kind in get_type_hints(type(found)).items() for text in _type_problems(name, kind, values)]
    yield from wrong[:3]
    if wrong:
        return
    for name in ("width", "height"):
        if not 1 <= values[name] <= LARGEST:
            yield Message(
                "expected a {name} from 1 to {LARGEST}, got {values}",
                name=name,
                LARGEST=LARGEST,
                values=_short(values[name]),
            )
    for name in ("resize", "color", "encoding"):
        words = get_args(DatasetRecipe.model_fields[name].annotation)
        if values[name] not in words:
            yield Message(
                "expected {name} to be one of {words}, got {values}",
                name=name,
                words=", ".join(words),
                values=_short(values[name]),
            )
    if not 1 <= found.quality <= 100:
        yield Message("expected a quality from 1 to 100, got {quality}", quality=_short(found.quality))
    yield from _statistics_problems(found)


def _type_problems(name: str, kind: Any, values: Mapping[str, Any]) -> Iterator[str]:
    try:
        TypeAdapter(kind).validate_python(values[name], strict=True)
    except ValidationError as error:
        what = pydantic_message(error.errors(include_url=False)[0])
        yield Message("{name}: expected {what}, got {values}", name=name, what=what, values=_short(values[name]))


def _statistics_problems(found: Preprocessing) -> Iterator[str]:
    if not len(found.mean) == len(found.std) == found.channels:
        yield (
            Message(
                "expected a mean and a std for each of {channels} channels, got {mean} and {std}",
                channels=found.channels,
                mean=len(found.mean),
                std=len(found.std),
            )
        )
    for value in found.mean:
        if not math.isfinite(value) or abs(value) > STATISTIC:
            yield Message("expected a mean that is a number of values 0 to 1, got {value}", value=value)
    for value in found.std:
        if not math.isfinite(value) or not LEAST <= value <= STATISTIC:
            yield Message("expected a std above 0, got {value}", value=value)


def recipe_problems(network: Mapping[str, Any], recipe: TrainingRecipe) -> Iterator[str]:
    """Yield where the description and the recipe of one model say different things."""
    if recipe.network_name != network.get("name"):
        yield Message(
            "model.json names the network {get}, recipe.json {network_name}",
            get=_short(network.get("name")),
            network_name=_short(recipe.network_name),
        )


def weight_shapes(data: bytes) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor in a safetensors file, from its head alone.

    Raises:
        ValueError: it has none that can be read.
    """
    try:
        head = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return {name: tuple(map(int, entry["shape"])) for name, entry in head.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("its head cannot be read") from None


def _short(value: object) -> str:
    text = value if isinstance(value, str) else str(value if not isinstance(value, Sequence) else list(value)[:5])
    return repr(text[:80]) if isinstance(value, str) else text[:80]
