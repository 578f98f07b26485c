"""Schedules of the learning rate, written out: the arithmetic of glasshouse.training.schedules, number for number."""

from glasshouse.recipe import ScheduleRecipe

__all__ = ["factor_text"]


def factor_text(recipe: ScheduleRecipe, say: dict[str, str], by_phase: bool = False) -> str:
    """A function ``factor(t)`` of the way t from 0 to 1; ``by_phase`` gives one-cycle's peak and start as arguments."""
    lines, said = _LINES[recipe.name](recipe), say[recipe.name]
    head = f"def factor(t, peak={recipe.pct_start!r}, div={recipe.div!r}):" if by_phase else "def factor(t):"
    if not by_phase:
        lines = [
            line.replace("peak", repr(recipe.pct_start)).replace("1 / div", f"1 / {recipe.div!r}") for line in lines
        ]
    return "\n".join([head, f'    """{said}"""', *(f"    {line}" for line in lines)]) + "\n"


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _cosine(r: ScheduleRecipe) -> list[str]:
    return [f"low = 1 / {r.final_div!r}", "return low + (1.0 - low) * (1 + math.cos(math.pi * min(1.0, t))) / 2"]


def _one_cycle(r: ScheduleRecipe) -> list[str]:
    return [
        "if t < peak:",
        "    start = 1 / div",
        "    return 1.0 + (start - 1.0) * (1 + math.cos(math.pi * min(1.0, t / peak))) / 2",
        f"end = 1 / {r.final_div!r}",
        "return end + (1.0 - end) * (1 + math.cos(math.pi * min(1.0, (t - peak) / (1 - peak)))) / 2",
    ]


_LINES = {
    "constant": lambda r: ["return 1.0"],
    "step": lambda r: [f"return math.pow({_or(r.gamma, 0.1)!r}, math.floor(100 * t / {_or(r.step, 33.0)!r}))"],
    "multi-step": lambda r: [
        f"passed = sum(100 * t >= milestone for milestone in {tuple(sorted(r.milestones))!r})",
        f"return math.pow({_or(r.gamma, 0.5)!r}, passed)",
    ],
    "exponential": lambda r: [f"return math.pow({_or(r.gamma, 0.95)!r}, 100 * t)"],
    "inverse": lambda r: [f"return math.pow(1 + {_or(r.gamma, 0.1)!r} * 100 * t, -{_or(r.power, 0.5)!r})"],
    "polynomial": lambda r: [f"return math.pow(max(0.0, 1 - t), {_or(r.power, 3.0)!r})"],
    "sigmoid": lambda r: [
        f"exponent = {_or(r.gamma, 0.1)!r} * (100 * t - {_or(r.step, 50.0)!r})",
        "return 1 / (1 + math.exp(min(exponent, 700.0)))",
    ],
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}
