"""``ClassificationInterpretation``: where a model is wrong, with fastai's words."""

import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.gallery import Gallery
from glasshouse.data.stored.rows import Split
from glasshouse.errors import InputError
from glasshouse.evaluation.confusion_table import confusion_table
from glasshouse.evaluation.metrics import confusion
from glasshouse.fastai.learner import Learner

__all__ = ["ClassificationInterpretation", "ConfusionMatrix"]

_LEAST = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class ConfusionMatrix:
    """How often a class (rows, the truth) was taken for another one: a notebook shows it, ``save`` writes it."""

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    normalize: bool = False

    def _repr_html_(self) -> str:
        caption = "rows: the label, columns: predicted"
        if not self.normalize:
            return confusion_table(self.names, self.counts.tolist(), title=_said, caption=caption, colours=True)
        rows = []
        for name, row in zip(self.names, self.counts):
            cells = "".join(f"<td>{count / max(1, row.sum()):.2f}</td>" for count in row.tolist())
            rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
        heads = "".join(f"<th>{escape(name)}</th>" for name in self.names)
        return f"<table><caption>{caption}</caption><tr><th></th>{heads}</tr>{''.join(rows)}</table>"

    def save(self, path: str | Path) -> Path:
        """Write the matrix as a page of HTML, which every browser shows.

        Raises:
            InputError: the ending is another one.
        """
        place = Path(path)
        if place.suffix.lower() != ".html":
            raise InputError("a confusion matrix is written as .html, got {name}", name=place.name)
        place.write_text(f'<!doctype html><meta charset="utf-8">{self._repr_html_()}', encoding="utf-8")
        return place


def _said(truth: str, answer: str, count: int) -> str:
    return f"{truth} taken for {answer}: {count:,}"


@dataclass(frozen=True)
class ClassificationInterpretation:
    """The predictions for the pictures of a split: probabilities (N, K), and where they are wrong."""

    split: Split
    vocab: tuple[str, ...]
    preds: NDArray[np.float32]

    @classmethod
    def from_learner(cls, learn: Learner, ds_idx: int = 1) -> Self:
        """Look at the validation pictures (``ds_idx=0``: the training pictures)."""
        preds, _ = learn.get_preds(ds_idx)
        return cls(learn.dls.split(ds_idx), learn.dls.data.classes, preds)

    @property
    def losses(self) -> NDArray[np.float64]:
        """-ln p(truth) of each picture."""
        truth = self.preds[np.arange(len(self.preds)), self.split.labels].astype(np.float64)
        found: NDArray[np.float64] = -np.log(np.maximum(truth, _LEAST))
        return found

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Return how often class i (row: the truth) was taken for class j (column)."""
        return confusion(self.split.labels, self.preds.argmax(1), len(self.vocab))

    def plot_confusion_matrix(self, normalize: bool = False, figsize: Any = None, dpi: Any = None) -> ConfusionMatrix:
        """Return the matrix as a table; ``figsize`` and ``dpi`` are those of a page, which needs neither."""
        del figsize, dpi
        return ConfusionMatrix(self.vocab, self.confusion_matrix(), normalize)

    def most_confused(self, min_val: int = 1) -> list[tuple[str, str, int]]:
        """Return (label, predicted, how often) of the pairs that are confused ``min_val`` times and more."""
        matrix = self.confusion_matrix()
        found = [(self.vocab[i], self.vocab[j], int(matrix[i, j])) for i, j in np.argwhere(matrix >= max(1, min_val))
                 if i != j]  # fmt: skip
        return sorted(found, key=lambda pair: -pair[2])

    def top_losses(self, k: int | None = None, largest: bool = True) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the ``k`` largest losses, and the numbers of their pictures in the split."""
        losses = self.losses
        order = np.argsort(-losses if largest else losses, kind="stable")[:k]
        return losses[order], order

    def plot_top_losses(self, k: int = 9, largest: bool = True, nrows: Any = None, figsize: Any = None) -> Gallery:
        """Return the pictures with the largest losses: predicted / label / loss / probability of the prediction."""
        del nrows, figsize
        losses, rows = self.top_losses(k, largest)
        guess, truth = self.preds.argmax(1), self.split.labels
        labels = [
            f"{self.vocab[guess[row]]} / {self.vocab[truth[row]]} / {loss:.2f} / {self.preds[row].max():.2f}"
            for loss, row in zip(losses.tolist(), rows.tolist())
        ]
        return Gallery(self.split.rows(rows), labels, [self.split.paths[row] for row in rows.tolist()])

    def print_classification_report(self) -> None:
        """Print precision, recall and F1 of each class, as scikit-learn does."""
        from sklearn.metrics import classification_report  # slow to import

        numbers = list(range(len(self.vocab)))
        sys.stdout.write(classification_report(self.split.labels, self.preds.argmax(1), labels=numbers,
                                               target_names=list(self.vocab), zero_division=0.0))  # fmt: skip
