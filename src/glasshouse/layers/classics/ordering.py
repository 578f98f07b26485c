"""The order of a network's layers from the names in a file: safetensors files, for one, are sorted by name."""

import re
from collections.abc import Iterable, Sequence

__all__ = ["layer_order"]

LAST = ("fc", "classifier", "head")  # what gives the classes
NEIGHBOURS = (  # names side by side whose order is not that of their letters and numbers; the first fitting row holds
    ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
    ("conv", "bn"),
    ("conv_dw", "bn1", "conv_pw", "bn2"),
    ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"),
    ("conv_stem", "bn1", "blocks", "conv_head", "bn2", "classifier"),
    ("squeeze", "expand1x1", "expand3x3"),
    ("skip", "skipbn", "rep"),
    ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "downsample"),
    ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"),
    ("conv1", "bn1", "conv2", "bn2", *(f"block{n}" for n in range(1, 13)), "conv3", "bn3", "conv4", "bn4", "fc"),
    ("branch1x1", "branch5x5_1", "branch5x5_2", "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3", "branch_pool"),
)


def layer_order(names: Iterable[str]) -> list[str]:
    """The names of a state dictionary in the order in which the layers compute, whatever order they come in.

    Numbers count as numbers, a kernel is before its bias, a convolution before its batch norm, the classes are last.

    >>> layer_order(["fc.weight", "features.10.weight", "features.2.bias", "features.2.weight"])
    ['features.2.weight', 'features.2.bias', 'features.10.weight', 'fc.weight']
    """
    return [".".join(path) for path in _ordered([tuple(name.split(".")) for name in names])]


def _ordered(paths: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    below: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    found: list[tuple[str, ...]] = []
    for first in _side_by_side(below):
        rest = [path for path in below[first] if path]
        found += [(first,)] if len(rest) < len(below[first]) else []
        found += [(first, *path) for path in _ordered(rest)] if rest else []
    return found


def _side_by_side(names: Iterable[str]) -> list[str]:
    given = set(names)
    for row in NEIGHBOURS:
        if given <= set(row):
            return [name for name in row if name in given]
    return sorted(given, key=lambda name: (name in LAST, _natural(name)))


def _natural(name: str) -> list[tuple[str, int]]:
    return [(text, int(number or -1)) for text, number in re.findall(r"(\D*)(\d*)", name)]
