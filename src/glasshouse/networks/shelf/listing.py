"""All weights there are to choose from: in the box, on the shelf, and the recommended ones to fetch. Loads no torch."""

from pathlib import Path
from typing import Any

from glasshouse.errors import WeightsError
from glasshouse.networks.catalogue import plain
from glasshouse.networks.shelf.items import Card, Item, find_item, items, remove_item
from glasshouse.networks.shelf.recommended import RECOMMENDED, in_the_box

__all__ = ["chosen", "here", "listed", "remove_listed", "to_fetch", "weights_by_name"]


def here(folder: Path | None = None) -> list[Item]:
    """Return the weights at hand: those in the box, then those on the shelf in ``folder`` by name."""
    return [*in_the_box(), *items(folder)]


def to_fetch(folder: Path | None = None) -> list[Card]:
    """Return the cards of recommended networks whose weights are not at hand."""
    there = {plain(name) for item in here(folder) for name in (item.card.name, item.card.network)}
    return [card for card in RECOMMENDED.values() if plain(card.name) not in there]


def chosen(name: str, folder: Path | None = None) -> Item | None:
    """Return the weights at hand of that name, None if there are none."""
    boxed = (item for item in in_the_box() if plain(item.card.name) == plain(name))
    return next(boxed, None) or find_item(name, folder)


def weights_by_name(weights: str, folder: Path | None = None) -> str:
    """Return the file of ``weights`` where they are named as on the shelf and no such file exists, else as given.

    Those in the box are ``pretrained``, which every computer with Glasshouse finds.
    """
    if weights in ("none", "pretrained") or Path(weights).expanduser().exists():
        return weights
    item = chosen(weights, folder)
    if item is None:
        return weights
    return "pretrained" if item.packaged else str(item.file.resolve())


def listed(of: Item | Card) -> dict[str, Any]:
    """Return weights as scripts read them: the card, ``commercial``, ``here`` and ``place`` (box, shelf or empty)."""
    card = of.card if isinstance(of, Item) else of
    place = ("box" if of.packaged else "shelf") if isinstance(of, Item) else ""
    path = str(of.file) if isinstance(of, Item) else None
    return {**card.to_dict(), "commercial": card.commercial, "here": bool(place), "place": place, "path": path}


def remove_listed(name: str, folder: Path | None = None) -> Card:
    """Take weights off the shelf and delete their file.

    Raises:
        WeightsError: there are none of that name, or they come with an installed package.
    """
    if (item := chosen(name, folder)) is not None and item.packaged:
        raise WeightsError(
            "{name} comes with Glasshouse ({source}) and cannot be removed.",
            name=item.card.name,
            source=item.card.source,
        )
    return remove_item(name, folder)
