"""The 1000 classes of ImageNet, in the order of the published weights. Loads no torch."""

import importlib.util
from functools import cache
from pathlib import Path

__all__ = ["imagenet_classes"]


@cache
def imagenet_classes() -> tuple[tuple[str, str], ...]:
    """Number in WordNet and first English name of each class: ("n01440764", "tench") is class 0.

    They are read from text files that timm brings along; timm itself is not imported.
    """
    place = importlib.util.find_spec("timm")
    folders = [] if place is None else list(place.submodule_search_locations or ())
    folder = Path(folders[0], "data", "_info")
    words = dict(line.split("\t", 1) for line in _lines(folder / "imagenet_synset_to_lemma.txt"))
    numbers = _lines(folder / "imagenet_synsets.txt")
    return tuple((number, words[number].split(",")[0].strip().replace(" ", "_")) for number in numbers)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()
