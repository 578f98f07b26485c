"""What is done to a picture before a network sees it; it travels with the model, so that it never differs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from glasshouse.data.decoding.picture import PIXEL_LIMIT, decode, decode_encoded, encode, resize
from glasshouse.data.decoding.values import Scaler, ValueRanges
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe

__all__ = ["Preprocessing"]

MOST_PIXELS = 1_000_000_000  # as in a dataset's recipe


@dataclass(frozen=True)
class Preprocessing:
    """Decode, resize, and (where the dataset is stored as JPEG) encode and decode once more.

    ``mean`` and ``std`` are on values 0..1, one per channel; they are for whoever turns the bytes into numbers
    (x/255 - mean) / std, and are not applied by the call. ``ranges`` is what becomes black and white in pictures of
    more than 8 bits; without it (also in models made before it was kept) each picture has its own range.
    ``pixel_limit`` is the most pixels that a picture may have: as in the dataset's recipe, if that took larger ones.
    """

    width: int
    height: int
    resize: str = "squash"
    color: str = "rgb"
    encoding: str = "raw"
    quality: int = 90
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    pixel_limit: int = PIXEL_LIMIT
    ranges: ValueRanges | None = None

    @classmethod
    def from_recipe(
        cls,
        recipe: DatasetRecipe,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        ranges: ValueRanges | None = None,
    ) -> Self:
        """Return what a dataset of this recipe does to its pictures; without statistics mean is 0 and std is 1."""
        names = ("width", "height", "resize", "color", "encoding", "quality")
        channels = 1 if recipe.color == "gray" else 3
        return cls(
            **{name: getattr(recipe, name) for name in names},
            mean=tuple(mean) if mean is not None else (0.0,) * channels,
            std=tuple(std) if std is not None else (1.0,) * channels,
            pixel_limit=max(recipe.pixel_limit, PIXEL_LIMIT),
            ranges=ranges,
        )

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        return 1 if self.color == "gray" else 3

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape (H, W, C) of every picture it returns."""
        return self.height, self.width, self.channels

    def __call__(
        self, source: bytes | str | Path | Image.Image | np.ndarray, pixel_limit: int | None = None
    ) -> np.ndarray:
        """Return the picture as uint8 (H, W, C), bit for bit as dataset creation stores it.

        Raises:
            PictureError: the picture cannot be used; the text is the reason.
        """
        return self.stored(decode(source, self.color, pixel_limit or self.pixel_limit, Scaler(self.ranges)))

    def stored(self, picture: np.ndarray) -> np.ndarray:
        """Return what a dataset gives back for a decoded picture (H, W, C) of any size."""
        small = resize(picture, self.width, self.height, self.resize)
        return small if self.encoding != "jpeg" else decode_encoded(self.encode(small), "jpeg", self.shape)

    def encode(self, small: np.ndarray) -> bytes:
        """Return the bytes that a dataset stores for a picture that has its final size."""
        return encode(small, self.encoding, self.quality)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dictionary that JSON can hold; what is as it always was, is left out."""
        data = {**asdict(self), "mean": list(self.mean), "std": list(self.std)}
        del data["ranges"], data["pixel_limit"]
        limit = {} if self.pixel_limit == PIXEL_LIMIT else {"pixel_limit": self.pixel_limit}
        return {**data, **limit, **({} if self.ranges is None else {"ranges": self.ranges.to_dict()})}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build it from what ``to_dict`` gave, now or in an older version.

        Raises:
            ValueError, TypeError, KeyError: something is missing, unknown or cannot be.
        """
        limit = data.get("pixel_limit", PIXEL_LIMIT)
        if not isinstance(limit, int) or not 1 <= limit <= MOST_PIXELS:
            raise ValueError(
                Message(
                    "expected a pixel limit from 1 to {MOST_PIXELS}, got {limit}",
                    MOST_PIXELS=f"{MOST_PIXELS:,}",
                    limit=repr(limit),
                )
            )
        made = {"mean": tuple(data["mean"]), "std": tuple(data["std"]), "pixel_limit": limit}
        return cls(**{**data, **made, "ranges": ValueRanges.from_dict(data.get("ranges"))})
