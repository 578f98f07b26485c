"""The level Learner: a run in a few lines."""

from typing import Any

from glasshouse.errors import LevelError
from glasshouse.ladder.network import Layers, layers_of
from glasshouse.ladder.story import Story
from glasshouse.ladder.units import network_text, words_of
from glasshouse.ladder.wording import call, call_import, keyword, value
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.recipe.training import STRATEGY_DEFAULTS

__all__ = ["learner_code"]

TOLD = ("data", "fingerprint", "network", "weights", "epochs", "kind", "version")


def learner_code(story: Story, say: dict[str, str]) -> str:
    """The script of the level Learner; settings that equal the defaults are left out."""
    recipe = story.recipe
    if problems := list(recipe.start_problems()):
        raise LevelError(
            "learner",
            Message(
                "a Learner no longer starts such a training ({message}); look at it on the levels layers and autodiff",
                message=problems[0].message,
            ),
        )
    own = None if isinstance(recipe.network, str) else layers_of(story, "learner")
    changed = _changes(recipe)
    rate = changed.get("optimizer", {}).pop("lr", None)
    if not changed.get("optimizer"):
        changed.pop("optimizer", None)
    parts = ["data", "net" if own else value(recipe.network)]
    parts += [keyword("weights", recipe.weights)] if recipe.weights != "none" else []
    fit, told = _fit(recipe, rate)
    parts += [keyword(key, given) for key, given in changed.items() if key not in told]
    more = say[{"none": "and-nothing", "pretrained": "downloads"}.get(recipe.weights, "and-weights")]
    words = sorted(words_of(own), key=lambda word: (not word[0].islower(), word)) if own else []
    return "\n".join(
        [
            f'"""{say["title-learner"].format(run=story.name)}\n\n{say["same-bits"].format(more=more)}\n"""\n',
            "import glasshouse as gh",
            *([call_import("glasshouse.layers", words)] if own else []),
            "",
            *(_network(own, say) if own else []),
            f"data = gh.ImageData.open({value(story.place)})",
            f"learner = {call('gh.Learner', *parts)}",
            f"learner.{fit}",
            say["printed-report"] if "val" in story.dataset.splits else "print(learner.history[-1])",
            "",
        ]
    )


def _network(own: Layers, say: dict[str, str]) -> list[str]:
    return [f"# {say['own-network']}", network_text(own)]


def _changes(recipe: TrainingRecipe) -> dict[str, Any]:
    """What of the recipe differs from its defaults."""
    found = recipe.model_dump(exclude_defaults=True)
    return {key: given for key, given in found.items() if key not in TOLD}


def _fit(recipe: TrainingRecipe, rate: float | None) -> tuple[str, tuple[str, ...]]:
    """The call that trains, and which fields of the recipe it says."""
    defaults = STRATEGY_DEFAULTS[recipe.strategy]
    parts = []
    if recipe.strategy == "fine-tune":
        parts = [str(recipe.epochs)]
        parts += [] if rate in (None, defaults["lr"]) else [f"lr={rate!r}"]
        parts += [] if recipe.freeze_epochs == 1 else [f"freeze_epochs={recipe.freeze_epochs}"]
        return f"fine_tune({', '.join(parts)})", ("strategy", "freeze_epochs")
    if recipe.linear:
        return "fit()", ()
    parts += [] if recipe.epochs == defaults["epochs"] else [f"epochs={recipe.epochs}"]
    parts += [] if rate in (None, defaults["lr"]) else [f"lr={rate!r}"]
    return f"fit({', '.join(parts)})", ()
