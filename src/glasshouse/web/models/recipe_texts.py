"""A training recipe as people read it: what was chosen, in the words that its fields declare."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from glasshouse.recipe.fields import RecipeField, declared_fields, declared_parts, in_effect, value_at

__all__ = ["network_words", "recipe_rows"]

Words = Callable[[str], str]
Values = Mapping[str, object]  # of fields, by their dotted names
MOST_LAYERS = 20  # named of a network


def network_words(network: object) -> object:
    """Return a network's name; of custom layers their words too."""
    if not isinstance(network, Mapping):
        return network
    words = [str(entry.get("layer", entry.get("shares", ""))) for entry in network.get("layers", ())]
    more = f" … ({len(words)})" if len(words) > MOST_LAYERS else ""
    return f"{network.get('name', '')}: {' · '.join(words[:MOST_LAYERS])}{more}"


def recipe_rows(_: Words, recipe: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return name and value of each setting that says something; those of a part share a line.

    What is off, left to itself, or without effect beside the other choices is left out.
    """
    values = {name: _value_in(recipe, field) for name, field in declared_fields().items()}
    counts = in_effect(values.__getitem__)
    rows: list[tuple[str, str]] = []
    for part, fields in groupby(declared_fields().values(), lambda field: field.name.partition(".")[0]):
        said = [field for field in fields if field.name in counts and _says(field, values[field.name])]
        rows += _rows(_, part, said, values)
    return rows


def _rows(_: Words, part: str, said: Sequence[RecipeField], values: Values) -> Iterator[tuple[str, str]]:
    """Yield the line of a part, then those of the fields that have their own line."""
    setting = declared_parts().get(part)
    together = [field for field in said if setting is not None and not field.setting.alone]
    if setting is not None and (together or setting.empty):
        words = [_in_part(_, setting.label, field, values[field.name]) for field in together]
        yield _(setting.label), ", ".join(words) or _(setting.empty)
    for field in said:
        if field not in together:
            yield _(field.setting.label), _value(_, field, values[field.name])


def _value_in(recipe: Mapping[str, object], field: RecipeField) -> object:
    """Return what a recipe says of a field; its default where the recipe, which may be an old one, says nothing."""
    *parts, last = field.name.split(".")
    inside = value_at(recipe, ".".join(parts)) if parts else recipe
    value = inside.get(last, field.usual) if isinstance(inside, Mapping) else field.usual
    return list(value) if isinstance(value, tuple) else value


def _says(field: RecipeField, value: object) -> bool:
    if not field.setting.section:
        return False
    return value != field.usual or (
        field.setting.always and value not in (0, "") and bool(value or field.setting.empty)
    )


def _in_part(_: Words, part: str, field: RecipeField, value: object) -> str:
    """Return the field as the line of its part says it: the value alone of the one that the part is named after."""
    if value is True:
        return _(field.setting.label)
    said = _value(_, field, value)
    return said if field.setting.label == part else f"{_(field.setting.label)} {said}"


def _value(_: Words, field: RecipeField, value: object) -> str:
    if field.name == "network":
        return str(network_words(value))
    if isinstance(value, str):
        return _(field.setting.words[value]) if value in field.setting.words else value
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {weight:g}" for name, weight in value.items())
    if value is None and field.setting.empty:
        return _(field.setting.empty)
    if field.setting.unit == "%":
        numbers = value if isinstance(value, Sequence) else [value]
        return ", ".join(_("{value} %").format(value=f"{number:g}") for number in numbers)
    return _plain(value, _("{low}–{high}"))


def _plain(value: object, between: str = "{low}–{high}") -> str:
    if isinstance(value, Sequence) and len(value) == 2:
        return between.format(low=_plain(value[0]), high=_plain(value[1]))
    if isinstance(value, Sequence):
        return ", ".join(map(_plain, value))
    if value is None:
        return "–"
    return f"{value:.8g}" if isinstance(value, float) else str(value)
