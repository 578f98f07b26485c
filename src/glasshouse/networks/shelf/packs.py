"""A pack: items of the shelf in one file, to carry to computers without a network."""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from glasshouse.errors import WeightsError
from glasshouse.integrity.documents import parse_object
from glasshouse.networks.shelf.adding import put, staged
from glasshouse.networks.shelf.items import CARD, WEIGHTS, Card, card_of, find_item, missing, written
from glasshouse.networks.shelf.place import shelf_folder

__all__ = ["Unpacked", "pack", "unpack"]

BLOCK = 1 << 20
MOST_CARD = 100_000  # bytes
MOST_ITEMS = 200


@dataclass(frozen=True)
class Unpacked:
    """What came out of a pack: cards that are new on the shelf, and those that were there already."""

    added: tuple[Card, ...]
    known: tuple[Card, ...]


def pack(names: Sequence[str], out: Path, folder: Path | None = None) -> list[Card]:
    """Write items of the shelf into one file (a zip archive whose members are not compressed).

    Raises:
        WeightsError: a name is not on the shelf, nothing was named, or the file exists or cannot be written.
    """
    if not names:
        raise WeightsError("Name the weights to pack.")
    found = {item.card.name: item for name in names if (item := find_item(name, folder)) is not None}
    for name in names:
        if find_item(name, folder) is None:
            raise missing(name, folder)
    part = out.with_name(f"{out.name}.part")
    try:
        if out.exists():
            raise WeightsError("{out} exists already; give another name, or delete it first.", out=out)
        with zipfile.ZipFile(part, "w") as archive:
            for name, item in found.items():
                archive.writestr(f"{name}/{CARD}", written(item.card))
                archive.write(item.file, f"{name}/{WEIGHTS}")
        part.rename(out)
    except OSError as error:
        raise WeightsError(
            "Cannot write the pack {out}: {strerror}.", out=out, strerror=error.strerror or error
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return [item.card for item in found.values()]


def unpack(path: Path, folder: Path | None = None) -> Unpacked:
    """Put the items of a pack on the shelf; each is checked against its SHA-256 before it is seen.

    Raises:
        WeightsError: the file is no pack or damaged; or an item of its name is on the shelf with other contents.
            Items that came before it stay.
    """
    place = shelf_folder() if folder is None else folder
    added, known = [], []
    try:
        with zipfile.ZipFile(path) as archive:
            for card in _cards(archive, path):
                there = find_item(card.name, place)
                if there is not None and there.card.sha256 == card.sha256:
                    known.append(there.card)
                elif there is not None:
                    raise WeightsError("The shelf has other weights named {name}; remove those first.", name=card.name)
                else:
                    _take(archive, card, path, place)
                    added.append(card)
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, EOFError) as error:
        raise WeightsError(
            "{path} is no whole pack of weights ({error}); copy it again.", path=path, error=error
        ) from None
    except OSError as error:
        raise WeightsError(
            "Cannot read the pack {path}: {strerror}.", path=path, strerror=error.strerror or error
        ) from None
    return Unpacked(tuple(added), tuple(known))


def _cards(archive: zipfile.ZipFile, path: Path) -> list[Card]:
    """Return the cards of a pack, all of them checked before the first weights are read."""
    places = [info for info in archive.infolist() if info.filename.endswith(f"/{CARD}")]
    if not places or len(places) > MOST_ITEMS:
        raise WeightsError("{path} is no pack of weights.", path=path)
    cards = []
    for info in places:
        if info.file_size > MOST_CARD:
            raise WeightsError(
                "{path}: {filename} is too large to be a card of weights.", path=path, filename=info.filename
            )
        card = card_of(parsed(archive.read(info)))
        if card is None or info.filename != f"{card.name}/{CARD}":
            raise WeightsError(
                "{path}: {filename} is no card of weights, or not of the folder it is in.",
                path=path,
                filename=info.filename[:120],
            )
        weights = archive.getinfo(f"{card.name}/{WEIGHTS}")
        if weights.file_size != card.bytes or weights.compress_type != zipfile.ZIP_STORED:
            raise WeightsError(
                "{path}: the weights {name} are not as large as their card says; copy it again.",
                path=path,
                name=card.name,
            )
        cards.append(card)
    return cards


def parsed(data: bytes) -> dict[str, object]:
    """Return a card's document, empty if it is none."""
    try:
        return dict(parse_object(data))
    except ValueError:
        return {}


def _take(archive: zipfile.ZipFile, card: Card, path: Path, place: Path) -> None:
    with staged(place) as stage:
        whole = stage / "item"
        whole.mkdir()
        digest = hashlib.sha256()
        with archive.open(f"{card.name}/{WEIGHTS}") as source, (whole / WEIGHTS).open("wb") as target:
            while block := source.read(BLOCK):
                digest.update(block)
                target.write(block)
        if digest.hexdigest() != card.sha256:
            raise WeightsError(
                "{path} is damaged: the SHA-256 of {name} is not the one on its card.", path=path, name=card.name
            )
        try:
            with safe_open(whole / WEIGHTS, framework="numpy") as file:
                file.keys()
        except SafetensorError as error:
            raise WeightsError(
                "{path}: the weights {name} are no safetensors file ({error}).", path=path, name=card.name, error=error
            ) from None
        (whole / CARD).write_text(written(card), encoding="utf-8")
        put(whole, place / card.name)
