"""Does an exported file answer as its model? Compared picture by picture, in batches of several sizes."""

import hashlib
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glasshouse import __version__
from glasshouse.data.dataset import Dataset
from glasshouse.events import Progress, result_of
from glasshouse.export.onnx_network import OnnxNetwork
from glasshouse.messages import Message

__all__ = ["BATCHES", "LIMIT", "PICTURES", "Certificate", "certified", "certifying", "chosen_pictures", "steps_of"]

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

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the certificate that ``to_dict`` gave; what a later version added is passed over.

        Raises:
            ValueError: it is none.
        """
        try:
            found = {one.name: data[one.name] for one in fields(cls)}
            return cls(**found | {
                "pictures": int(found["pictures"]), "flips": int(found["flips"]), "opset": int(found["opset"]),
                "splits": {str(name): int(count) for name, count in found["splits"].items()},
                "largest_difference": float(found["largest_difference"]), "limit": float(found["limit"]),
                "batches": tuple(map(int, found["batches"])), "versions": dict(found["versions"]),
            })  # fmt: skip
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None

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
    return result_of(certifying(data, expected, rows, splits, file=file, weights=weights, opset=opset))


def certifying(
    data: bytes, expected: NDArray[np.float32], rows: NDArray[np.uint8], splits: Mapping[str, int], *, file: str,
    weights: str, opset: int,
) -> Generator[Progress, None, Certificate]:  # fmt: skip
    """Yield how many pictures were compared, and return what ``certified`` does."""
    try:
        network, found = OnnxNetwork(data, max(BATCHES)), []
        for part, step in steps_of("comparing", rows, _batches(rows), len(rows)):
            found.append(network.compute(part, "probabilities", len(part)))
            yield step
        difference, flips = _compared(expected, np.concatenate(found))
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


def steps_of(
    stage: str, rows: NDArray[np.uint8], parts: Iterator[NDArray[np.uint8]], before: int = 0
) -> Iterator[tuple[NDArray[np.uint8], Progress]]:
    """Yield ``parts`` of ``rows``, each with how far the work is once it is done: model and file answer all ``rows``.

    ``before`` are those that the model answered.
    """
    begin, done, total = time.monotonic(), 0, 2 * len(rows)
    for part in parts:
        seconds = time.monotonic() - begin
        remaining = seconds / done * (total - before - done) if done else None
        done += len(part)
        yield part, Progress(stage, before + done, total, seconds, remaining)


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
