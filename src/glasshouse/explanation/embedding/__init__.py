"""The pictures of a dataset as a map: features of a network in two dimensions."""
