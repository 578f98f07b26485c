"""The declared fields of a training as controls of a form: what a page needs to show one, in its language."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from glasshouse.export.engines import installed
from glasshouse.recipe.fields import RecipeField, declared_fields, in_effect, value_at
from glasshouse.recipe.setting import SECTIONS
from glasshouse.web.framework.language import texts

__all__ = ["RecipeControl", "counting", "form_sections", "number_text", "recipe_controls", "rest_of", "usual_texts"]

KINDS = {"switch": "check", "choice": "select", "whole": "number", "number": "number"}


@dataclass(frozen=True)
class RecipeControl:
    """One field: ``kind`` is number, select, check or text; ``options`` are value and label of a select.

    ``idle``: it has no effect with the other texts of the form, so the page hides it. ``when`` is the condition as
    JSON, by which ``static/settings.js`` shows it again; ``usual`` is the text of its default. ``held``: a cloned
    recipe has a value that no text can show, and that stays while the field is blank.
    """

    name: str
    label: str
    help: str
    kind: str
    unit: str
    options: tuple[tuple[str, str], ...]
    least: str | None
    most: str | None
    step: str
    placeholder: str
    usual: str
    when: str
    idle: bool
    held: bool


@dataclass(frozen=True)
class FormSection:
    """A heading of the form, and the controls below it."""

    title: str
    controls: list[RecipeControl]


def recipe_controls(language: str, form: Mapping[str, str], part: str) -> list[RecipeControl]:
    """Return the controls of a part of the recipe (``optimizer``), in its order."""
    counts = counting(form)
    fields = [field for field in declared_fields().values() if field.name.startswith(f"{part}.")]
    return [_control(language, field, form, field.name in counts) for field in fields]


def form_sections(language: str, form: Mapping[str, str]) -> dict[str, FormSection]:
    """Return the parts of the form of a new model, by their names in ``SECTIONS``."""
    _, counts = texts(language).gettext, counting(form)
    controls: dict[str, list[RecipeControl]] = {name: [] for name in SECTIONS}
    for field in declared_fields().values():
        if field.setting.section:
            control = _control(language, field, form, field.name in counts)
            controls[field.setting.section].append(_swept(control, _) if field.setting.swept else control)
    return {name: FormSection(_(title), controls[name]) for name, title in SECTIONS.items()}


def counting(form: Mapping[str, str]) -> frozenset[str]:
    """Return the fields that have an effect with the texts of a form, and with what a clone holds beside them."""
    held = rest_of(form)
    return in_effect(lambda name: form.get(name) or value_at(held, name))


def rest_of(form: Mapping[str, str]) -> dict[str, object]:
    """Return what a clone's recipe says that has no field in the form, or no effect."""
    try:
        found = json.loads(form.get("rest") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def usual_texts() -> dict[str, str]:
    """Return the text that stands for each field's default, by its name."""
    return {field.name: _text(field.usual) for field in declared_fields().values()}


def number_text(value: float) -> str:
    """Return a number as short as it can be read back."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _control(language: str, field: RecipeField, form: Mapping[str, str], counts: bool) -> RecipeControl:
    _ = texts(language).gettext
    setting = field.setting
    return RecipeControl(
        name=field.name,
        label=_(setting.label),
        help=_(setting.help) if setting.help else "",
        kind=KINDS.get(field.kind, "text"),
        unit=_(setting.unit) if setting.unit else "",
        options=tuple(_options(language, field, form)) if field.kind == "choice" else (),
        least=None if field.least is None else number_text(field.least),
        most=None if field.most is None else number_text(field.most),
        step="1" if field.kind == "whole" else "any",
        placeholder=_("auto") if field.usual is None and setting.empty else "",
        usual=_text(field.usual),
        when=json.dumps({names: list(values) for names, values in field.when.items()}),
        idle=not counts,
        held=not form.get(field.name) and value_at(rest_of(form), field.name) is not None,
    )


def _swept(control: RecipeControl, _: Callable[[str], str]) -> RecipeControl:
    """Return the control of a field of which a form takes several values."""
    more = _("Several numbers with spaces between train a model of each.")
    return replace(control, kind="text", help=f"{control.help} {more}")


def _options(language: str, field: RecipeField, form: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield value and label of a choice; before them a value that has no label, such as the device cuda:1, and nothing
    chosen where that is possible."""
    _ = texts(language).gettext
    text = form.get(field.name, "")
    if text and text not in field.names:
        yield text, text
    elif not text and form.get("rest"):
        yield "", _("As in the cloned model")
    elif field.usual is None:
        yield "", _(field.setting.empty) if field.setting.empty else _("auto")
    for name in field.names:
        label = _(field.setting.words.get(name, name))
        missing = field.name == "engine" and not installed(name)
        yield name, _("{choice} (not installed here)").format(choice=label) if missing else label


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(_text, value))
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    return number_text(value) if isinstance(value, float) else str(value)
