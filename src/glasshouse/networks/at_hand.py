"""Whether pretrained weights are on this machine; asks the disk alone, and loads no torch."""

import os
from importlib.util import find_spec
from pathlib import Path

from glasshouse.networks.catalogue import Entry

__all__ = ["weights_here"]


def weights_here(entry: Entry) -> bool:
    """Tell whether pretrained weights are at hand, in a package or in torch's cache, without loading torch."""
    if entry.package is not None:
        return find_spec(entry.package.file.partition("/")[0]) is not None
    home = Path(os.environ.get("TORCH_HOME", Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "torch"))
    folder = home.expanduser() / "hub" / "checkpoints"
    return entry.library != "own" and any(folder.glob(f"{entry.id}-*.pth"))
