"""A model in use: pictures in, class names with probabilities out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.sources.given import channels_last
from glasshouse.errors import DamagedModelError, ModelError, PictureError
from glasshouse.export.description import Description
from glasshouse.export.engines import engine_problem, picture_network
from glasshouse.export.reading import Picture, Read, read_pictures
from glasshouse.messages import with_parts
from glasshouse.recipe import TrainingRecipe

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Model", "OnnxModel", "Prediction"]


@dataclass(frozen=True)
class Prediction:
    """What a model says about one picture.

    ``top`` has the most probable classes with their probabilities (0..1), best first. If the picture could not be
    read, ``error`` is the reason, ``label`` and ``probability`` are None and ``top`` is empty. ``path`` is None for
    a picture that came as bytes, as an array or as a PIL image. ``names`` are display names by class.
    """

    path: str | None
    label: str | None
    probability: float | None
    top: tuple[tuple[str, float], ...] = ()
    error: str | None = None
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str | None:
        """The display name of the most probable class, or the class itself where it has none."""
        return None if self.label is None else self.names.get(self.label, self.label)

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse predict --json``; ``name`` where a class has a display name."""
        found: dict[str, Any] = {
            "path": self.path,
            "label": self.label,
            **self._named(self.label),
            "probability": self.probability,
            "top": [
                {"label": label, **self._named(label), "probability": probability} for label, probability in self.top
            ],
            "error": self.error,
        }
        return found if self.error is None else dict(with_parts(found))

    def _named(self, label: str | None) -> dict[str, str]:
        name = self.names.get(label or "")
        return {} if name is None else {"name": name}

    def __str__(self) -> str:
        name = f"{self.path}: " if self.path else ""
        if self.error is not None:
            return f"{name}error: {self.error}"
        shown = ((self.names.get(label, label), probability) for label, probability in self.top)
        return name + ", ".join(f"{label} {100 * probability:.1f} %" for label, probability in shown)


@dataclass(frozen=True)
class OnnxModel:
    """A model's ONNX file with the engine that computes it, and how to make torch's module of its weights."""

    data: bytes
    module: "Callable[[], nn.Module]"
    engine: str = "onnxruntime"


