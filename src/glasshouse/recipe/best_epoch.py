"""Which epoch is the best: what of a training is kept for it, and when there is no hope of a better one."""

from typing import Annotated, Literal

from glasshouse.recipe.part import Count, NotNegative, Part, Positive
from glasshouse.recipe.setting import CHANGED, MONITORS, Option, Setting

__all__ = ["CheckpointRecipe", "EarlyStoppingRecipe"]


class EarlyStoppingRecipe(Part):
    """Stop when ``monitor`` has not become better by ``min_delta`` for ``patience`` epochs."""

    patience: Annotated[
        Count,
        Setting(
            "Early stopping",
            "Stops after this many epochs without improvement of the validation loss. Empty: never.",
            section="course",
            unit="epochs",
            option=Option("--early-stopping", "Early stopping: stop after N epochs without improvement."),
        ),
    ]
    min_delta: Annotated[
        NotNegative,
        Setting(
            "Smallest improvement",
            "Early stopping counts an epoch as better only if it improves by more than this.",
            section="course",
            when={"patience": CHANGED},
        ),
    ] = 0.0
    monitor: Annotated[
        Literal["valid_loss", "valid_accuracy"],
        Setting(
            "Early stopping watches",
            "What has to improve, or the training stops.",
            section="course",
            words=MONITORS,
            when={"patience": CHANGED},
        ),
    ] = "valid_loss"


class CheckpointRecipe(Part):
    """What is kept: the last and the best always; every ``keep_every`` epochs too where given.

    The last is written after every epoch, and within one after ``minutes`` or ``steps`` where given.
    """

    monitor: Annotated[
        Literal["valid_loss", "valid_accuracy"],
        Setting("Best epoch by", "What makes an epoch the best one, whose weights the model gets.", words=MONITORS),
    ] = "valid_loss"
    keep_every: Annotated[
        Count | None,
        Setting(
            "Keep a checkpoint every",
            "The last and the best are always kept. Empty: only these.",
            section="course",
            unit="epochs",
            option=Option("--keep-every", "Keep the checkpoint of every Nth epoch."),
        ),
    ] = None
    minutes: Annotated[
        Positive | None,
        Setting(
            "Checkpoint by time, every",
            "In long epochs the last checkpoint is also written each time this much time has passed. Empty: only "
            "after each epoch.",
            unit="minutes",
        ),
    ] = 5.0
    steps: Annotated[
        Count | None,
        Setting(
            "Checkpoint by steps, every",
            "In long epochs the last checkpoint is also written each time after this many steps. Empty: not by steps.",
            unit="steps",
            option=Option("--checkpoint-steps", "A checkpoint every N steps too."),
        ),
    ] = None
