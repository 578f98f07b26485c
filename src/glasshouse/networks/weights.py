"""Weights into a network: none, pretrained ones, or a file's."""

from dataclasses import dataclass

import torch

from glasshouse.errors import WeightsError
from glasshouse.networks.build import Built
from glasshouse.networks.fitting import Fit, fit
from glasshouse.networks.layered import Layered, own_names
from glasshouse.networks.reading import read_weights

__all__ = ["WeightsReport", "load_weights", "read_weights"]

ENOUGH = 0.9  # of the body's tensors; less than that is another network's file


@dataclass(frozen=True)
class WeightsReport:
    """What was loaded: ``loaded`` of ``total`` tensors of the network, from ``source``.

    ``skipped`` names the network's tensors that kept their start (the head, for other classes), ``unused`` the file's
    that the network has no place for; ``message`` says it in a sentence.
    """

    loaded: int
    total: int
    skipped: tuple[str, ...]
    source: str
    message: str
    unused: tuple[str, ...] = ()


def load_weights(built: Built, weights: str) -> WeightsReport:
    """Put ``weights`` into the network: ``none``, ``pretrained``, or the path of a safetensors or torch file.

    The head stays fresh where the number of classes differs.

    Raises:
        WeightsError: the file is missing, refused, not finite, or does not fit the network's body.
    """
    if weights == "none":
        total = len(built.module.state_dict())
        return WeightsReport(0, total, (), "none", f"{built.entry.name} starts from random weights")
    source = weights
    if weights == "pretrained" and isinstance(built.module, Layered):
        raise WeightsError(f"{built.entry.name} is made of layers, and nobody has published weights for it; give "
                           "a file that it was trained into, or none.")  # fmt: skip
    if weights == "pretrained":
        from glasshouse.networks.pretrained import locate  # asks the libraries and the network; a file needs neither

        source = str(locate(built.entry))
    state = read_weights(source)
    if isinstance(built.module, Layered):
        state = own_names(built.module, state)
    found = fit(built, state)
    if found.share < ENOUGH and built.entry.library == "timm":
        from glasshouse.networks import vision  # loaded already, by building

        found = fit(built, vision.converted(built.module, state))
    _check(built, found, source)
    built.module.load_state_dict(found.tensors, strict=False)
    return _report(built, found, source)


def _check(built: Built, found: Fit, source: str) -> None:
    if found.share < ENOUGH:
        raise WeightsError(
            f"The weights in {source} are not of {built.entry.name}: {found.share:.0%} of its body fits, by names or "
            f"by order and shapes. The network misses {_some(found.missing)}; the file has {_some(found.unused)}. "
            "Choose the network that the file was made for."
        )
    bad = [name for name, value in found.tensors.items() if not torch.isfinite(value).all()]
    if bad:
        raise WeightsError(f"The weights in {source} hold NaN or infinite numbers in {_some(bad)}; take another file.")


def _report(built: Built, found: Fit, source: str) -> WeightsReport:
    loaded, total = len(found.tensors), len(found.tensors) + len(found.missing)
    message = f"loaded {loaded} of {total} tensors from {source}"
    if found.missing:
        message += f"; fresh: {_some(found.missing)}"
        if built.head_name + ".weight" in found.missing:
            message += f" (the head, for {built.head.out_features} classes)"
    unused = tuple(name for name in found.unused if name not in found.missing)
    if unused:
        message += f"; not used of the file: {_some(unused)}"
    return WeightsReport(loaded, total, found.missing, source, message, unused)


def _some(names: tuple[str, ...] | list[str]) -> str:
    if not names:
        return "nothing"
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
