"""The form of a new dataset: its fields, what is in them at first, and the recipe it makes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from glasshouse.recipe import DatasetRecipe
from glasshouse.store.submit import NewDataset
from glasshouse.web.framework.form_values import flat, recipe_data

__all__ = ["CHECKED", "defaults", "filled_from", "new_dataset", "without"]

FIELDS = (
    "source", "valid_source", "test_source", "labels.by", "labels.pattern", "labels.path_column", "labels.label_column",
    "labels.group_column", "labels.split_column", "labels.pictures", "labels.labels_file", "width", "height", "resize",
    "color", "encoding", "quality", "valid", "test", "split", "seed", "group", "twins", "min_per_class",
    "max_per_class", "pixel_limit",
)  # fmt: skip
PERCENTS = frozenset({"valid", "test"})
CHECKED = frozenset({"twins"})


def defaults() -> dict[str, str]:
    """Return what is in an empty form: the recipe's defaults, with a tenth kept for a sealed test."""
    plain = flat(DatasetRecipe(source=".").model_dump(), PERCENTS)
    return {**dict.fromkeys(FIELDS, ""), **plain, "source": "", "name": "", "valid": "20", "test": "10"}


def filled_from(recipe: Mapping[str, object]) -> dict[str, str]:
    """Return the form that makes ``recipe`` again; a source inside the Studio gets its name in the form back."""
    form = {**defaults(), **flat(recipe, PERCENTS)}
    for name in ("source", "valid_source", "test_source", "labels.pictures", "labels.labels_file"):
        parts = form[name].split("/")
        if parts[:2] == ["..", "uploads"]:
            form[name] = f"upload:{parts[2]}"
    return form


def new_dataset(form: Mapping[str, str]) -> NewDataset:
    """Return what the form asks for; fields are checked where it is submitted."""
    recipe = recipe_data(form, FIELDS, PERCENTS, CHECKED)
    recipe.setdefault("source", "")
    return NewDataset(form.get("name", ""), recipe, notes=form.get("notes", ""))


def without(new: NewDataset, fields: Iterable[str]) -> NewDataset:
    """Return the same with the usual values for the ``fields`` of its recipe (``width``, ``labels.pattern``)."""
    recipe = {name: dict(value) if isinstance(value, Mapping) else value for name, value in new.recipe.items()}
    for name in fields:
        first, _, rest = name.partition(".")
        part = recipe.get(first) if rest else recipe
        if isinstance(part, dict):
            part.pop(rest or first, None)
    return replace(new, recipe=recipe)
