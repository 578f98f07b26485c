"""Training: from a recipe to a run's folder, as a generator of events."""
