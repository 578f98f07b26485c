"""Weights into a network: none, pretrained ones, or a file's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from glasshouse.errors import WeightsError
from glasshouse.messages import Message
from glasshouse.networks.build import Built
from glasshouse.networks.fitting import Fit, fit
from glasshouse.networks.foreign import foreign_tensors
from glasshouse.networks.identity import differences, fitting_networks, of_another
from glasshouse.networks.layered import Layered, own_names
from glasshouse.networks.places import Origin, origin, weights_file
from glasshouse.networks.reading import read_weights

__all__ = ["WeightsReport", "load_weights", "read_weights"]

SPARE = 0.1  # of the file's tensors may have no place in the network, such as classifiers used only in training
ENOUGH = 0.9  # of the body's tensors; less than that is another network's file


@dataclass(frozen=True)
class WeightsReport:
    """What was loaded: ``loaded`` of ``total`` tensors of the network, from ``source``.

    ``skipped`` names the network's tensors that kept their start (the head, for other classes), ``unused`` the file's
    that the network has no place for; ``message`` says it in a sentence. ``notes`` say what shows that weights which
    fit were made for another network all the same.
    """

    loaded: int
    total: int
    skipped: tuple[str, ...]
    source: str
    message: str
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def load_weights(built: Built, weights: str) -> WeightsReport:
    """Put ``weights`` into the network: ``none``, ``pretrained``, or the path of a safetensors or torch file,
    of a model or of a run.

    The head stays fresh where the number of classes differs.

    Raises:
        WeightsError: the file is missing, refused, not finite, or does not fit the network's body.
    """
    if weights == "none":
        total = len(built.module.state_dict())
        return WeightsReport(0, total, (), "none", Message("{name} starts from random weights", name=built.entry.name))
    source = weights
    if weights == "pretrained" and isinstance(built.module, Layered):
        raise WeightsError(
            "{name} is made of layers, and nobody has published weights for it; give a file that "
            "it was trained into, or none.",
            name=built.entry.name,
        )
    if weights == "pretrained":
        from glasshouse.networks.pretrained import locate  # asks the libraries and the network; a file needs neither

        source = str(locate(built.entry))
    state = read_weights(source)
    told = origin(weights_file(Path(source)))
    if isinstance(built.module, Layered):
        state = own_names(built.module, state)
    found = fit(built, state)
    if found.share < ENOUGH and built.entry.library == "timm":
        from glasshouse.networks import timm_networks  # loaded already, by building

        found = fit(built, timm_networks.converted(built.module, state))
    _check(built, state, found, source, told)
    built.module.load_state_dict(found.tensors, strict=False)
    notes = () if weights == "pretrained" else tuple(differences(built, told, weights_file(Path(source))))
    return replace(_report(built, found, source), notes=notes)


def _check(built: Built, state: Mapping[str, Tensor], found: Fit, source: str, told: Origin | None) -> None:
    name = built.entry.name
    if found.share < ENOUGH:
        raise WeightsError(
            "The weights in {source} are not of {name}: {share} of its body fits, by names or by order and "
            "shapes. The network misses {missing}; the file has {unused}. {built}",
            source=source,
            name=name,
            share=f"{found.share:.0%}",
            missing=_some(found.missing),
            unused=_some(found.unused),
            built=_way(built, state, told),
        )
    spare = [one for one in found.unused if one not in found.missing]
    if len(spare) > 2 and len(spare) > SPARE * len(state):
        raise WeightsError(
            "The weights in {source} are of a larger network than {name}, or of another kind: {name2} has no "
            "place for {spare} of the file's {state} tensors ({spare2}). {built}",
            source=source,
            name=name,
            name2=name,
            spare=len(spare),
            state=len(state),
            spare2=_some(spare),
            built=_way(built, state, told),
        )
    bad = [name for name, value in found.tensors.items() if not torch.isfinite(value).all()]
    if bad:
        raise WeightsError(
            "The weights in {source} hold NaN or infinite numbers in {bad}; take another file.",
            source=source,
            bad=_some(bad),
        )


def _way(built: Built, state: Mapping[str, Tensor], told: Origin | None) -> str:
    """Return the sentence that says whose weights they are, if anything shows it."""
    if other := of_another(built, told):
        return Message("They are of {other}; choose that network, or other weights.", other=other)
    if foreign := foreign_tensors(list(state)):
        return foreign
    if state and not any(value.is_floating_point() for value in state.values() if value.ndim > 1):
        return Message("Its numbers are whole ones (quantized for use); take the weights before they were quantized.")
    fitting = [] if built.entry.library in ("own", "layers") else fitting_networks(state, built.entry)
    if fitting:
        return Message("They fit {fitting}; choose that network, or other weights.", fitting=" and ".join(fitting))
    return Message("Choose the network that the file was made for.")


def _report(built: Built, found: Fit, source: str) -> WeightsReport:
    loaded, total = len(found.tensors), len(found.tensors) + len(found.missing)
    message = Message("loaded {loaded} of {total} tensors from {source}", loaded=loaded, total=total, source=source)
    if found.missing:
        message += Message("; fresh: {missing}", missing=_some(found.missing))
        if built.head_name + ".weight" in found.missing:
            message += Message(" (the head, for {out_features} classes)", out_features=built.head.out_features)
    unused = tuple(name for name in found.unused if name not in found.missing)
    if unused:
        message += Message("; not used of the file: {unused}", unused=_some(unused))
    return WeightsReport(loaded, total, found.missing, source, message, unused)


def _some(names: tuple[str, ...] | list[str]) -> str:
    if not names:
        return "nothing"
    return ", ".join(names[:4]) + (Message(" and {problems} more", problems=len(names) - 4) if len(names) > 4 else "")
