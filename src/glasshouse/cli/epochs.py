"""How the command line shows a training: as a Learner does."""

from glasshouse.training.display import show_training

__all__ = ["show_training"]
