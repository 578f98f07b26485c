"""Where pretrained weights lie: in an installed package, on the shelf, in torch's caches, or on the network. Loads no
torch by itself; the names of files have to be asked of torchvision and timm, which do."""

import hashlib
import os
import re
import threading
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from glasshouse.errors import WeightsError
from glasshouse.messages import Message, Option
from glasshouse.networks.catalogue import Entry
from glasshouse.networks.packages import package_here, packaged
from glasshouse.networks.shelf.items import item_for

__all__ = ["Place", "at_hand", "fetch_file", "locate", "places"]

CONNECT_SECONDS = 8.0


@dataclass(frozen=True)
class Place:
    """One file of pretrained weights: its address, the name it is kept under, and Hugging Face's repository if any."""

    url: str
    file: str
    repository: str = ""


def locate(entry: Entry) -> Path:
    """Return the file of pretrained weights: a package's, the shelf's, from the caches, or fetched into torch's.

    Raises:
        WeightsError: the network has none, or they are neither here nor to be fetched; the file to bring is named.
    """
    if entry.package is not None:
        return packaged(entry.package)
    if (kept := item_for(entry)) is not None:
        return kept.file
    known = places(entry)
    if not known:
        raise WeightsError(
            "{name} has no pretrained weights to fetch; train it from scratch with {none}, or give a "
            "file with {weights}.",
            name=entry.name,
            none=Option("weights", "none"),
            weights=Option("weights", "FILE"),
        )
    for place in known:
        found = _cached(place)
        if found is not None:
            return found
    target = _folder() / known[0].file
    try:
        fetch_file(known[0].url, target)
    except (OSError, HTTPException) as error:
        raise WeightsError(
            "The pretrained weights of {name} are not here and could not be fetched ({error}). Bring the file "
            "{file} from {url}, put it at {target}, or name it with {weights}.",
            name=entry.name,
            error=error,
            file=known[0].file,
            url=known[0].url,
            target=target,
            weights=Option("weights", "FILE"),
        ) from None
    return target


def places(entry: Entry) -> list[Place]:
    """Return where the weights of a network are published, the best place first; empty if nowhere."""
    if entry.library == "own":
        return []
    if entry.library == "torchvision":
        from glasshouse.networks import vision  # slow to import, and the networks of our own do not need it

        return [Place(url, url.rpartition("/")[2]) for url in vision.torchvision_urls(entry.id)]
    from glasshouse.networks import timm_networks  # slow to import as well

    url, repository = timm_networks.timm_source(entry.id)
    found = [Place(url, url.rpartition("/")[2])] if url.endswith((".pth", ".safetensors")) else []
    if repository:
        address = f"https://huggingface.co/{repository}/resolve/main/model.safetensors"
        found.insert(0, Place(address, repository.rpartition("/")[2] + ".safetensors", repository))
    return found


def at_hand(entry: Entry) -> bool:
    """Whether pretrained weights are here, without loading torch (timm's cache alone is not looked at)."""
    if entry.package is not None:
        return package_here(entry.package)
    fetched = entry.library == "torchvision" and any(_folder().glob(f"{entry.id}-*.pth"))
    return fetched or (entry.library != "own" and item_for(entry) is not None)


def _folder() -> Path:
    """Return where torch keeps what it fetched (as ``torch.hub.get_dir``, without loading torch)."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("TORCH_HOME", f"{cache}/torch")).expanduser() / "hub" / "checkpoints"


def _cached(place: Place) -> Path | None:
    kept = _folder() / place.file
    if kept.is_file():
        return kept
    if place.repository:
        from huggingface_hub import try_to_load_from_cache  # timm brings it; only needed for its networks

        found = try_to_load_from_cache(place.repository, "model.safetensors")
        if isinstance(found, str):
            return Path(found)
    return None


def fetch_file(url: str, target: Path) -> None:
    """Fetch ``url`` beside ``target``, check the hash that torchvision writes into the name, and rename it."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    digest = hashlib.sha256()
    try:
        with _open(url) as answer:
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                while block := answer.read(1 << 20):
                    digest.update(block)
                    file.write(block)
        expected = re.search(r"-([0-9a-f]{8,})\.", target.name)
        if expected and not digest.hexdigest().startswith(expected.group(1)):
            raise OSError("what came is damaged: its SHA-256 does not fit its name")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _open(url: str) -> HTTPResponse:
    """Open ``url`` within a few seconds; looking up a name can take minutes, and only a thread can leave it."""
    if urlsplit(url).scheme != "https":
        raise OSError(Message("{url} is not an https address", url=url))
    answers: list[HTTPResponse | Exception] = []

    def ask() -> None:
        try:
            answers.append(urllib.request.urlopen(url, timeout=CONNECT_SECONDS / 2))  # noqa: S310 (https, see above)
        except (OSError, HTTPException) as error:
            answers.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if not answers:
        raise OSError(Message("no answer within {CONNECT_SECONDS} seconds", CONNECT_SECONDS=f"{CONNECT_SECONDS:g}"))
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]
