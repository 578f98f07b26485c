"""Models for use: the bundle on disk, the predictor, and scoring a model on a dataset."""
