"""Shortcut alarm: marks that return in the pictures of one class, and whether the model goes by them."""
