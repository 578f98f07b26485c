"""What the engine refuses, and says so.

InputError (glasshouse.errors)
├── ArrayError     not an array the engine knows, or two kinds of array in one operation
└── ShapeError     shapes, axes or labels that do not fit
GlasshouseError
└── GraphError     the recorded graph cannot do what is asked of it
"""

from glasshouse.errors import GlasshouseError, InputError

__all__ = ["ArrayError", "GraphError", "ShapeError"]


class ArrayError(InputError, TypeError):
    """Not an array the engine knows, or NumPy and torch mixed in one operation."""


class ShapeError(InputError):
    """Shapes, axes or labels do not fit each other."""


class GraphError(GlasshouseError, RuntimeError):
    """The recorded graph cannot do what is asked of it."""
