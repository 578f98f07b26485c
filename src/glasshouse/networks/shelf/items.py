"""What is on the shelf: a folder for each item, with ``weights.safetensors`` and ``card.json``. Loads no torch."""

import json
import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from glasshouse.errors import WeightsError
from glasshouse.integrity.documents import parse_object
from glasshouse.networks.catalogue import Entry, plain
from glasshouse.networks.shelf.place import shelf_folder

__all__ = ["CARD", "WEIGHTS", "Card", "Item", "check_name", "find_item", "item_for", "items", "remove_item"]

CARD, WEIGHTS = "card.json", "weights.safetensors"
KIND = "glasshouse-weights"
NAME = re.compile(r"[^\W_][\w.+-]{0,119}")
NON_COMMERCIAL = ("-nc", "noncommercial", "non-commercial", "research")


@dataclass(frozen=True)
class Card:
    """What is known of weights.

    ``network`` is the network they are of (its name in the catalogue or in timm), ``width`` and ``height`` the size of
    the pictures in pixels that they were trained on, ``classes`` how many outputs they have, ``top1`` and ``top5`` the
    accuracy on the validation pictures of ImageNet (0..1, None if nobody has told), ``measured`` how that was
    measured where it was not the network itself; ``mean`` and ``std`` the normalization of their pictures (on values
    0..1, one number a channel). ``licence`` is a short name such as Apache-2.0, empty if unknown; ``source`` says
    where the file came from, ``sha256`` and ``bytes`` belong to ``weights.safetensors``; ``added`` is a date.
    """

    name: str
    network: str
    width: int
    height: int
    parameters: int
    classes: int = 1000
    top1: float | None = None
    top5: float | None = None
    measured: str = ""
    licence: str = ""
    source: str = ""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    sha256: str = ""
    bytes: int = 0
    added: str = ""
    added_by: str = ""

    @property
    def commercial(self) -> bool | None:
        """Whether the licence allows commercial use; None if no licence is known."""
        return not any(word in self.licence.lower() for word in NON_COMMERCIAL) if self.licence else None

    def to_dict(self) -> dict[str, Any]:
        return {"kind": KIND, "version": 1, **asdict(self)}


@dataclass(frozen=True)
class Item:
    """Weights that are at hand: their card and their file; ``packaged`` if an installed package carries them.

    ``notes`` say what was noticed when a file was added, such as a name that belongs to another network.
    """

    card: Card
    file: Path
    packaged: bool = False
    notes: tuple[str, ...] = ()


def check_name(name: str) -> str:
    """Return a name of the shelf in its one spelling (NFC).

    Raises:
        WeightsError: it cannot be the name of a folder.
    """
    composed = unicodedata.normalize("NFC", name)
    if not NAME.fullmatch(composed) or composed.endswith("."):
        raise WeightsError(
            "{name} cannot be the name of weights; take letters, digits, '.', '-' and '_', up to 120 of them.",
            name=repr(name[:80]),
        )
    return composed


def items(folder: Path | None = None) -> Iterator[Item]:
    """Yield what lies on the shelf in ``folder`` (unless given, this computer's), by name, but for damaged cards."""
    place = shelf_folder() if folder is None else folder
    for card in sorted(place.glob(f"*/{CARD}"), key=lambda path: path.parent.name.lower()):
        found = read_card(card)
        if found is not None and (card.parent / WEIGHTS).is_file():
            yield Item(found, card.parent / WEIGHTS)


def find_item(name: str, folder: Path | None = None) -> Item | None:
    """Return the item of that name (letter case, ``-`` and ``_`` do not matter), None if there is none."""
    return next((item for item in items(folder) if plain(item.card.name) == plain(name)), None)


def item_for(entry: Entry, folder: Path | None = None) -> Item | None:
    """Return the first item with weights of that network: of the very tag if it names one, else of any tag."""
    names = {plain(name) for name in (entry.name, entry.id) if name}
    return next((item for item in items(folder) if plain(item.card.network) in names), None) or next(
        (item for item in items(folder) if plain(item.card.network.partition(".")[0]) in names), None
    )


def remove_item(name: str, folder: Path | None = None) -> Card:
    """Take an item off the shelf and delete its file.

    Raises:
        WeightsError: there is none of that name.
    """
    item = find_item(name, folder)
    if item is None:
        raise missing(name, folder)
    shutil.rmtree(item.file.parent)
    return item.card


def missing(name: str, folder: Path | None) -> WeightsError:
    """Return the error that says that nothing on the shelf has this name."""
    there = ", ".join(item.card.name for item in items(folder))
    if not there:
        return WeightsError("There are no weights named {name} on the shelf; it is empty.", name=repr(name))
    return WeightsError(
        "There are no weights named {name} on the shelf; it holds {there}.", name=repr(name), there=there
    )


def read_card(path: Path) -> Card | None:
    """Return a card, None if it is damaged or none of ours."""
    try:
        told = parse_object(path.read_bytes())
    except (OSError, ValueError):
        return None
    return card_of(told)


def card_of(told: dict[str, Any]) -> Card | None:
    """Return the card that a document tells; fields that this version does not know are passed over."""
    if told.get("kind") != KIND:
        return None
    known = {field.name: told[field.name] for field in fields(Card) if field.name in told}
    for name in ("mean", "std"):
        known[name] = tuple(known.get(name) or ())
    try:
        card = Card(**known)
        numbers = [card.width, card.height, card.parameters, card.classes, card.bytes, *card.mean, *card.std]
        texts = [card.name, card.network, card.licence, card.source, card.sha256, card.added, card.added_by]
    except TypeError:
        return None
    whole = all(isinstance(one, int | float) for one in numbers) and all(isinstance(one, str) for one in texts)
    shares = all(one is None or isinstance(one, int | float) for one in (card.top1, card.top5))
    return card if whole and shares and NAME.fullmatch(card.name) else None


def written(card: Card) -> str:
    """Return a card as the text of its file."""
    return json.dumps(card.to_dict(), ensure_ascii=False, indent=2) + "\n"
