"""Which labels of a dataset are probably wrong: pictures that a network trained without them would name otherwise.

The features of a frozen network are computed once and kept beside the dataset. A linear head learns all but a fifth of
the pictures and answers that fifth, five times; twins and series are never on both sides. Pictures that are confidently
of another class (``evaluation.confident_learning``) are then left out of what the heads learn, twice, because wrong
labels that are alike teach a head to be wrong. What is left of a picture's probability for its own label is its score.
"""

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.image_data import user_cache
from glasshouse.data.splitting.folds import FOLDS, fold_numbers
from glasshouse.data.stored.rows import Split
from glasshouse.errors import DatasetError, WeightsError
from glasshouse.evaluation.confident_learning import ExpectedWrong, confidently_other, expected_wrong
from glasshouse.events import Event, Progress, result_of
from glasshouse.messages import Message
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.networks.pretrained import at_hand
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.interrupts import check_interrupt
from glasshouse.training.linear_head import MOST, Array, log_softmax, solve, strengths_tried
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.setup import gather, train_features

__all__ = ["Judgement", "Suspect", "Suspects", "finding_suspects", "judged_labels", "suspects"]

Numbers = NDArray[np.int64]
NETWORKS = ("EfficientNetLite0", "MobileNetV2", "ResNet18", "SqueezeNet")  # the first whose weights are at hand
ROUNDS = 2  # of leaving out what is confidently of another class
ENOUGH = 2  # groups of pictures that a class needs to be judged


@dataclass(frozen=True)
class Suspect:
    """A picture whose label is doubtful: ``score`` is the probability that its own label has by models without it."""

    path: str
    label: str
    suggested: str
    score: float
    split: str
    sha256: str


