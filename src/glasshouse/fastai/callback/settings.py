"""What fastai writes as a callback and Glasshouse as fields of the recipe."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from glasshouse.errors import InputError

__all__ = ["Setting", "settings_of"]


@dataclass(frozen=True)
class Setting:
    """Fields of a ``TrainingRecipe``."""

    fields: Mapping[str, Any]


def settings_of(cbs: object) -> dict[str, Any]:
    """Return the fields of one or several settings together.

    Raises:
        InputError: something is no setting, such as a custom callback.
    """
    given: Iterable[object] = cbs if isinstance(cbs, list | tuple) else () if cbs is None else (cbs,)
    found: dict[str, Any] = {}
    for one in given:
        if not isinstance(one, Setting):
            raise InputError(
                "{one} is no callback here; there are EarlyStoppingCallback, SaveModelCallback, GradientClip, MixUp "
                "and CutMix. A loop over glasshouse.train(recipe, out) sees every event",
                one=repr(one),
            )
        for name, value in one.fields.items():
            found[name] = {**found.get(name, {}), **value} if isinstance(value, Mapping) else value
    return found
