"""A model in use: pictures in, class names with probabilities out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.sources.given import channels_last
from glasshouse.errors import DamagedModelError, ModelError, PictureError
from glasshouse.export.blocks import softmax
from glasshouse.export.description import Description
from glasshouse.export.engines import engine_problem, picture_network
from glasshouse.export.prediction import Answer, Prediction
from glasshouse.export.reading import Picture, read_pictures
from glasshouse.recipe import TrainingRecipe
from glasshouse.uncertainty.conformal import AnswerSets
from glasshouse.uncertainty.familiarity import REJECTED
from glasshouse.uncertainty.uncertainty import Uncertainty

if TYPE_CHECKING:
    from torch import nn

    from glasshouse.export.features import FeatureInference
    from glasshouse.export.file_network import FileNetwork
    from glasshouse.export.inference import Inference

__all__ = ["Model", "OnnxModel", "Prediction"]


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
    ``uncertainty`` is what it knows of its limits, None of older models.
    """

    def __init__(
        self,
        module: "nn.Module | OnnxModel",
        description: Description,
        path: Path | None = None,
        uncertainty: Uncertainty | None = None,
    ) -> None:
        self._given = module
        self.description = description
        self.path = path
        self.uncertainty = uncertainty

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
        self._check_rows(rows)
        if self.onnx is not None:
            return self._numbers(self._file.probabilities(rows))
        return self._numbers(self._inference.probabilities(rows, self.preprocessing.mean, self.preprocessing.std))

    def answers(self, rows: NDArray[np.uint8]) -> list[Answer]:
        """Return the answer for each of ``rows``, uint8 (n, H, W, C), as ``probabilities`` takes them.

        Raises:
            PictureError: the rows have another shape or type.
        """
        known = None if self.uncertainty is None else self.uncertainty.familiarity
        if known is None:
            return [Answer(one) for one in self.probabilities(rows)]
        features, probabilities = self.features(rows)
        return [Answer(one, float(share)) for one, share in zip(probabilities, known.shares(features))]

    def features(self, rows: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what the last layer gets, float32 (n, F), and the probabilities (n, K), the same as alone.

        Raises:
            PictureError: the rows have another shape or type.
            ModelError: the network has no single last layer.
        """
        self._check_rows(rows)
        if self.onnx is not None:
            if not self._file.has_features:
                raise self._without_features()
            features, logits = self._file.features_and_logits(rows)
            return features, self._numbers(softmax(logits))
        features, probabilities = self._parts.answers(rows, self.preprocessing.mean, self.preprocessing.std)
        return features, self._numbers(probabilities)

    def _check_rows(self, rows: NDArray[np.uint8]) -> None:
        expected = self.preprocessing.shape
        if rows.dtype != np.uint8 or rows.ndim != 4 or rows.shape[1:] != expected:
            raise PictureError(
                "This model takes rows of uint8 (n, {str}), got {dtype} {shape}; predict() takes pictures of any size.",
                str=", ".join(map(str, expected)),
                dtype=rows.dtype,
                shape=rows.shape,
            )

    def _numbers(self, found: NDArray[np.float32]) -> NDArray[np.float32]:
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
    def _file(self) -> "FileNetwork":
        """The network in the ONNX file, prepared once."""
        H, W, _ = self.preprocessing.shape
        if (problem := engine_problem(self.engine)) is not None:
            raise ModelError("{path}: {problem}", path=self.path or self.network, problem=problem)
        assert self.onnx is not None
        try:
            return picture_network(self.onnx, H, W, self.engine)
        except ValueError as error:
            raise DamagedModelError(
                "The model at {where} is damaged: {how}. Copy or save it again.",
                where=self.path or self.network,
                how=f"model.onnx: {error}",
            ) from None

    @cached_property
    def _inference(self) -> "Inference":
        """The network as torch computes it, prepared once."""
        from glasshouse.export.inference import Inference  # loads torch

        return Inference(self.module, self.preprocessing.shape)

    @cached_property
    def _parts(self) -> "FeatureInference":
        """The network in two parts, as torch computes it, prepared once."""
        from glasshouse.export.features import FeatureInference  # loads torch

        try:
            return FeatureInference(self.module, self.preprocessing.shape)
        except ValueError:
            raise self._without_features() from None

    def _without_features(self) -> ModelError:
        return ModelError("The network {network} has no single last layer, so it gives no features.",
                          network=self.network)  # fmt: skip

    def sets(self) -> AnswerSets:
        """Return what makes lists of answers with a promised coverage.

        Raises:
            ModelError: the model has no calibration pictures.
        """
        found = None if self.uncertainty is None else self.uncertainty.sets
        if found is None:
            raise ModelError(
                "The model {path} makes no lists of answers with a promise: it has no calibration pictures. Train it "
                "on a dataset with validation pictures.",
                path=self.path or self.network,
            )
        return found

    @overload
    def predict(  # type: ignore[overload-overlap]
        self, pictures: Picture, top: int = 5, coverage: float | None = None, reject: float = REJECTED
    ) -> Prediction: ...
    @overload
    def predict(
        self, pictures: Iterable[Picture], top: int = 5, coverage: float | None = None, reject: float = REJECTED
    ) -> list[Prediction]: ...
    def predict(
        self,
        pictures: Picture | Iterable[Picture],
        top: int = 5,
        coverage: float | None = None,
        reject: float = REJECTED,
    ) -> Prediction | list[Prediction]:
        """Say what is in one picture, or in each of many.

        Args:
            pictures: a path, the bytes of a picture file, a PIL image or an array (H, W) or (H, W, C) of pixels; or a
                list, an iterator or an array (N, H, W, C) or (N, C, H, W) of them.
            top: how many classes each prediction lists.
            coverage: with a share, 0.5..0.99, each prediction has an ``answer_set`` that holds the right answer for
                that share of pictures like the validation pictures.
            reject: the share of the pictures it knows, 0..1, that may be called none of these.

        Raises:
            PictureError: one picture was given and cannot be used; among many it becomes a Prediction with ``error``.
            ModelError: there are too few calibration pictures for the coverage.
        """
        if isinstance(pictures, np.ndarray):
            pictures = channels_last(pictures)
        if not _is_one(pictures):
            many = cast(Iterable[Picture], pictures)
            return list(self.predict_stream(many, top=top, coverage=coverage, reject=reject))
        one = [cast(Picture, pictures)]
        (prediction,) = self.predict_stream(one, top=top, coverage=coverage, reject=reject)
        if prediction.error is not None:
            if not prediction.path:
                raise PictureError(prediction.error)
            raise PictureError("{path}: {error}", path=prediction.path, error=prediction.error)
        return prediction

    def prediction(
        self,
        answer: Answer,
        top: int = 5,
        path: str | None = None,
        coverage: float | None = None,
        reject: float = REJECTED,
    ) -> Prediction:
        """Return the prediction that an answer is; ``path`` is what the picture is called."""
        found = answer.probabilities
        best = np.argsort(-found, kind="stable")[: max(1, top)]
        ranked = tuple((self.classes[k], float(found[k])) for k in best)
        classes = None if coverage is None else self.sets().sets(found[None], coverage)[0]
        return Prediction(
            path,
            *ranked[0],
            top=ranked if top > 0 else (),
            names=self.class_names,
            familiarity=answer.familiarity,
            none_of_these=None if answer.familiarity is None else answer.familiarity < reject,
            answer_set=None if classes is None else tuple(self.classes[k] for k in classes),
        )

    def predict_rows(self, rows: NDArray[np.uint8], top: int = 5, coverage: float | None = None) -> list[Prediction]:
        """Say what is in each of ``rows``, uint8 (n, H, W, C), which ``preprocessing`` has made already.

        ``coverage`` is that of ``predict``.
        """
        return [self.prediction(answer, top, coverage=coverage) for answer in self.answers(rows)]

    def predict_stream(
        self,
        pictures: Iterable[Picture],
        batch_size: int = 64,
        top: int = 5,
        coverage: float | None = None,
        reject: float = REJECTED,
    ) -> Iterator[Prediction]:
        """Yield a prediction for each picture, in order, while later pictures are still being read.

        At most three batches of pictures are in memory at a time, whatever their number. ``coverage`` and ``reject``
        are those of ``predict``.
        """
        if coverage is not None:
            self.sets().least(coverage)  # what cannot be promised is refused before the first picture
        return self._stream(pictures, batch_size, top, coverage, reject)

    def _stream(
        self, pictures: Iterable[Picture], batch_size: int, top: int, coverage: float | None, reject: float
    ) -> Iterator[Prediction]:
        for batch in read_pictures(pictures, self.preprocessing, batch_size):
            rows = [one.row for one in batch if one.row is not None]
            answers = iter(self.answers(np.stack(rows)) if rows else ())
            for one in batch:
                if one.row is None:
                    yield Prediction(one.path, None, None, error=one.error)
                else:
                    yield self.prediction(next(answers), top, one.path, coverage, reject)


def _is_one(pictures: object) -> bool:
    if isinstance(pictures, np.ndarray):
        return pictures.ndim < 4
    return isinstance(pictures, str | bytes | bytearray | memoryview | Path | Image.Image) or not isinstance(
        pictures, Iterable
    )
