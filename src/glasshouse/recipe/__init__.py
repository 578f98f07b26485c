"""Recipes: what a dataset is made of and how a network is trained, as validated data.

The web form, the command line, a recipe file and Python all build these objects, and only these are run.
A recipe is frozen, has a version, turns into JSON and back, and tells all of its problems at once.
"""

from glasshouse.recipe.augmentation import AugmentationRecipe
from glasshouse.recipe.best_epoch import CheckpointRecipe, EarlyStoppingRecipe
from glasshouse.recipe.dataset import DatasetRecipe, LabelRecipe
from glasshouse.recipe.document import Recipe
from glasshouse.recipe.edits import Edit
from glasshouse.recipe.objective import ObjectiveRecipe
from glasshouse.recipe.optimizer import OptimizerRecipe
from glasshouse.recipe.part import Part
from glasshouse.recipe.schedule import ScheduleRecipe
from glasshouse.recipe.training import TrainingRecipe

__all__ = [
    "AugmentationRecipe",
    "CheckpointRecipe",
    "DatasetRecipe",
    "EarlyStoppingRecipe",
    "Edit",
    "LabelRecipe",
    "ObjectiveRecipe",
    "OptimizerRecipe",
    "Part",
    "Recipe",
    "ScheduleRecipe",
    "TrainingRecipe",
]
