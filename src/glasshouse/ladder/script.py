"""The frame of a script on the levels Layers and Autodiff: its title, its constants, the rate, the watch."""

from typing import Any

from glasshouse.errors import LevelError
from glasshouse.ladder.network import Layers
from glasshouse.ladder.schedules import factor_text
from glasshouse.ladder.shared import (
    used_pictures,
)
from glasshouse.ladder.story import Story
from glasshouse.ladder.wording import value
from glasshouse.messages import Message

__all__ = [
    "commented",
    "constants",
    "loop_head",
    "rate_lines",
    "refuse_mixed",
    "stopping_lines",
    "title",
]

Say = dict[str, str]


def title(story: Story, say: Say, key: str, promise: str) -> str:
    """The docstring of a script."""
    weights = story.recipe.weights
    more = say[{"none": "and-nothing", "pretrained": "downloads"}.get(weights, "and-weights")]
    return f'"""{say[key].format(run=story.name)}\n\n{say[promise].format(more=more)}\n"""\n'


def refuse_mixed(story: Story, level: str) -> None:
    """Raise a LevelError where the run computed in another precision than float32."""
    if story.recipe.precision == "mixed" and story.device.startswith("cuda"):
        raise LevelError(
            level,
            Message(
                "the run computed in mixed precision on {device}, which rounds inside torch's own modules; the level "
                "{level} computes in float32. Train it with precision float32, or look at it on the level learner",
                device=story.device,
                level=level,
            ),
        )


def constants(story: Story, say: Say) -> list[str]:
    """SEED, EPOCHS, BATCH and LIMIT."""
    recipe = story.recipe
    epochs = (recipe.epochs or 1) + (recipe.freeze_epochs if recipe.strategy == "fine-tune" else 0)
    lines = [f"SEED, EPOCHS, BATCH = {recipe.seed}, {epochs}, {recipe.batch_size}"]
    if recipe.accumulate > 1:
        lines.append(f"ACCUMULATE = {recipe.accumulate}  # {say['accumulate'].format(count=recipe.accumulate)}")
    if recipe.early_stopping is not None:
        lines.append(
            f"PATIENCE = {recipe.early_stopping.patience}  # "
            f"{say['stopping'].format(count=recipe.early_stopping.patience)}"
        )
    lines.append(f"LIMIT = int(sys.argv[1]) if len(sys.argv) > 1 else None  # {say['limit']}")
    if story.device != "cpu":
        lines.append(f"DEVICE = torch.device({value(story.device)})")
    return lines


def rate_lines(story: Story, say: Say) -> list[str]:
    """The functions ``factor`` and ``rate``."""
    recipe = story.recipe
    phased = recipe.strategy == "fine-tune"
    lines = ["", factor_text(recipe.schedule, say, phased and recipe.schedule.name == "one-cycle"), ""]
    form = ", **form" if phased and recipe.schedule.name == "one-cycle" else ""
    arguments = "done, total, base, form" if phased else "done, total"
    base = "base" if phased else "BASE"
    if not recipe.schedule.warmup:
        return [*lines, f"def rate({arguments}):", f"    return {base} * factor(done / total{form})", ""]
    return [
        *lines,
        f"def rate({arguments}):",
        f"    warmup = round({recipe.schedule.warmup!r} * STEPS)  # {say['warmup']}",
        "    if done < warmup:",
        f"        return {base} * factor(0.0{form}) * (done + 1) / warmup",
        f"    return {base} * factor((done - warmup) / max(1, total - warmup){form})",
        "",
    ]


def loop_head(story: Story, layers: Layers, say: Say) -> list[str]:
    """What is before the loop: numbers of pictures and steps, lists that are filled, the watch."""
    count = len(story.dataset.splits["train"])
    recipe = story.recipe
    used = count if recipe.strategy == "features" else used_pictures(story, layers)
    lines = ["PICTURES = len(train)"] if used == count else [f"PICTURES = len(train) - 1  # {say['one-left-out']}"]
    size = "BATCH" if recipe.accumulate == 1 else "(BATCH * ACCUMULATE)"
    lines.append(f"STEPS = -(-PICTURES // {size})")
    early = recipe.early_stopping is not None
    lines += [f"losses, history, best_epoch, best = [], [], 0, None  # {say['best']}"]
    return lines + (["waited, watched = 0, None"] if early else [])


def stopping_lines(story: Story, val: bool) -> list[str]:
    """Early stopping at the end of an epoch, or nothing."""
    early: Any = story.recipe.early_stopping
    if early is None:
        return []
    place = {"train_loss": 0, "valid_loss": 1, "valid_accuracy": 2}[early.monitor if val else "train_loss"]
    gain = f"history[-1][{place}] - watched" if place == 2 else f"watched - history[-1][{place}]"
    freeze = story.recipe.freeze_epochs if story.recipe.strategy == "fine-tune" else 0
    pad = "        " if freeze else "    "
    return [
        *([f"    if epoch >= {freeze}:"] if freeze else []),
        f"{pad}better = watched is None or {gain} > {early.min_delta!r}",
        f"{pad}waited, watched = (0, history[-1][{place}]) if better else (waited + 1, watched)",
        f"{pad}if waited >= PATIENCE:",
        f"{pad}    break",
    ]


def commented(text: str) -> str:
    """Each further line begins as a comment."""
    return text.replace("\n", "\n# ")
