"""Putting weights on the shelf: your own file, or one that is published."""

import datetime as dt
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from glasshouse.errors import NetworkError, WeightsError
from glasshouse.messages import Message, Option
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import Entry, find
from glasshouse.networks.identity import fitting_networks
from glasshouse.networks.places import Origin, origin, weights_file
from glasshouse.networks.pretrained import fetch_file, places
from glasshouse.networks.reading import read_weights
from glasshouse.networks.shelf.items import CARD, WEIGHTS, Card, Item, check_name, find_item, written
from glasshouse.networks.shelf.place import shelf_folder
from glasshouse.networks.shelf.recommended import RECOMMENDED
from glasshouse.networks.weights import load_weights

__all__ = ["add_file", "fetch_item", "published_card", "staged"]

TORCHVISION_LICENCE = "BSD-3-Clause"


def add_file(
    path: Path, network: str = "", name: str = "", licence: str = "", source: str = "", by: str = "",
    folder: Path | None = None,
) -> Item:  # fmt: skip
    """Put the weights in ``path`` on the shelf, as safetensors; the file itself stays where it is.

    ``network`` is the network that they are of; unless given, it follows from what lies beside the file or by the names
    and shapes of its tensors. ``name`` is the item's, unless given the file's.

    Raises:
        WeightsError: the file cannot be read or does not fit the network; nothing tells the network; or the name is
            taken.
        NetworkError: there is no such network.
    """
    state = read_weights(path)
    beside = origin(weights_file(path))
    entry = find(network) if network else _recognised(path, state, beside)
    chosen = check_name(name or _name_of(path))
    known = RECOMMENDED.get(entry.name)
    classes = _classes(entry, state)
    card = _card(chosen, entry, classes)
    if beside is not None and beside.mean and beside.std:
        card = replace(card, mean=beside.mean, std=beside.std)
    report = load_weights(build(entry.name, max(1, classes), entry.channels, entry.width, entry.height), str(path))
    licence = licence or (known.licence if known else "")
    card = replace(card, licence=licence, source=source or path.name, added_by=by)
    return replace(_keep(state, card, shelf_folder() if folder is None else folder), notes=report.notes)


def published_card(name: str) -> Card:
    """Return the card of published weights: of the list of recommended networks, of the catalogue or of timm.

    Raises:
        NetworkError: there is no such network.
        WeightsError: nobody has published weights for it that could be fetched.
    """
    if name in RECOMMENDED:
        return RECOMMENDED[name]
    entry = find(name)
    found = places(entry)
    if not found:
        raise WeightsError(
            "{name} has no published weights to fetch; add a file of them to the shelf.", name=entry.name
        )
    licence, classes = TORCHVISION_LICENCE, entry.classes
    if entry.library == "timm":
        from glasshouse.networks import timm_networks  # places has loaded it

        licence, classes = timm_networks.timm_licence(entry.id)
    return replace(_card(entry.name, entry, classes), licence=licence, source=found[0].url)


def fetch_item(name: str, by: str = "", folder: Path | None = None) -> Item:
    """Fetch published weights and put them on the shelf.

    Raises:
        WeightsError: there are none, they cannot be fetched (the file to bring is named), they are damaged, or they
            are on the shelf already.
        NetworkError: there is no such network.
    """
    card = published_card(name)
    entry, place = find(card.network), shelf_folder() if folder is None else folder
    if entry.package is not None:
        raise WeightsError(
            "{name} comes with Glasshouse ({source}); there is nothing to fetch.", name=card.name, source=card.source
        )
    _free(card.name, place)
    found = places(entry)
    with staged(place) as stage:
        target = stage / found[0].file
        try:
            fetch_file(found[0].url, target)
        except (OSError, HTTPException) as error:
            raise WeightsError(
                "The weights {name} could not be fetched ({error}). On a computer with a network, bring the file "
                "{file} from {url}; then add it to the shelf here, as weights of {network}.",
                name=card.name,
                error=error,
                file=found[0].file,
                url=found[0].url,
                network=card.network,
            ) from None
        state = read_weights(target)
        load_weights(build(entry.name, max(1, card.classes), entry.channels, entry.width, entry.height), str(target))
        return _keep(state, replace(card, source=found[0].url, added_by=by), place)


