"""A candidate of a search, and its score: fields of a training recipe, and how good they are on pictures left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glasshouse.messages import Message, joined

__all__ = ["Candidate", "Score"]


@dataclass(frozen=True)
class Candidate:
    """Fields of a training recipe, without what they learn from; ``of_network`` is the network's name.

    ``part`` n > 1: it is tried on one in n of the training pictures, for a first impression of many. ``side``: it sees
    pictures of this many pixels a side, read from the source again; None: as the dataset has them.
    """

    fields: Mapping[str, Any]
    of_network: str
    part: int = 1
    side: int | None = None

    @property
    def strategy(self) -> str:
        return str(self.fields["strategy"])

    @property
    def frozen(self) -> bool:
        """Whether the head is solved for on features of the frozen network."""
        return self.strategy == "features" and self.fields.get("head") == "linear"

    @property
    def plain(self) -> bool:
        """Whether it is a linear head on frozen features of the unchanged pictures, all of them."""
        return self.frozen and self.views == 1 and self.part == 1

    @property
    def pretrained(self) -> bool:
        return bool(self.fields["weights"] != "none")

    @property
    def views(self) -> int:
        return int(self.fields.get("views", 1))

    @property
    def epochs(self) -> float:
        """How often it goes through the pictures; epochs of the head alone cost a third."""
        return float(self.fields.get("epochs", 1)) + (1 / 3 if self.strategy == "fine-tune" else 0)

    @property
    def looks(self) -> int:
        """How many features of each picture have to be computed that a plainer candidate left undone."""
        return self.views - (self.views > 1)

    @property
    def what(self) -> str:
        """What it does beside its strategy, in words."""
        found: list[str] = []
        if self.side is not None:
            found.append(Message("{side}x{side} pixels", side=self.side))
        if self.fields.get("head") == "steps":
            found.append(Message("head trained by steps"))
        if "epochs" in self.fields:
            found.append(Message("{count} epochs", count=self.fields["epochs"]))
        if self.views > 1:
            found.append(Message("{count} views", count=self.views))
        if changes := self.fields.get("augmentation"):
            crops = Message("flips and crops") if "crop_scale" in changes else Message("flips")
            found.append(crops if "horizontal_flip" in changes else Message("small shifts"))
        if self.part > 1:
            found.append(Message("1 in {part} pictures", part=self.part))
        return joined(", ", found)


@dataclass(frozen=True)
class Score:
    """How good a candidate is on pictures left out: accuracy and cross-entropy.

    ``whole``: on all pictures that candidates are compared on, not only on some of them.
    """

    candidate: Candidate
    accuracy: float
    loss: float
    whole: bool

    @property
    def rank(self) -> tuple[float, float]:
        return -self.accuracy, self.loss
