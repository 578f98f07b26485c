"""The optimizer of a training, and its constants."""

from collections.abc import Iterator
from typing import Annotated, Literal

from glasshouse.errors import Problem
from glasshouse.recipe.part import Fraction, NotNegative, Part, Positive
from glasshouse.recipe.setting import Option, Setting

__all__ = ["ADAMS", "OptimizerRecipe"]

ADAMS = ("adam", "adamw", "nadam", "radam", "adamax")  # those that have beta1 and beta2


class OptimizerRecipe(Part):
    """The optimizer by name, and its constants; ``lr`` None takes the strategy's default.

    ``momentum`` and ``nesterov`` concern SGD (and RMSprop's momentum); ``beta1`` and ``beta2`` Adam and its relatives;
    ``rho`` RMSprop (torch's alpha) and AdaDelta; ``eps`` None is torch's value for that optimizer.
    """

    name: Annotated[
        Literal["sgd", "adam", "adamw", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta"],
        Setting(
            "Optimizer",
            "The rule by which the weights move. AdamW works well almost everywhere; SGD with momentum is the classic.",
            section="rate",
            words={
                "adamw": "AdamW", "adam": "Adam", "sgd": "SGD", "nadam": "NAdam", "radam": "RAdam", "adamax": "Adamax",
                "rmsprop": "RMSprop", "adagrad": "AdaGrad", "adadelta": "AdaDelta",
            },
            option=Option("--optimizer", "sgd, adam, adamw (the default) or a relative.", "NAME"),
            always=True,
        ),
    ] = "adamw"  # fmt: skip
    lr: Annotated[
        Positive | None,
        Setting(
            "Learning rate",
            "How far the weights move in a step. Too high: the loss jumps or explodes. Too low: it creeps. "
            "Empty: what suits the strategy.",
            section="rate",
            empty="as the strategy has it",
            option=Option("--lr", "Learning rate; the strategy has a default."),
            always=True,
            alone=True,
            swept=True,
        ),
    ] = None
    momentum: Annotated[
        Fraction,
        Setting(
            "Momentum",
            "How much of the last step goes into the next one (SGD and RMSprop).",
            section="rate",
            option=Option("--momentum", "Momentum of sgd and rmsprop (0)."),
            when={"name": ("sgd", "rmsprop")},
        ),
    ] = 0.0
    nesterov: Annotated[
        bool,
        Setting(
            "Nesterov's momentum",
            "SGD looks ahead along its momentum before it corrects itself. It needs a momentum above 0.",
            section="rate",
            when={"name": ("sgd",)},
        ),
    ] = False
    beta1: Annotated[
        Fraction,
        Setting(
            "Beta 1",
            "How slowly Adam's mean of the gradients forgets. 0.9 is usual.",
            when={"name": ADAMS},
        ),
    ] = 0.9
    beta2: Annotated[
        Fraction,
        Setting(
            "Beta 2",
            "How slowly Adam's mean of the squared gradients forgets. 0.999 is usual; 0.99 follows changes faster.",
            when={"name": ADAMS},
        ),
    ] = 0.999
    rho: Annotated[
        Fraction,
        Setting(
            "Rho",
            "How slowly the mean of the squared gradients forgets (RMSprop, which also calls it alpha, and AdaDelta).",
            when={"name": ("rmsprop", "adadelta")},
        ),
    ] = 0.9
    eps: Annotated[
        Positive | None,
        Setting(
            "Epsilon",
            "A small number that keeps the optimizer from dividing by zero. Empty: the optimizer's own.",
            empty="the optimizer's own",
            when={"name": (*ADAMS, "rmsprop", "adagrad", "adadelta")},
        ),
    ] = None
    weight_decay: Annotated[
        NotNegative,
        Setting(
            "Weight decay",
            "Pulls the weights a little towards zero in each step, against memorising.",
            section="rate",
            option=Option("--weight-decay", "Weight decay (0.01)."),
            always=True,
        ),
    ] = 0.01

    def conflicts(self) -> Iterator[Problem]:
        if self.nesterov and self.momentum == 0:
            yield Problem("momentum", "Nesterov's method needs a momentum above 0, such as 0.9")
