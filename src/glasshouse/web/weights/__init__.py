"""The shelf of weights: what pretrained weights are at hand, added, fetched, removed."""