@dataclass(frozen=True)
class Suspects:
    """The doubtful pictures of a dataset, worst first, and how many labels are wrong in all.

    ``judged`` pictures were looked at, with the features of ``network``; ``not_judged`` are classes with too few.
    """

    dataset: str
    network: str
    judged: int
    not_judged: tuple[str, ...]
    expected_wrong: ExpectedWrong
    suspects: tuple[Suspect, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the words of ``dataset suspects --json``."""
        told = asdict(self)
        told["expected_wrong"]["interval"] = list(self.expected_wrong.interval)
        return {**told, "not_judged": list(self.not_judged), "suspects": [asdict(one) for one in self.suspects]}


@dataclass(frozen=True)
class Judgement:
    """What the heads say: ``p`` (N, K) out of sample in the end, ``expected`` by the first round, ``doubted`` (N,)."""

    p: Array
    expected: ExpectedWrong
    doubted: NDArray[np.bool_]


def suspects(place: str | Path | Dataset, network: str | None = None) -> Suspects:
    """Return the doubtful labels of a dataset, or of the dataset of a run; see ``finding_suspects``."""
    return result_of(finding_suspects(place, network), lambda _: None)


def finding_suspects(place: str | Path | Dataset, network: str | None = None) -> Generator[Event, None, Suspects]:
    """Yield progress and return the doubtful labels of a dataset (or of that of a run, with the network of the run).

    All parts but the sealed test are judged. Without ``network`` it is the first pretrained one with weights at hand.

    Raises:
        DatasetError: there is none, or fewer than two classes have two pictures that do not belong together.
        NetworkError, WeightsError: the network is unknown, or its weights are not there.
    """
    dataset, recipe = _opened(place, network)
    resources = gather(recipe.resolved(), dataset)
    features = yield from train_features(resources, user_cache() / "suspects" / dataset.fingerprint[:16])
    split = resources.dataset.splits["train"]
    rows = _enough(split)
    if len(np.unique(split.labels[rows])) < 2:
        raise DatasetError(
            "{path} has fewer than two classes with two pictures (that do not look the same): there is nothing to "
            "compare labels with.",
            path=dataset.path,
        )
    used, labels = np.unique(split.labels[rows], return_inverse=True)
    paths = [split.paths[row] for row in rows.tolist()]
    judged = yield from judged_labels(features.numpy()[0][rows], labels, split.groups[rows], paths, len(used))
    found = _listed(dataset, split, rows, labels, used, judged)
    missing = tuple(dataset.classes[k] for k in range(len(dataset.classes)) if k not in used)
    return Suspects(dataset.fingerprint, recipe.network_name, len(rows), missing, judged.expected, found)


def judged_labels(
    x: NDArray[np.floating], y: Numbers, groups: Numbers, paths: list[str], classes: int
) -> Generator[Event, None, Judgement]:
    """Yield progress and return what is to be thought of labels y (N,) of features x (N, F)."""
    fold = fold_numbers(y, groups, paths, FOLDS)
    rows = np.sort(np.argsort(y, kind="stable")[:: -(-len(y) // MOST)])
    best, ones = (0.1, np.inf), np.ones(len(rows))
    with threadpool_limits(1, "blas"):  # so that the bits are those of any number of cores
        tries = strengths_tried(x[None, rows], y[rows], ones, classes, fold[rows], True, check_interrupt)
        for number, (strength, loss, _) in enumerate(tries, 1):
            best = min(best, (strength, loss), key=lambda one: one[1])
            yield Progress("folds", number, max(number, 4) + ROUNDS + 1, 0.0)
        p = _out_of_fold(x, y, fold, np.ones(len(y), bool), classes, best[0])
        expected, first = expected_wrong(p, y, groups), confidently_other(p, y)
        for number in range(ROUNDS):
            yield Progress("folds", 4 + number, 4 + ROUNDS, 0.0)
            p = _out_of_fold(x, y, fold, ~_prunable(p, y), classes, best[0])
    yield Progress("folds", 4 + ROUNDS, 4 + ROUNDS, 0.0)
    return Judgement(p, expected, first | (p.argmax(1) != y))


def _prunable(p: Array, y: Numbers) -> NDArray[np.bool_]:
    """Return what is confidently of another class, of each label at most half: the least likely ones."""
    other, own = confidently_other(p, y), p[np.arange(len(y)), y]
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        kept = rows[np.argsort(own[rows], kind="stable")[len(rows) // 2 :]]
        other[kept] &= other[rows].sum() <= len(rows) // 2
    return other


def _out_of_fold(
    x: NDArray[np.floating], y: Numbers, fold: Numbers, learnt: NDArray[np.bool_], classes: int, strength: float
) -> Array:
    """Return the probabilities (N, K) of each fold by a head that learnt the others, of at most MOST pictures."""
    p = np.empty((len(y), classes))
    for number in np.unique(fold).tolist():
        rows = np.flatnonzero((fold != number) & learnt)
        rows = rows[np.argsort(y[rows], kind="stable")[:: -(-len(rows) // MOST)]]
        head = solve(x[rows], y[rows], np.ones(len(rows)), classes, strength, True, check_interrupt)
        out = fold == number
        p[out] = np.exp(log_softmax(x[out] @ head[:-1] + head[-1]))
    return p


def _enough(split: Split) -> Numbers:
    """Return the rows of classes that have pictures in two groups, so that some are learnt while others are judged."""
    labels, groups = split.labels, split.groups
    poor = [label for label in np.unique(labels) if len(np.unique(groups[labels == label])) < ENOUGH]
    return np.flatnonzero(~np.isin(labels, poor))


def _listed(
    dataset: Dataset, split: Split, rows: Numbers, labels: Numbers, used: Numbers, judged: Judgement
) -> tuple[Suspect, ...]:
    own = judged.p[np.arange(len(labels)), labels]
    order = np.argsort(own, kind="stable")
    doubted = judged.doubted.copy()
    doubted[order[: judged.expected.interval[1]]] = True
    others = judged.p.copy()
    others[np.arange(len(labels)), labels] = -1
    sides = {path: name for name, part in dataset.splits.items() if name != "test" for path in part.paths}
    return tuple(
        Suspect(split.paths[rows[i]], dataset.classes[used[labels[i]]], dataset.classes[used[others[i].argmax()]],
                float(own[i]), sides[split.paths[rows[i]]], split.sha256[rows[i]])
        for i in order.tolist() if doubted[i]
    )  # fmt: skip


def _opened(place: str | Path | Dataset, network: str | None) -> tuple[Dataset, TrainingRecipe]:
    """Return the dataset, and the recipe of the features: of a run its network with the weights that it began with."""
    if isinstance(place, Dataset):
        return place, _recipe(place.path, network or _usual(), "pretrained")
    folder = Path(place)
    if (folder / "dataset.json").exists() or not (folder / "recipe.json").exists():
        return open_dataset(folder), _recipe(folder, network or _usual(), "pretrained")
    recipe = RunFolder.open(folder).recipe
    data = next((one for one in _places(folder, recipe) if (one / "dataset.json").is_file()), Path(recipe.data))
    dataset = open_dataset(data)
    if network is None and recipe.weights != "none" and recipe.layers is None:
        told: Mapping[str, Any] = {"network": recipe.network, "weights": recipe.weights, "engine": recipe.engine}
        return dataset, _recipe(data, **told)
    return dataset, _recipe(data, network or _usual(), "pretrained")


def _places(folder: Path, recipe: TrainingRecipe) -> list[Path]:
    data = Path(recipe.data)
    return [data, *(above / name for above in list(folder.resolve().parents)[:2] for name in (data, data.name))]


def _recipe(data: Path, network: Any, weights: str, engine: str | None = None) -> TrainingRecipe:
    return TrainingRecipe(data=str(data), network=network, weights=weights, strategy="features", learn_from="train+val",
                          epochs=1, engine=engine)  # fmt: skip


def _usual() -> str:
    found = next((name for name in NETWORKS if at_hand(CATALOGUE[name])), None)
    if found is None:
        raise WeightsError(Message("No pretrained weights are at hand, by whose features labels could be judged; "
                                   "fetch some, such as those of {name}.", name=NETWORKS[0]))  # fmt: skip
    return found
