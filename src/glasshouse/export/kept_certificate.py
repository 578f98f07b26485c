"""The certificate of a model's ONNX file, kept with the model: in ``model.json``, and in words on its card."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from glasshouse.errors import ModelError
from glasshouse.export.archive import MANIFEST
from glasshouse.export.card_file import read_card
from glasshouse.export.card_sections import with_section, without_section
from glasshouse.export.card_writing import write_card
from glasshouse.export.certificate import Certificate
from glasshouse.export.description import CERTIFICATE, read_manifest
from glasshouse.messages import Message, joined

__all__ = ["card_without", "keep_certificate", "kept_certificate"]

TITLE = joined("", ["## ", Message("As an ONNX file")])


def keep_certificate(model: Path | None, certificate: Certificate) -> bool:
    """Put the certificate of a model's ONNX file on its card; return whether that was possible.

    It is for a folder that may be written, of the weights that the certificate is of; a file stays as it is. An earlier
    certificate is replaced.
    """
    if model is None or not (model / MANIFEST).is_file():
        return False
    with suppress(OSError, ModelError):
        manifest = read_manifest({MANIFEST: (model / MANIFEST).read_bytes()}, str(model))
        if manifest["weights"].get("sha256") == certificate.weights:
            card = with_section(read_card(model), _section(certificate))
            write_card(model, card, {CERTIFICATE: certificate.to_dict()})
            return True
    return False


def kept_certificate(manifest: Mapping[str, Any]) -> Certificate | None:
    """Return the certificate in what ``model.json`` holds; None if there is none, or it is of other weights."""
    with suppress(ValueError, AttributeError):
        found = Certificate.from_dict(manifest.get(CERTIFICATE) or {})
        if found.weights == manifest["weights"].get("sha256"):
            return found
    return None


def card_without(card: str) -> str:
    """Return a card without what is said of an ONNX file."""
    return without_section(card, TITLE)


def _section(certificate: Certificate) -> Sequence[Message]:
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
    return [TITLE, said, made]
