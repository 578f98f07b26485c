"""Making a dataset: written beside its place, moved when whole."""
