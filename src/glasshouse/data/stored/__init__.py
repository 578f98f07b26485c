"""The splits of a dataset on disk."""
