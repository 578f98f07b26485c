"""The shelf of weights: files of pretrained weights that are kept to be chosen again, each with its card."""
