"""What a browser test knows of the running Studio."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Running:
    """The address of a running Studio, and a folder of pictures that it may read."""

    address: str
    pictures: Path
