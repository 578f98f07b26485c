"""A model: its training, its curves, its recipe in words, its code."""
