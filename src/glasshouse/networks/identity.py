"""Whose weights a file holds: what is beside it, its name, and which networks of the catalogue it fits."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from glasshouse.messages import Message, joined
from glasshouse.networks.build import Built
from glasshouse.networks.catalogue import CATALOGUE, Entry, plain
from glasshouse.networks.layered import Layered
from glasshouse.networks.places import Origin

__all__ = ["differences", "fitting_networks", "normalized_otherwise", "of_another"]

LEARNS_ONLY = ("initializer", "regularizer", "constraint", "seed")  # settings that change nothing that is computed
TRAINING = ("Dropout", "SpatialDropout2D", "GaussianNoise")
HEADS = 4_200_000  # weights that another number of classes may add or take away
CLOSE = 1e-3  # between means, and between deviations, of values 0 to 1: what rounding may do


def of_another(built: Built, origin: Origin | None) -> str | None:
    """Return the name of the network that weights are of, as told beside them, if it is not ``built``'s."""
    if origin is None or not isinstance(origin.network, str) or isinstance(built.module, Layered):
        return None
    return None if _base(origin.network) in _names(built.entry) else origin.network


def differences(built: Built, origin: Origin | None, file: Path) -> Iterator[str]:
    """Yield what shows that weights which fit are another network's all the same."""
    other = of_another(built, origin)
    if other is not None and origin is not None:
        yield (
            Message(
                "the weights are of {other}, as {name} beside them says; they fit {name2} in names and shapes, but a "
                "network that computes otherwise may do badly with them",
                other=other,
                name=origin.place.name,
                name2=built.entry.name,
            )
        )
    elif (origin is None or origin.network is None) and (named := _in_name(built, file)):
        yield (
            Message(
                "the file's name says {named}, and the network is {name}; see that they are the same network",
                named=named,
                name=built.entry.name,
            )
        )
    if origin is not None and isinstance(origin.network, dict) and isinstance(built.module, Layered):
        changed = _changed(origin.network, built.module.description)
        if changed:
            more = Message(" and {problems} more", problems=len(changed) - 3) if len(changed) > 3 else ""
            yield Message(
                "the weights were trained in other layers: {changed}{more}",
                changed=joined("; ", changed[:3]),
                more=more,
            )


def normalized_otherwise(origin: Origin | None, mean: Sequence[float], std: Sequence[float]) -> str | None:
    """Return what to say where weights were trained on pictures normalised by other numbers than these."""
    if origin is None or origin.mean is None or origin.std is None or len(origin.mean) != len(mean):
        return None
    pairs = [*zip(origin.mean, mean, strict=True), *zip(origin.std, std, strict=False)]
    if all(abs(a - b) < CLOSE for a, b in pairs):
        return None
    return Message(
        "the weights were trained on pictures normalized by mean {mean} and deviation {std}; this training "
        "normalizes by mean {mean2} and deviation {std2} (the field normalize)",
        mean=_listed(origin.mean),
        std=_listed(origin.std),
        mean2=_listed(mean),
        std2=_listed(std),
    )


def fitting_networks(state: Mapping[str, Tensor], but: Entry | None = None) -> list[str]:
    """Return the networks of the catalogue whose bodies hold exactly these tensors, by names and shapes."""
    count = sum(value.numel() for name, value in state.items() if "running_" not in name)
    others = [entry for entry in CATALOGUE.values() if entry.library != "own" and entry is not but]
    near = [entry for entry in others if abs(count - entry.parameters) <= HEADS + entry.parameters / 10]
    return [entry.name for entry in near if any(_same(state, shapes) for shapes in _shapes(entry))]


@cache
def _shapes(entry: Entry) -> list[dict[str, torch.Size]]:
    """Return the shapes of the tensors of a published network by their names, in each library that has it."""
    from glasshouse.networks import timm_networks, vision  # slow to import, and rarely needed

    with torch.device("meta"):
        make = [vision.make_torchvision(entry.id, 1000)] if entry.library == "torchvision" else []
    name = entry.id if entry.library == "timm" else entry.twin
    make += [timm_networks.make_timm(name, 1000, 3, None)] if name else []
    return [{name: value.shape for name, value in module.state_dict().items()} for module in make]


def _same(state: Mapping[str, Tensor], expected: Mapping[str, torch.Size]) -> bool:
    """Whether the tensors are those of a network, but for heads and counters: all of them, and hardly any more."""
    last = list(expected)[-1].rpartition(".")[0]
    body = {n: v for n, v in expected.items() if not n.startswith(last + ".") and not n.endswith("num_batches_tracked")}
    there = [name for name in body if name in state and state[name].shape == body[name]]
    others = [n for n in state if n not in expected and not n.endswith("num_batches_tracked")]
    return bool(body) and len(there) == len(body) and len(others) <= len(body) / 10


def _names(entry: Entry) -> set[str]:
    return {_base(name) for name in (entry.name, entry.id, entry.twin) if name}


def _base(name: str) -> str:
    """Return a network's name without the tag of its weights (``resnet18.a1_in1k``), as names are compared."""
    return plain(name.partition(".")[0])


def _in_name(built: Built, file: Path) -> str | None:
    """Return the network that a file is named after, if it is another one: ``resnet34-b627a593.pth``."""
    if built.entry.library in ("own", "layers"):
        return None
    words = plain(re.split(r"[-.]", file.name)[0])
    names = {plain(name): name for entry in CATALOGUE.values() for name in (entry.id, entry.name)}
    names = {key: name for key, name in names.items() if key not in ("lenet", "dense128", "convnet4")}
    if built.entry.library == "timm" or words.startswith("tf"):
        from glasshouse.networks import timm_networks  # slow to import, and rarely needed

        names = {plain(name): name for name in timm_networks.timm_names()} | names
    close = [key for key in names if words == key or words.startswith(key)]
    best = max(close, key=len, default=None)
    if best is None or len(best) < 5 or best in _names(built.entry):
        return None
    return names[best]


def _changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Message]:
    """Return in words how the layers of two descriptions differ in what they compute; the input and last may."""
    before, after = _layers(was), _layers(now)
    last = set(map(str, [*(was.get("outputs") or []), *(now.get("outputs") or [])]))
    found = [
        Message("{name} is not among these layers", name=name)
        for name in before
        if name not in after and name not in last
    ]
    found += [
        Message("{name} was not among those layers", name=name)
        for name in after
        if name not in before and name not in last
    ]
    for name in (name for name in before if name in after):
        if before[name][0] != after[name][0]:
            found.append(
                Message("{name} was {before}, and is {after}", name=name, before=before[name][0], after=after[name][0])
            )
            continue
        (_, one), (_, two) = before[name], after[name]
        for key in sorted({*one, *two} - ({"units"} if name in last else set())):
            if one.get(key) != two.get(key):
                found.append(
                    Message(
                        "{key} of {name} was {key2}, and is {key3}",
                        key=key,
                        name=name,
                        key2=one.get(key, Message("not set")),
                        key3=two.get(key, Message("not set")),
                    )
                )
    return found


def _layers(description: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the layers by name: their kind, and the settings that change what they compute in use."""
    entries = description.get("layers")
    found = {}
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or entry.get("layer") in ("Input", None) or _only_trains(str(entry["layer"])):
            continue
        settings = entry.get("settings")
        settings = settings if isinstance(settings, dict) else {}
        kept = {key: value for key, value in settings.items() if not any(word in key for word in LEARNS_ONLY)}
        found[str(entry.get("name"))] = str(entry["layer"]), kept
    return found


def _only_trains(layer: str) -> bool:
    return layer in TRAINING or layer.startswith("Random")


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.3f}" for number in numbers)