class Model:
    """Weights, architecture, preprocessing and class names: all that a prediction needs.

    ``network``, ``classes``, ``preprocessing``, ``recipe`` and ``card`` are those of its ``Description``; ``module``
    computes where it is, and is not to change any more; ``path`` is where the model was loaded from. With an
    ``OnnxModel`` in the place of the module its engine computes, and no torch is loaded unless ``module`` is asked.
    """

    def __init__(self, module: "nn.Module | OnnxModel", description: Description, path: Path | None = None) -> None:
        self._given = module
        self.description = description
        self.path = path

    @cached_property
    def module(self) -> "nn.Module":
        """The network as a module of torch; logits (N, K) of normalised pictures (N, C, H, W)."""
        return self._given.module() if isinstance(self._given, OnnxModel) else self._given

    @property
    def onnx(self) -> bytes | None:
        """The model's ONNX file; None where torch computes."""
        return self._given.data if isinstance(self._given, OnnxModel) else None

    @property
    def engine(self) -> str:
        """What computes: torch, onnxruntime, openvino or openvino-bf16."""
        return self._given.engine if isinstance(self._given, OnnxModel) else "torch"

    @property
    def network(self) -> str:
        """The name of the network."""
        return str(self.description.network["name"])

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the columns of ``probabilities``."""
        return self.description.classes

    @property
    def class_names(self) -> Mapping[str, str]:
        """The display names of the classes that have one, by class."""
        return self.description.class_names

    @property
    def preprocessing(self) -> Preprocessing:
        """What is done to a picture before the network sees it."""
        return self.description.preprocessing

    @property
    def recipe(self) -> TrainingRecipe | None:
        """How the model was trained, if that is known."""
        return self.description.recipe

    @property
    def card(self) -> str:
        """What to know before using it, as Markdown."""
        return self.description.card

    def __repr__(self) -> str:
        p = self.preprocessing
        return f"<Model {self.network}: {len(self.classes)} classes, {p.width}x{p.height} {p.color}>"

    def probabilities(self, rows: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a probability for each class, float32 (n, K), for pictures as a dataset holds them.

        Args:
            rows: uint8 (n, H, W, C), as ``preprocessing`` and ``Split.rows`` give them.

        Raises:
            PictureError: the rows have another shape or type.
        """
        expected = self.preprocessing.shape
        if rows.dtype != np.uint8 or rows.ndim != 4 or rows.shape[1:] != expected:
            raise PictureError(
                "This model takes rows of uint8 (n, {str}), got {dtype} {shape}; predict() takes pictures of any size.",
                str=", ".join(map(str, expected)),
                dtype=rows.dtype,
                shape=rows.shape,
            )
        found = self._computed(rows)
        if not np.isfinite(found).all():
            raise ModelError(
                "The model {path} gives no numbers (NaN) for a picture: its weights, or its mean {mean} and std "
                "{std}, are no sensible ones. Train it anew, or take an earlier checkpoint.",
                path=self.path or self.network,
                mean=self.preprocessing.mean,
                std=self.preprocessing.std,
            )
        return found

    @cached_property
    def _computed(self) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        """What gives the probabilities of rows (n, H, W, C), prepared once."""
        H, W, C = self.preprocessing.shape
        if self.onnx is not None:
            if (problem := engine_problem(self.engine)) is not None:
                raise ModelError("{path}: {problem}", path=self.path or self.network, problem=problem)
            try:
                return picture_network(self.onnx, H, W, self.engine).probabilities
            except ValueError as error:
                raise DamagedModelError(
                    "The model at {where} is damaged: {how}. Copy or save it again.",
                    where=self.path or self.network,
                    how=f"model.onnx: {error}",
                ) from None
        from glasshouse.export.inference import Inference  # loads torch

        inference, mean, std = Inference(self.module, (H, W, C)), self.preprocessing.mean, self.preprocessing.std
        return lambda rows: inference.probabilities(rows, mean, std)

    @overload
    def predict(self, pictures: Picture, top: int = 5) -> Prediction: ...  # type: ignore[overload-overlap]
    @overload
    def predict(self, pictures: Iterable[Picture], top: int = 5) -> list[Prediction]: ...
    def predict(self, pictures: Picture | Iterable[Picture], top: int = 5) -> Prediction | list[Prediction]:
        """Say what is in one picture, or in each of many.

        Args:
            pictures: a path, the bytes of a picture file, a PIL image or an array (H, W) or (H, W, C) of pixels; or a
                list, an iterator or an array (N, H, W, C) or (N, C, H, W) of them.
            top: how many classes each prediction lists.

        Raises:
            PictureError: one picture was given and cannot be used; among many it becomes a Prediction with ``error``.
        """
        if isinstance(pictures, np.ndarray):
            pictures = channels_last(pictures)
        if not _is_one(pictures):
            return list(self.predict_stream(cast(Iterable[Picture], pictures), top=top))
        (prediction,) = self.predict_stream([cast(Picture, pictures)], top=top)
        if prediction.error is not None:
            if not prediction.path:
                raise PictureError(prediction.error)
            raise PictureError("{path}: {error}", path=prediction.path, error=prediction.error)
        return prediction

    def prediction(self, answer: NDArray[np.float32], top: int = 5, path: str | None = None) -> Prediction:
        """Return the prediction that a picture's probabilities (K,) are; ``path`` is what the picture is called."""
        return self._prediction(Read(path, None), answer, top)

    def predict_rows(self, rows: NDArray[np.uint8], top: int = 5) -> list[Prediction]:
        """Say what is in each of ``rows``, uint8 (n, H, W, C), which ``preprocessing`` has made already."""
        return [self._prediction(Read(None, row), answer, top) for row, answer in zip(rows, self.probabilities(rows))]

    def predict_stream(self, pictures: Iterable[Picture], batch_size: int = 64, top: int = 5) -> Iterator[Prediction]:
        """Yield a prediction for each picture, in order, while later pictures are still being read.

        At most three batches of pictures are in memory at a time, whatever their number.
        """
        for batch in read_pictures(pictures, self.preprocessing, batch_size):
            rows = [one.row for one in batch if one.row is not None]
            answers = iter(self.probabilities(np.stack(rows)) if rows else ())
            for one in batch:
                yield self._prediction(one, next(answers) if one.row is not None else None, top)

    def _prediction(self, one: Read, answer: NDArray[np.float32] | None, top: int) -> Prediction:
        if answer is None:
            return Prediction(one.path, None, None, error=one.error)
        best = np.argsort(-answer, kind="stable")[: max(1, top)]
        ranked = tuple((self.classes[k], float(answer[k])) for k in best)
        first = Prediction(one.path, *ranked[0], top=ranked, names=self.class_names)
        return first if top > 0 else replace(first, top=())


def _is_one(pictures: object) -> bool:
    if isinstance(pictures, np.ndarray):
        return pictures.ndim < 4
    return isinstance(pictures, str | bytes | bytearray | memoryview | Path | Image.Image) or not isinstance(
        pictures, Iterable
    )
