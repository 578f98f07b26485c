"""The card of a model: what to know before using it, as Markdown."""

from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from glasshouse.data.dataset import Dataset
from glasshouse.evaluation.report import Report
from glasshouse.evaluation.report_markdown import escape, table
from glasshouse.evaluation.wording import percent, span
from glasshouse.export.description import Description
from glasshouse.networks.catalogue import catalogued
from glasshouse.recipe import AugmentationRecipe, Part, TrainingRecipe

__all__ = ["card"]

FEW = 100  # training pictures of a class; fewer are told as a limit
LOW_RECALL = 0.8
MOST_LAYERS = 40  # named in the card
PACKAGES = ("glasshouse", "torch", "torchvision", "timm", "numpy", "pillow")
DEALT = {
    "random": "at random by seed {seed}, each class by its share",
    "ordered": "in order: the last fraction",
    "time": "by time: the newest pictures",
    "folder": "as the source's folders have it",
    "list": "as the source's lists have it",
    "auto": "by the source's train, val and test folders where it has them, else at random by seed {seed}",
}


def card(description: Description, dataset: Dataset, reports: Sequence[Report] = (), created: str = "",
         engine: str = "torch") -> str:  # fmt: skip
    """Return the card; the same arguments give the same text (``created`` is the date it shows)."""
    parts = [
        f"# {escape(str(description.network['name']))} for {len(description.classes)} classes",
        _summary(description, reports, created),
        "## Intended use", _use(description),
        "## Data", *_data(dataset),
        "## Split", _split(dataset),
        "## How it was made", *_made(description), _engine(engine),
        "## Scores", *_scores(reports),
        "## Known limits", _list(_limits(dataset, reports)),
        "## Versions", _list(_versions(description, engine)),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary(description: Description, reports: Sequence[Report], created: str) -> str:
    made = f"Made{f' on {created}' if created else ''} with Glasshouse {description.glasshouse}."
    scores = [
        f"{percent(r.accuracy)} of {r.count:,} {r.split} pictures right (95 % interval {span(list(r.interval))})."
        for r in reports
    ]
    return " ".join([made, *scores])


def _use(description: Description) -> str:
    names = ", ".join(escape(name) for name in description.classes[:20])
    more = f" and {len(description.classes) - 20} more" if len(description.classes) > 20 else ""
    return (
        f"To sort pictures like those it learnt from into: {names}{more}. It always answers with one of these, for a "
        "picture that shows none of them too. It is no ground for decisions about people without a person who looks."
    )


def _data(dataset: Dataset) -> Iterator[str]:
    summary = dataset.summary()
    yield (
        f"{escape(Path(dataset.recipe.source).name or dataset.recipe.source)}, fingerprint `{dataset.fingerprint}`. "
        f"Every picture is brought to {dataset.width}x{dataset.height} pixels ({dataset.recipe.resize}), in "
        f"{'grey' if dataset.channels == 1 else 'colour'}, stored as {dataset.recipe.encoding}."
    )
    splits: dict[str, Any] = summary["splits"]
    rows = [[escape(name), *(f"{s['classes'][name]:,}" for s in splits.values())] for name in dataset.classes]
    yield table(["Class", *splits], [*rows, ["*all*", *(f"{s['count']:,}" for s in splits.values())]])
    if summary["rejected"]:
        yield f"{len(summary['rejected']):,} files of the source were left out; the dataset lists them with reasons."


def _split(dataset: Dataset) -> str:
    recipe, twins = dataset.recipe, dataset.summary()["twins"]
    text = f"The pictures were dealt out {DEALT[recipe.split].format(seed=recipe.seed)}."
    if recipe.group:
        text += f" Those of one series (`{recipe.group}`) stay on one side."
    if not recipe.twins:
        return text + " It was not looked for equal or nearly equal pictures, which may be on both sides."
    return (
        text + f" Pictures that look the same stay on one side: {twins['equal']:,} have an equal one, "
        f"{twins['near']:,} a nearly equal one."
    )


def _made(description: Description) -> Iterator[str]:
    if description.recipe is None:
        yield "How it was trained is not known."
        return
    yield _sentence(description.recipe.resolved())
    yield "`recipe.json` holds the whole recipe; the same recipe on the same data gives the model again."


def _engine(engine: str) -> str:
    if engine == "torch":
        return ""
    return (
        f"{engine} computes its predictions, from `model.onnx`; those of PyTorch, from `weights.safetensors`, are the "
        "same to about four digits."
    )


def _sentence(r: TrainingRecipe) -> str:
    strategy = {
        "scratch": "all weights trained",
        "fine-tune": f"the head trained for {r.freeze_epochs} epochs, then all weights, earlier layers more slowly",
        "features": "only the head trained, on the features of the frozen network",
    }[r.strategy]
    if r.linear:
        strategy = "only the head fitted, by logistic regression on the features of the frozen network"
    start = "fresh weights" if r.weights == "none" else f"weights from {escape(Path(r.weights).name)}"
    start += _licence(r)
    changes = _augmentation(r.augmentation)
    return (
        f"{escape(r.network_name)}{_layers(r)}, starting from {start}; {strategy}{_steps(r)}, seed {r.seed}; "
        f"{_learned_from(r)}"
        f"{f'pictures changed at random ({changes})' if changes else 'pictures not changed at random'}."
    )


def _steps(r: TrainingRecipe) -> str:
    if r.linear:
        return ", its strength chosen by folds of the training pictures"
    return (
        f"; {r.epochs} epochs in batches of {r.batch_size} with {r.optimizer.name} at a learning rate of "
        f"{r.optimizer.lr:g} ({r.schedule.name} schedule)"
    )


def _learned_from(r: TrainingRecipe) -> str:
    if r.learn_from == "train":
        return ""
    if r.learn_from == "train+val":
        return "learned from training and validation pictures together, so none of these can say how good it is; "
    return f"learned from the training pictures without {r.learn_from}, which judged it; "


def _licence(r: TrainingRecipe) -> str:
    """Return from which package pretrained weights are, and under which licence; nothing if that is not known."""
    entry = catalogued(r.network) if r.weights == "pretrained" and isinstance(r.network, str) else None
    if entry is None or entry.package is None:
        return ""
    return f" (package {entry.package.name}, licence {entry.package.licence})"


def _layers(r: TrainingRecipe) -> str:
    """Say of a network of one's own what it is made of; the recipe has every setting."""
    if isinstance(r.network, str):
        return ""
    words = [str(entry.get("layer", entry.get("shares"))) for entry in r.network["layers"]]
    names = ", ".join(escape(word) for word in words[:MOST_LAYERS])
    more = f" and {len(words) - MOST_LAYERS} more" if len(words) > MOST_LAYERS else ""
    return f" (layers of its own: {names}{more})"


def _augmentation(recipe: AugmentationRecipe) -> str:
    if not recipe.active:
        return ""
    return ", ".join(f"{name} {_value(value)}" for name, value in _changed(recipe))


def _changed(part: Part) -> Iterator[tuple[str, Any]]:
    plain = type(part)()
    for name in type(part).model_fields:
        if getattr(part, name) != getattr(plain, name):
            yield name, getattr(part, name)


def _value(value: Any) -> str:
    return "–".join(f"{v:g}" for v in value) if isinstance(value, tuple) else str(value)


def _scores(reports: Sequence[Report]) -> Iterator[str]:
    if not reports:
        yield "It was not scored: the dataset has no pictures that it did not learn from."
    for report in reports:
        told = " It is the split on which the best epoch was chosen." if report.split == "val" else ""
        yield f"On {report.count:,} pictures of the split `{report.split}`, of which it learnt none.{told}"
        yield report.to_markdown().strip()


def _limits(dataset: Dataset, reports: Sequence[Report]) -> Iterator[str]:
    counts: dict[str, int] = dataset.summary()["splits"].get("train", {"classes": {}})["classes"]
    if few := [f"{escape(name)} ({n})" for name, n in counts.items() if n < FEW]:
        yield f"Few pictures to learn from (under {FEW}): {_some(few)}."
    for report in reports:
        low = [f"{escape(s.name)} ({percent(s.recall)} of {s.support})" for s in report.per_class if _is_low(s.recall)]
        if low:
            yield f"Classes that it often misses on {report.split} pictures: {_some(low)}."
    if all(report.split != "test" for report in reports):
        yield "No score on a test split: its own choices (epochs, network) were made on the validation pictures."
    yield from (escape(warning.message) for warning in dataset.warnings)
    yield "It knows only what its training pictures show; other cameras, places or times may lower its scores."


def _is_low(recall: float | None) -> bool:
    return recall is not None and recall < LOW_RECALL


def _some(names: list[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _versions(description: Description, engine: str) -> Iterator[str]:
    for name in (*PACKAGES, *([] if engine == "torch" else [engine])):
        try:
            yield f"{name} {description.glasshouse if name == 'glasshouse' else version(name)}"
        except PackageNotFoundError:
            continue


def _list(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
