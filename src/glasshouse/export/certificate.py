"""Does an exported file answer as its model? Compared picture by picture, in batches of several sizes."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse import __version__
from glasshouse.data.dataset import Dataset
from glasshouse.export.onnx_network import OnnxNetwork
from glasshouse.messages import Message

__all__ = ["BATCHES", "LIMIT", "PICTURES", "Certificate", "certified", "chosen_pictures"]

LIMIT = 1e-4  # of a difference between two probabilities
PICTURES = 200
BATCHES = (1, 3, 8)  # pictures at once, in turn: a file that was frozen to one size fails


@dataclass(frozen=True)
class Certificate:
    """How an exported file answered beside PyTorch with the model's own weights.

    ``pictures`` were compared, of each split ``splits``; ``largest_difference`` is that of a probability (0..1);
    ``flips`` are pictures with another class by more than ``limit``. ``sha256`` is that of the file, ``weights``
    that of the model's weights. ``reason`` says why it did not pass.
    """

    file: str
    pictures: int
    splits: Mapping[str, int]
    largest_difference: float
    flips: int
    passed: bool
    reason: str
    limit: float
    batches: tuple[int, ...]
    opset: int
    sha256: str
    weights: str
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse export --json``."""
        return {**asdict(self), "batches": list(self.batches)}

    def __str__(self) -> str:
        of = ", ".join(f"{count:,} of {split}" for split, count in self.splits.items())
        found = f"{self.pictures:,} pictures compared with PyTorch ({of}): "
        found += f"largest difference of a probability {self.largest_difference:.2g}, {self.flips} other answers."
        return f"{found} {self.reason}".rstrip()


def chosen_pictures(dataset: Dataset) -> tuple[NDArray[np.uint8], dict[str, int]]:
    """Return pictures (n, H, W, C) to compare, and how many of each split: 200 of ``val`` evenly spread, or all of it
    and, as far as they are needed, pictures of ``train``.
    """
    parts, counts = [], dict[str, int]()
    for name in ("val", "train"):
        split, wanted = dataset.splits.get(name), PICTURES - sum(counts.values())
        if split is not None and len(split) and wanted > 0:
            rows = np.unique(np.linspace(0, len(split) - 1, min(wanted, len(split))).round().astype(np.int64))
            parts.append(split.rows(rows))
            counts[name] = len(rows)
    return np.concatenate(parts), counts


def certified(
    data: bytes, expected: NDArray[np.float32], rows: NDArray[np.uint8], splits: Mapping[str, int], *, file: str,
    weights: str, opset: int,
) -> Certificate:  # fmt: skip
    """Return the certificate of the ONNX file ``data``.

    ``expected`` are the model's probabilities (n, K) of ``rows`` (n, H, W, C), which are ``splits`` of the dataset.
    """
    try:
        network = OnnxNetwork(data, max(BATCHES))
        found = np.concatenate([network.compute(part, "probabilities", len(part)) for part in _batches(rows)])
        difference, flips = _compared(expected, found)
        reason = _reason(difference, flips)
    except Exception as error:  # noqa: BLE001  of a file that cannot be computed onnxruntime raises classes of its own
        difference, flips = 1.0, len(rows)
        reason = Message(
            "The file cannot be computed: {reason}", reason=(str(error) or type(error).__name__).splitlines()[0][:300]
        )
    return Certificate(
        file, len(rows), dict(splits), difference, flips, not reason, reason, LIMIT, BATCHES, opset,
        hashlib.sha256(data).hexdigest(), weights,
        {"glasshouse": __version__, **{name: version(name) for name in ("torch", "onnx", "onnxruntime")}},
    )  # fmt: skip


def _batches(rows: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    start, turn = 0, 0
    while start < len(rows):
        size = BATCHES[turn % len(BATCHES)]
        yield rows[start : start + size]
        start, turn = start + size, turn + 1


def _compared(expected: NDArray[np.float32], found: NDArray[np.float32]) -> tuple[float, int]:
    """Return the largest difference and the number of other answers; no number at all counts as the largest."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return 1.0, len(expected)
    own, answers = expected.max(1), found.argmax(1)
    flips = own - expected[np.arange(len(expected)), answers] > LIMIT
    return float(np.abs(found - expected).max()), int(flips.sum())


def _reason(difference: float, flips: int) -> str:
    if difference <= LIMIT and not flips:
        return ""
    return Message(
        "Its probabilities differ from the model's by up to {difference} (at most {LIMIT} is accepted), and {flips} "
        "pictures get another class.", difference=f"{difference:.2g}", LIMIT=f"{LIMIT:g}", flips=flips,
    )  # fmt: skip
