"""Where the shelf of weights lies on this computer. Loads no torch."""

import os
from pathlib import Path

__all__ = ["SHELF", "home_folder", "shelf_folder"]

SHELF = "GLASSHOUSE_WEIGHTS"


def home_folder() -> Path:
    """Return the home unless told otherwise: GLASSHOUSE_HOME, or a folder of the user's data."""
    told = os.environ.get("GLASSHOUSE_HOME")
    if told:
        return Path(told)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "glasshouse"


def shelf_folder() -> Path:
    """Return the folder of the shelf: GLASSHOUSE_WEIGHTS, or ``weights`` in the home."""
    told = os.environ.get(SHELF)
    return Path(told) if told else home_folder() / "weights"
