"""``get_image_files`` and ``parent_label``: which pictures there are, and what the name of their folder says."""

from collections.abc import Sequence
from pathlib import Path

from glasshouse.data.sources.lookup import ENDINGS
from glasshouse.data.sources.source import source_paths

__all__ = ["get_image_files", "parent_label"]


def get_image_files(path: str | Path, recurse: bool = True, folders: Sequence[str] | None = None) -> list[Path]:
    """Return the pictures under ``path``, sorted; with ``folders`` only those in these folders of it.

    Raises:
        SourceError: ``path`` is not there.
    """
    root = Path(path)
    kept = []
    for name in source_paths(str(root)):
        parts = name.split("/")
        inside = (recurse or len(parts) == 1) and (not folders or (len(parts) > 1 and parts[0] in folders))
        if inside and Path(name).suffix.lower() in ENDINGS:
            kept.append(root / name)
    return kept


def parent_label(path: str | Path) -> str:
    """Return the name of the folder that a picture lies in."""
    return Path(path).parent.name
