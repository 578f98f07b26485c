"""What a training makes small: cross-entropy with label smoothing and class weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from glasshouse.errors import Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.recipe import ObjectiveRecipe

__all__ = ["Objective", "build_objective", "class_weights"]


@dataclass(frozen=True)
class Objective:
    """The sum over a batch of w·(-Σ_k t_k log p_k), t being the target with its label smoothed by ``smoothing``.

    Targets are class numbers (N,) or, if pictures are mixed, parts of classes y (N, K). The weight w belongs to
    the example, not to the classes that its target is spread over: w(y), or Σ_k y_k w(k) where pictures are mixed.
    So it says how much an example counts, and never what is asked for: the least loss still lies at p = t.
    Dividing the sum by the number of pictures is left to the step, because a step may gather several batches.
    """

    weights: torch.Tensor | None
    smoothing: float

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        mixed = targets.is_floating_point()
        if self.weights is None or not (mixed or self.smoothing):  # torch weights plain labels by their class
            return F.cross_entropy(
                logits, targets, self.weights, reduction="none", label_smoothing=self.smoothing
            ).sum()
        weights = targets @ self.weights if mixed else self.weights[targets]
        losses = F.cross_entropy(logits, targets, reduction="none", label_smoothing=self.smoothing)
        return (weights * losses).sum()


def build_objective(
    recipe: ObjectiveRecipe, classes: Sequence[str], labels: np.ndarray, device: torch.device
) -> Objective:
    """Return the objective for training pictures with ``labels`` (N,) among ``classes``."""
    weights = class_weights(recipe, classes, labels)
    tensor = None if weights is None else torch.tensor(weights, dtype=torch.float32, device=device)
    return Objective(tensor, recipe.label_smoothing)


def class_weights(recipe: ObjectiveRecipe, classes: Sequence[str], labels: np.ndarray) -> list[float] | None:
    """Return a weight a class, or None: ``balanced`` is N/(K·n) for n pictures of the class, so their mean is 1.

    Raises:
        RecipeError: weights are given for classes that are not there, or all are 0.
    """
    given = recipe.class_weights
    if given == "none":
        return None
    if isinstance(given, dict):
        problems = [
            Problem(
                f"objective.class_weights.{name}",
                Message("no such class; there are {classes}", classes=", ".join(classes)),
            )
            for name in given
            if name not in classes
        ]
        if problems:
            raise RecipeError("the training recipe", problems)
        found = [given.get(name, 1.0) for name in classes]
        if not any(found):
            problem = Problem("objective.class_weights", "every class has the weight 0, so nothing can be learned")
            raise RecipeError("the training recipe", [problem])
        return found
    counts = np.bincount(labels, minlength=len(classes))
    return [float(len(labels) / (len(classes) * max(1, count))) for count in counts]
