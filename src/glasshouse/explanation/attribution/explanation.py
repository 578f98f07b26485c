"""One explanation: a picture, an answer, a map of the evidence for a class, and the result of the method's check."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import InputError, ModelError
from glasshouse.explanation.attribution.drawing import page, png, svg
from glasshouse.explanation.checks.result import Check
from glasshouse.messages import Message

__all__ = ["Explanation"]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a model gave its answer for one picture.

    ``label`` and ``probability`` are its answer; ``values`` float32 (H, W), at the size of the network's input, is the
    evidence for ``class_name`` by ``method`` (Grad-CAM's at ``layer``): larger is more, below 0 is against it.
    ``picture`` uint8 (H, W, C) is what the network saw. ``probabilities`` (K,) are those of ``classes``. ``notes`` say
    what the method assumed. ``check`` is the result of the checks of this method on this model.
    """

    path: str | None
    picture: NDArray[np.uint8]
    label: str
    probability: float
    method: str
    class_name: str
    layer: str | None
    values: NDArray[np.float32]
    check: Check
    classes: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def class_probability(self) -> float:
        """The probability of the class that is explained."""
        return self.probabilities[self.classes.index(self.class_name)]

    def to_dict(self, values: bool = False) -> dict[str, Any]:
        """Return it with the words of ``glasshouse explain --json``; with ``values`` the map too, as rows of numbers.

        The map of a method that failed its check is no explanation; its numbers are for studying the failure.
        """
        found: dict[str, Any] = {
            "path": self.path, "label": self.label, "probability": self.probability, "method": self.method,
            "class": self.class_name, "layer": self.layer, "check": self.check.to_dict(), "notes": list(self.notes),
        }  # fmt: skip
        return {**found, "values": self.values.tolist()} if values else found

    def save(self, path: str | Path) -> Path:
        """Write picture, map and the result of the check as ``.png``, ``.svg`` or ``.html``.

        Raises:
            InputError: the name ends in something else.
            ModelError: the method failed its check, so that nothing may be shown; or it cannot be written.
        """
        place = Path(path)
        if place.suffix.lower() not in (".png", ".svg", ".html"):
            raise InputError("An explanation is written as .png, .svg or .html; got {path}.", path=place.name)
        if not self.check.shown:
            raise ModelError(
                "{method} failed its check on this model, so nothing was drawn: {reason}",
                method=self.method, reason=self.check.reason,
            )  # fmt: skip
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(self._drawn(place.suffix.lower()))
        except OSError as error:
            raise ModelError(
                "The file {path} cannot be written: {strerror}.", path=place, strerror=error.strerror or error
            ) from None
        return place

    def _drawn(self, suffix: str) -> bytes:
        if suffix == ".png":
            return png(self.picture, self.values, self._lines(), json.dumps(self.to_dict(), ensure_ascii=False))
        text = svg(self.picture, self.values, self._title(), self._lines())
        return (text if suffix == ".svg" else page(self._title(), text)).encode("utf-8")

    def _title(self) -> str:
        return Message(
            "{class_name}: {percent} % ({method})",
            class_name=self.class_name, percent=f"{100 * self.class_probability:.1f}", method=self.method,
        )  # fmt: skip

    def _lines(self) -> list[str]:
        return [*str(self.check).splitlines(), *self.notes]

    def _repr_html_(self) -> str:
        shown = svg(self.picture, self.values if self.check.shown else None, self._title(), self._lines())
        return f'<div class="glasshouse-explanation">{shown}</div>'

    def __repr__(self) -> str:
        return (
            f"<Explanation {self.method} of {self.class_name} ({100 * self.class_probability:.1f} %), "
            f"says {self.label}, check {self.check.state}>"
        )
