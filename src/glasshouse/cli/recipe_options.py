"""The options of ``glasshouse train`` that are fields of its recipe: made from the fields' own declaration.

They are made when the command runs or tells its help, so that other commands do not wait for the recipe's modules.
"""

from collections.abc import Callable, Mapping
from functools import cache
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from glasshouse.recipe import TrainingRecipe
    from glasshouse.recipe.fields import RecipeField

__all__ = ["RecipeCommand", "given_fields", "idle_notes"]

TYPES: Mapping[str, tuple[type, str]] = {"whole": (int, "N"), "number": (float, "X"), "text": (str, "TEXT")}


class RecipeCommand(TyperCommand):
    """A command with an option for each field of the training recipe that declares one; ``given_fields`` has them."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of the recipe and the command's own."""
        return [*_options(), *super().get_params(ctx)]

    def invoke(self, ctx: Any) -> Any:
        """Run the command with its own parameters; those of the recipe go into the context."""
        ctx.obj = {one.name: ctx.params.pop(one.name) for one in _options()}
        return super().invoke(ctx)


def given_fields(context: typer.Context) -> dict[str, object]:
    """Return the fields that options were typed for, by their dotted names."""
    return {name: value for name, field in _fields().items() if (value := context.obj[_word(field)]) is not None}


def idle_notes(recipe: "TrainingRecipe", given: Mapping[str, object]) -> list[str]:
    """Return a sentence on each option of ``given`` that has no effect with the other choices of ``recipe``."""
    from glasshouse.recipe.fields import idle_fields

    found = [(field, reason) for field, reason in idle_fields(recipe) if field.name in given]
    return [_idle(field, reason, recipe) for field, reason in found]


def _idle(field: "RecipeField", reason: "RecipeField", recipe: "TrainingRecipe") -> str:
    """Return why a field has no effect: ``--momentum has no effect with --optimizer adamw; it is for sgd, rmsprop``."""
    from glasshouse.recipe.fields import value_at

    option = field.setting.option.name if field.setting.option else field.name
    cause = reason.setting.option.name if reason.setting.option else reason.name
    values = next((values for names, values in field.when.items() if reason.name in names.split("|")), ())
    if not values:
        part = next((name for name in field.when if name in reason.name.split(".")), reason.name)
        return f"{option} has no effect without {cause if part == reason.name else part}"
    now = value_at(recipe.model_dump(mode="json"), reason.name)
    return f"{option} has no effect with {cause} {now}; it is for {', '.join(values)}"


@cache
def _fields() -> "Mapping[str, RecipeField]":
    from glasshouse.recipe.fields import declared_fields

    return {name: field for name, field in declared_fields().items() if field.setting.option}


@cache
def _options() -> list[Any]:
    """Return the parameters as typer makes them of a function with these options."""

    def declared() -> None:
        pass

    parameters = [Parameter(_word(field), Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(field))
                  for field in _fields().values()]  # fmt: skip
    made: Callable[..., None] = declared
    made.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    made.__annotations__ = {one.name: one.annotation for one in parameters}
    app = typer.Typer(add_completion=False)
    app.command()(made)
    return list(getattr(typer.main.get_command(app), "params", ()))


def _annotation(field: "RecipeField") -> Any:
    option = field.setting.option
    assert option is not None
    kind, metavar = TYPES.get(field.kind, (str, ""))
    if field.kind == "choice" and not option.metavar:
        kind = Literal[field.names]  # type: ignore[assignment]
    info = typer.Option(option.name, help=option.help, metavar=option.metavar or metavar or None, show_default=True)
    return Annotated[kind | None, info]


def _word(field: "RecipeField") -> str:
    """Return the option as a word of Python: ``clip_norm``."""
    assert field.setting.option is not None
    return field.setting.option.name.removeprefix("--").replace("-", "_")
