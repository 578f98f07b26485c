"""How the learning rate moves during a training."""

from typing import Annotated, Literal

from pydantic import Field

from glasshouse.recipe.part import Part
from glasshouse.recipe.setting import Option, Setting

__all__ = ["ScheduleRecipe"]


class ScheduleRecipe(Part):
    """How the learning rate moves; percentages are of the whole training, as in DIGITS.

    With base rate r and t in [0, 100] percent: ``constant`` r; ``step`` r·gamma^⌊t/step⌋; ``multi-step``
    r·gamma^(number of milestones passed); ``exponential`` r·gamma^t; ``inverse`` r·(1+gamma·t)^-power;
    ``polynomial`` r·(1-t/100)^power; ``sigmoid`` r/(1+exp(gamma·(t-step))); ``cosine`` from r to r/final_div;
    ``one-cycle`` (Smith 2018, as in fastai) from r/div up to r at pct_start and down to r/final_div, both by half
    cosines. ``warmup`` is a number of epochs in which the rate rises linearly from 0. None takes the schedule's own
    default.
    """

    name: Annotated[
        Literal[
            "constant", "step", "multi-step", "exponential", "inverse", "polynomial", "sigmoid", "cosine", "one-cycle"
        ],
        Setting(
            "Schedule",
            "How the learning rate moves during the training; the drawing beside shows it.",
            section="rate",
            words={
                "one-cycle": "One cycle", "constant": "Constant", "step": "Step down", "multi-step": "Several steps",
                "exponential": "Exponential", "inverse": "Inverse", "polynomial": "Polynomial", "sigmoid": "Sigmoid",
                "cosine": "Cosine",
            },
            option=Option("--schedule", "Schedule of the learning rate (one-cycle).", "NAME"),
            always=True,
        ),
    ] = "one-cycle"  # fmt: skip
    warmup: Annotated[
        float,
        Field(ge=0, le=100_000),
        Setting(
            "Warm-up",
            "Number of epochs over which the rate rises linearly from zero.",
            section="rate",
            unit="epochs",
            option=Option("--warmup", "Warm-up: epochs over which the rate rises linearly from 0 (0)."),
        ),
    ] = 0.0
    step: Annotated[
        Annotated[float, Field(gt=0, le=100)] | None,
        Setting(
            "Step",
            "Where it steps, in percent of the training. Empty: the schedule's own.",
            section="rate",
            unit="%",
            empty="the schedule's own",
            when={"name": ("step", "sigmoid")},
        ),
    ] = None
    milestones: Annotated[
        tuple[Annotated[float, Field(gt=0, lt=100)], ...],
        Field(max_length=1000),
        Setting(
            "Steps at",
            "Where the schedule of several steps goes down, in percent of the training, with spaces between.",
            section="rate",
            unit="%",
            when={"name": ("multi-step",)},
            always=True,
            alone=True,
        ),
    ] = (50.0, 85.0)
    gamma: Annotated[
        Annotated[float, Field(gt=0, le=1000)] | None,
        Setting(
            "Gamma",
            "The factor of step, exponential, inverse and sigmoid schedules. Empty: the schedule's own.",
            section="rate",
            empty="the schedule's own",
            when={"name": ("step", "multi-step", "exponential", "inverse", "sigmoid")},
        ),
    ] = None
    power: Annotated[
        Annotated[float, Field(gt=0, le=1000)] | None,
        Setting(
            "Power",
            "How bent polynomial and inverse schedules are: 1 is a straight line for the polynomial one. "
            "Empty: the schedule's own.",
            section="rate",
            empty="the schedule's own",
            when={"name": ("polynomial", "inverse")},
        ),
    ] = None
    pct_start: Annotated[
        float,
        Field(gt=0, lt=1),
        Setting(
            "Peak at",
            "Where one cycle reaches its highest rate, as a fraction of the training.",
            unit="of the training",
            when={"name": ("one-cycle",)},
        ),
    ] = 0.25
    div: Annotated[
        float,
        Field(ge=1),
        Setting(
            "Initial divisor",
            "One cycle begins at the learning rate divided by this.",
            when={"name": ("one-cycle",)},
        ),
    ] = 25.0
    final_div: Annotated[
        float,
        Field(ge=1),
        Setting(
            "Final divisor",
            "One cycle and cosine end at the learning rate divided by this.",
            when={"name": ("one-cycle", "cosine")},
        ),
    ] = 1e5
