"""The learning rate as a recipe will have it, before anything is trained."""

from glasshouse.recipe import TrainingRecipe
from glasshouse.training.schedules import rate

__all__ = ["rates_ahead"]

POINTS = 200
USUAL = 1e-3


def rates_ahead(recipe: TrainingRecipe) -> list[tuple[float, float]]:
    """Return (epoch, rate) at 201 moments that lie evenly from the begin to the end."""
    epochs = recipe.epochs or 1
    warmup = round(recipe.schedule.warmup / epochs * POINTS)
    base = recipe.optimizer.lr or USUAL
    return [(epochs * k / POINTS, rate(k, POINTS, base, recipe.schedule, warmup)) for k in range(POINTS + 1)]
