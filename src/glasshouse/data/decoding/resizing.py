"""The four ways to bring a picture to a size, as in DIGITS, with bilinear filtering that does not alias."""

import itertools
import sys
import threading
from dataclasses import dataclass, field

import numpy as np

from glasshouse.data.decoding.exact_resizing import scaled
from glasshouse.messages import Message

__all__ = ["MODES", "OneThread", "Plan", "never_load_torch", "plan", "resize"]

MODES = ("squash", "crop", "pad", "half-crop")
FEW = 64  # pictures that NumPy resizes sooner than torch is imported; the bits are the same
_count = itertools.count()
_here = threading.local()
_never_loads = threading.Event()


@dataclass
class OneThread:
    """Has torch compute on one core in each thread that calls ``begin``; nothing happens unless torch is loaded."""

    before: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """To be called in each thread, before it resizes."""
        _here.one = self

    def end(self) -> None:
        """Give torch its threads back, for threads that begin later."""
        if self.before is not None:
            import torch

            torch.set_num_threads(self.before)

    def set(self) -> None:
        """Set torch to one core in this thread."""
        import torch

        with self.lock:
            self.before = torch.get_num_threads() if self.before is None else self.before
            torch.set_num_threads(1)


@dataclass(frozen=True)
class Plan:
    """Take the window (top, left, height, width) of the source, scale it to ``scaled`` (height, width), centre that."""

    window: tuple[int, int, int, int]
    scaled: tuple[int, int]


def never_load_torch() -> None:
    """Have NumPy resize in this process however many pictures there are, unless something else loads torch."""
    _never_loads.set()


def resize(picture: np.ndarray, width: int, height: int, mode: str) -> np.ndarray:
    """Return ``picture`` (H, W, C) uint8 at exactly (height, width, C), the same bits on any number of threads.

    ``squash`` changes the aspect; ``crop`` keeps the largest centred window of the target's aspect; ``pad`` fits the
    whole picture and centres it on black; ``half-crop`` scales by the mean of the two ratios, crops what is too long
    and pads what is too short (with black, where DIGITS padded with noise). Filter: triangle of the scale's width
    (bilinear with antialiasing), in fixed point.

    Raises:
        ValueError: ``mode`` is not one of ``MODES``.
    """
    source_height, source_width = picture.shape[:2]
    if (source_height, source_width) == (height, width):
        return np.ascontiguousarray(picture)
    steps = plan(source_width, source_height, width, height, mode)
    top, left, rows, columns = steps.window
    small = _scale(picture[top : top + rows, left : left + columns], *steps.scaled)
    return _centre(small, width, height)


def plan(source_width: int, source_height: int, width: int, height: int, mode: str) -> Plan:
    """Return what ``resize`` does to a picture of the given size; it is bounded by twice the target's sides."""
    whole = (0, 0, source_height, source_width)
    across, down = source_width / width, source_height / height
    if mode == "squash":
        return Plan(whole, (height, width))
    if mode == "crop":
        ratio = min(across, down)
        rows = min(source_height, max(1, round(height * ratio)))
        columns = min(source_width, max(1, round(width * ratio)))
        top, left = (source_height - rows) // 2, (source_width - columns) // 2
        return Plan((top, left, rows, columns), (height, width))
    if mode == "pad":
        ratio = max(across, down)
    elif mode == "half-crop":
        ratio = (across + down) / 2
    else:
        raise ValueError(
            Message("expected a way to resize among {MODES}, got {mode}", MODES=", ".join(MODES), mode=repr(mode))
        )
    return Plan(whole, (max(1, round(source_height / ratio)), max(1, round(source_width / ratio))))


def _scale(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    if picture.shape[:2] == (height, width):
        return picture
    if "torch" not in sys.modules and (_never_loads.is_set() or next(_count) < FEW):
        return scaled(picture, height, width)
    import torch

    if (one := getattr(_here, "one", None)) is not None:
        one.set()
        _here.one = None
    tensor = torch.from_numpy(np.require(picture, requirements=["C", "W"]))  # (H, W, C); torch wants it writable
    tensor = tensor[None].permute(0, 3, 1, 2)  # (1, C, H, W), channels last: in this order torch sees it as such
    found = torch.nn.functional.interpolate(tensor, (height, width), mode="bilinear", antialias=True)
    return found[0].permute(1, 2, 0).contiguous().numpy()


def _centre(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Crop what is longer than the target and pad with black what is shorter, both around the centre."""
    rows, columns = picture.shape[:2]
    top, left = max(0, (rows - height) // 2), max(0, (columns - width) // 2)
    inner = picture[top : top + height, left : left + width]
    if inner.shape[:2] == (height, width):
        return np.ascontiguousarray(inner)
    canvas = np.zeros((height, width, picture.shape[2]), np.uint8)
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    canvas[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return canvas