def _keep(state: dict[str, Tensor], card: Card, place: Path) -> Item:
    """Write the item beside its place and rename it: a half-written one is never seen."""
    _free(card.name, place)
    with staged(place) as stage:
        whole = stage / "item"
        whole.mkdir()
        save_file({key: value.contiguous().clone() for key, value in state.items()}, whole / WEIGHTS)
        data = (whole / WEIGHTS).read_bytes()
        today = dt.datetime.now(dt.UTC).date().isoformat()
        card = replace(card, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), added=today)
        (whole / CARD).write_text(written(card), encoding="utf-8")
        put(whole, place / card.name)
    return Item(card, place / card.name / WEIGHTS)


def put(whole: Path, target: Path) -> None:
    """Rename a whole item to its place.

    Raises:
        WeightsError: something has that name already.
    """
    try:
        whole.rename(target)
    except OSError as error:
        if target.exists():
            raise _taken(target.name) from None
        raise WeightsError("Cannot write {target}: {strerror}.", target=target, strerror=error.strerror) from None


@contextmanager
def staged(place: Path) -> Iterator[Path]:
    """Give a folder on the shelf's own disk in which an item is made; it vanishes afterwards."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{os.getpid()}-", dir=place) as folder:
            yield Path(folder)
    except OSError as error:
        raise WeightsError(
            "Cannot write to the shelf of weights in {place}: {strerror}.",
            place=place,
            strerror=error.strerror or error,
        ) from None


def _free(name: str, place: Path) -> None:
    if find_item(name, place) is not None or (place / name).exists():
        raise _taken(name)


def _taken(name: str) -> WeightsError:
    return WeightsError(
        "There are weights named {name} on the shelf already; give another name, or remove those first.", name=name
    )


def _recognised(path: Path, state: dict[str, Tensor], beside: Origin | None) -> Entry:
    """Return the network that weights are of, by what lies beside them or by their names and shapes."""
    if beside is not None and isinstance(beside.network, dict):
        raise WeightsError(
            "{path} belongs to a custom network, which has no place on the shelf; give the file itself with {weights}.",
            path=path,
            weights=Option("weights", "FILE"),
        )
    if beside is not None and isinstance(beside.network, str):
        try:
            return find(beside.network)
        except NetworkError:
            pass  # written by another program; the tensors may tell
    fitting = fitting_networks(state)
    if len(fitting) == 1:
        return find(fitting[0])
    known = (
        Message("they fit {fitting}", fitting=" and ".join(fitting))
        if fitting
        else Message("they fit no network of the catalogue by name and shape")
    )
    raise WeightsError(
        "Nothing says which network the weights in {path} are of ({known}); name the network as well.",
        path=path,
        known=known,
    )


def _classes(entry: Entry, state: dict[str, Tensor]) -> int:
    """Return how many classes the file's head gives; 0 if it has no head under the network's name for it."""
    head = state.get(f"{entry.head}.weight")
    if head is not None:
        return int(head.shape[0])
    last = [value for name, value in state.items() if name.endswith(".bias") and value.ndim == 1]
    return int(last[-1].shape[0]) if last and len(last[-1]) == entry.classes else entry.classes


def _card(name: str, entry: Entry, classes: int) -> Card:
    known = RECOMMENDED.get(entry.name)
    return Card(
        name, entry.name, entry.width, entry.height, entry.parameters, classes,
        known.top1 if known else None, known.top5 if known else None, known.measured if known else "",
        mean=tuple(entry.mean), std=tuple(entry.std),
    )  # fmt: skip


def _name_of(path: Path) -> str:
    """Return the name of an item for a file: its own without the ending, or that of a run's or a model's folder."""
    stem = re.sub(r"\.(safetensors|pth|pt|bin|ckpt|model|zip)$", "", path.resolve().name, flags=re.IGNORECASE)
    return re.sub(r"[^\w.+-]+", "-", stem).strip("-._") or "weights"
