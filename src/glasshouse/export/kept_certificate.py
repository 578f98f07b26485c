"""The certificate of a model's ONNX file, kept with the model: in ``model.json``, and in words on its card."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from glasshouse.export.archive import MANIFEST
from glasshouse.export.card_file import CARD, CARD_PARTS
from glasshouse.export.certificate import Certificate
from glasshouse.export.description import CERTIFICATE, TEXTS, read_manifest
from glasshouse.integrity.documents import CHECKSUM, with_checksum
from glasshouse.messages import Message, joined, message_of, parts_of

__all__ = ["card_with", "card_without", "keep_certificate", "kept_certificate"]

TITLE = Message("As an ONNX file")


def keep_certificate(model: Path | None, certificate: Certificate) -> bool:
    """Put the certificate of a model's ONNX file on its card; return whether the model is a folder that allows it.

    An earlier certificate is replaced. Of weights that are not the certificate's nothing is kept.
    """
    if model is None or not (model / MANIFEST).is_file():
        return False
    with suppress(OSError):
        manifest = read_manifest({MANIFEST: (model / MANIFEST).read_bytes()}, str(model))
        if manifest["weights"].get("sha256") != certificate.weights:
            return False
        told, text = _card(model, manifest, certificate)
        if text is not None:
            _put(model / CARD, text)
        _put(model / MANIFEST, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        return True
    return False


def kept_certificate(manifest: Mapping[str, Any]) -> Certificate | None:
    """Return the certificate in what ``model.json`` holds; None if there is none, or it is of other weights."""
    with suppress(ValueError, AttributeError):
        found = Certificate.from_dict(manifest.get(CERTIFICATE) or {})
        if found.weights == manifest["weights"].get("sha256"):
            return found
    return None


def card_with(card: str, certificate: Certificate) -> str:
    """Return a card with the certificate as its last section, in the place of an earlier one."""
    return joined("\n", [card_without(card), _section(certificate)])


def card_without(card: str) -> str:
    """Return a card without what is said of an ONNX file."""
    begin = f"\n## {TITLE}\n"
    if begin not in card:
        return card
    if isinstance(card, Message) and card.template == "{1}\n{2}":  # which `card_with` made
        return str(card.values["1"])
    before, _, section = card.partition(begin)
    _own, following, after = section.partition("\n## ")  # what a person wrote behind it stays
    return before + following + after


def _section(certificate: Certificate) -> Message:
    compared = joined(", ", [f"{name} {count:,}" for name, count in certificate.splits.items()])
    said = Message(
        "The ONNX file `{file}` was compared with PyTorch on {pictures} pictures ({splits}): the largest difference of "
        "a probability is {difference} (at most {limit} is accepted), {flips} pictures get another class.",
        file=certificate.file, pictures=f"{certificate.pictures:,}", splits=compared,
        difference=f"{certificate.largest_difference:.2g}", limit=f"{certificate.limit:g}", flips=certificate.flips,
    )  # fmt: skip
    made = Message(
        "Opset {opset}, SHA-256 `{sha256}`; {versions}.", opset=certificate.opset, sha256=certificate.sha256,
        versions=", ".join(f"{name} {number}" for name, number in certificate.versions.items()),
    )  # fmt: skip
    return joined("", [joined("", ["## ", TITLE]), "\n\n", said, "\n\n", made, "\n"])


def _card(model: Path, manifest: Mapping[str, Any], certificate: Certificate) -> tuple[dict[str, Any], str | None]:
    """Return the manifest with the certificate, and the new card if the model has one."""
    told = {**manifest, CERTIFICATE: certificate.to_dict()}
    card = None
    if CARD in manifest["files"]:
        text = (model / CARD).read_text(encoding="utf-8", errors="replace")
        card = card_with(message_of(text, manifest.get(CARD_PARTS)), certificate)
        parts = parts_of(card)
        told |= {} if parts is None else {CARD_PARTS: parts}
    if CHECKSUM not in manifest:  # of a version that wrote none
        return told, card
    if card is not None:
        told[TEXTS] = {**manifest[TEXTS], CARD: hashlib.sha256(card.encode()).hexdigest()}
    return with_checksum(told), card


def _put(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
