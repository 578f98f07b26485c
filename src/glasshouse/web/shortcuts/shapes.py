"""What the API returns of the shortcut alarm."""

from typing import Literal

from glasshouse.web.context.shapes import Shape

__all__ = ["HiddenOut", "HiddenRequest", "ShortcutOut", "ShortcutsOut", "ShortcutsRequest"]


class ShortcutsRequest(Shape):
    """Which pictures are looked at."""

    split: Literal["val", "train"] = "val"


class HiddenRequest(ShortcutsRequest):
    """The region to hide: x0, y0, x1, y1 in pixels of the dataset's pictures."""

    box: tuple[int, int, int, int]


class HiddenOut(Shape):
    """The accuracy as it is and with the region hidden, with 95 % intervals; ``p`` of the paired exact McNemar test."""

    box: list[int]
    count: int
    accuracy: float
    interval: list[float]
    hidden: float
    hidden_interval: list[float]
    lost: int
    won: int
    p: float


class ShortcutOut(Shape):
    """A mark by which the model goes; ``rows`` are pictures of the split that bear it."""

    kind: str
    label: str
    box: list[int]
    share: float
    interval: list[float]
    control: float
    p: float
    bearing: int
    own: int
    others_bearing: int
    others: int
    rows: list[int]
    message: str
    hidden: HiddenOut | None = None


class ShortcutsOut(Shape):
    """What the alarm found on ``pictures`` pictures; nothing if ``found`` is empty."""

    split: str
    pictures: int
    tried: int
    dataset: str
    found: list[ShortcutOut]
    notes: list[str]
