"""The card of a model read from its folder alone, without weights or network."""

from pathlib import Path

from glasshouse.export.archive import MANIFEST
from glasshouse.integrity.documents import parse_object
from glasshouse.messages import message_of

__all__ = ["CARD", "CARD_PARTS", "read_card"]

CARD = "card.md"
CARD_PARTS = "card_parts"  # in model.json: template and values of the card, for pages in other languages


def read_card(model: Path) -> str:
    """Return the card of the model in the folder ``model``, as a message if its parts are there; "" without a card."""
    try:
        text = (model / CARD).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    try:
        return message_of(text, parse_object((model / MANIFEST).read_bytes()).get(CARD_PARTS))
    except (OSError, ValueError):
        return text
