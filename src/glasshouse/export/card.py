"""The card of a model: what to know before using it, as Markdown.

The file holds English; the card is a message of many parts, kept beside it, so that a page shows it in its language.
"""

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from glasshouse.data.dataset import Dataset
from glasshouse.evaluation.report import Report
from glasshouse.evaluation.report_markdown import escape, table
from glasshouse.evaluation.wording import percent, span, split_word
from glasshouse.export.card_recipe import recipe_sentence
from glasshouse.export.description import Description
from glasshouse.export.engines import ENGINES
from glasshouse.messages import Message, altered, joined
from glasshouse.recipe import DatasetRecipe
from glasshouse.uncertainty.conformal import COVERAGES, pictures_needed
from glasshouse.uncertainty.familiarity import REJECTED
from glasshouse.uncertainty.uncertainty import Uncertainty

__all__ = ["card"]

FEW = 100  # training pictures of a class; fewer are named as a limit
LOW_RECALL = 0.8
MOST_NAMED = 20  # classes in the sentence on the intended use
RESIZED = {
    "squash": Message("squash"),
    "crop": Message("crop"),
    "pad": Message("pad"),
    "half-crop": Message("half-crop"),
}
PACKAGES = ("glasshouse", "torch", "torchvision", "timm", "numpy", "pillow")


def card(description: Description, dataset: Dataset, reports: Sequence[Report] = (), created: str = "",
         engine: str = "torch", uncertainty: Uncertainty | None = None) -> Message:  # fmt: skip
    """Return the card; the same arguments give the same text (``created`` is the date it shows)."""
    network, classes = escape(str(description.network["name"])), len(description.classes)
    parts = [
        joined("", ["# ", Message("{network} for {classes} classes", network=network, classes=classes)]),
        _summary(description, reports, created),
        _title(Message("Intended use")), _use(description),
        _title(Message("Data")), *_data(dataset),
        _title(Message("Split")), _split(dataset),
        _title(Message("How it was made")), *_made(description, engine),
        _title(Message("Scores")), *_scores(reports),
        *_unknown(uncertainty),
        _title(Message("Known limits")), _list(_limits(dataset, reports)),
        _title(Message("Versions")), _list(_versions(description, engine)),
    ]  # fmt: skip
    return joined("", [joined("\n\n", (part for part in parts if part)), "\n"])


def _title(text: Message) -> Message:
    return joined("", ["## ", text])


def _summary(description: Description, reports: Sequence[Report], created: str) -> Message:
    made = Message("Made with Glasshouse {version}.", version=description.glasshouse)
    if created:
        made = Message("Made on {date} with Glasshouse {version}.", date=created, version=description.glasshouse)
    scores = [
        Message(
            "{accuracy} of {count} {split} pictures right (95 % interval {interval}).",
            accuracy=percent(report.accuracy),
            count=f"{report.count:,}",
            split=split_word(report.split),
            interval=span(report.interval),
        )
        for report in reports
    ]
    return joined(" ", [made, *scores])


def _use(description: Description) -> Message:
    shown = description.class_names
    names = [escape(f"{shown[name]} ({name})" if name in shown else name) for name in description.classes]
    return Message(
        "To sort pictures like those it learned from into: {names}. It always answers with one of these, for a picture "
        "that shows none of them too. It is no ground for decisions about people without a person who looks.",
        names=_some(names, MOST_NAMED),
    )


def _data(dataset: Dataset) -> Iterator[str]:
    summary, recipe = dataset.summary(), dataset.recipe
    yield Message(
        "{source}, fingerprint `{fingerprint}`. Every picture is resized to {width}x{height} pixels ({resize}), in "
        "{color}, stored as {encoding}.",
        source=escape(Path(recipe.source).name or recipe.source),
        fingerprint=dataset.fingerprint,
        width=dataset.width,
        height=dataset.height,
        resize=RESIZED[recipe.resize],
        color=Message("grey") if dataset.channels == 1 else Message("colour"),
        encoding=recipe.encoding,
    )
    splits: dict[str, Any] = summary["splits"]
    rows: list[list[str]] = [
        [escape(name), *(f"{s['classes'][name]:,}" for s in splits.values())] for name in dataset.classes
    ]
    total = joined("", ["*", Message("all"), "*"])
    heads = [Message("Class"), *map(split_word, splits)]
    yield table(heads, [*rows, [total, *(f"{s['count']:,}" for s in splits.values())]])
    if summary["rejected"]:
        yield Message(
            "{count} files of the source were left out; the dataset lists them with reasons.",
            count=f"{len(summary['rejected']):,}",
        )


def _split(dataset: Dataset) -> Message:
    recipe, twins = dataset.recipe, dataset.summary()["twins"]
    parts = [Message("The pictures were split {way}.", way=_way(recipe))]
    if recipe.group:
        parts.append(Message("Those of one series (`{group}`) are in the same subset.", group=recipe.group))
    if recipe.twins:
        parts.append(
            Message(
                "Pictures that look the same are in the same subset: {equal} have an equal one, {near} a "
                "near-duplicate.",
                equal=f"{twins['equal']:,}",
                near=f"{twins['near']:,}",
            )
        )
    else:
        parts.append(
            Message("Equal pictures and near-duplicates were not searched for, so they may be in different subsets.")
        )
    return joined(" ", parts)


def _way(recipe: DatasetRecipe) -> Message:
    ways = {
        "random": Message("at random by seed {seed}, each class by its share", seed=recipe.seed),
        "ordered": Message("in order: the last fraction"),
        "time": Message("by time: the newest pictures"),
        "folder": Message("as the source's folders have it"),
        "list": Message("as the source's lists have it"),
        "auto": Message(
            "by the source's train, val and test folders if it has them, else at random by seed {seed}",
            seed=recipe.seed,
        ),
    }
    return ways[recipe.split]


def _made(description: Description, engine: str) -> Iterator[str]:
    if description.recipe is None:
        yield Message("How it was trained is not known.")
        return
    yield recipe_sentence(description.recipe.resolved())
    yield Message("`recipe.json` holds the whole recipe; the same recipe on the same data gives the model again.")
    if engine != "torch":
        title = ENGINES[engine].title
        if ENGINES[engine].precision == "bfloat16":
            yield Message(
                "{engine} computes its predictions in bfloat16, from `model.onnx`; those of PyTorch, from "
                "`weights.safetensors`, differ by up to a few hundredths.",
                engine=title,
            )
            return
        yield Message(
            "{engine} computes its predictions, from `model.onnx`; those of PyTorch, from `weights.safetensors`, are "
            "the same to about four digits.",
            engine=title,
        )


def _scores(reports: Sequence[Report]) -> Iterator[str]:
    if not reports:
        yield Message("It was not scored: the dataset has no pictures that it did not learn from.")
    for report in reports:
        on = Message(
            "On {count} pictures of the split `{split}`, none of which it learned from.",
            count=f"{report.count:,}",
            split=report.split,
        )
        chosen = [Message("The best epoch was chosen on this split.")] if report.split == "val" else []
        yield joined(" ", [on, *chosen])
        yield _without_end(report.to_markdown())


def _unknown(known: Uncertainty | None) -> Iterator[str]:
    """Yield what it can say about pictures that it does not know."""
    if known is None:
        return
    yield _title(Message("What it does not know"))
    if known.familiarity is not None:
        yield Message(
            "It says how familiar a picture is: the share of {count} pictures like those that it learned from that are "
            "less like them. Below {share} it says none of these, as it does for {share} of such pictures.",
            count=f"{len(known.familiarity.own):,}", share=percent(REJECTED),
        )  # fmt: skip
    if known.sets is not None:
        promises = [
            Message("{share} ({interval} with these)", share=percent(coverage),
                    interval=span(known.sets.promised(coverage)))
            for coverage in COVERAGES if len(known.sets.likelihoods) >= pictures_needed(coverage)
        ]  # fmt: skip
        count = f"{len(known.sets.likelihoods):,}"
        if promises:
            yield Message(
                "It gives lists of answers that hold the right one in a promised share of pictures like its {count} "
                "validation pictures, which it was calibrated on: {promises}.",
                count=count, promises=joined(", ", promises),
            )  # fmt: skip


def _without_end(report: Message) -> str:
    """Return the report without its last line break, which is its own part."""
    return joined("", [part for part in report.values.values() if part != "\n"])


def _limits(dataset: Dataset, reports: Sequence[Report]) -> Iterator[str]:
    counts: dict[str, int] = dataset.summary()["splits"].get("train", {"classes": {}})["classes"]
    if few := [f"{escape(name)} ({n})" for name, n in counts.items() if n < FEW]:
        yield Message("Few pictures to learn from (under {FEW}): {classes}.", FEW=FEW, classes=_some(few))
    for report in reports:
        low = [
            Message(
                "{name} ({recall} of {count} found)",
                name=escape(score.name),
                recall=percent(score.recall),
                count=score.support,
            )
            for score in report.per_class
            if score.recall is not None and score.recall < LOW_RECALL
        ]
        if low:
            yield Message(
                "Classes that it often misses on {split} pictures: {classes}.",
                split=split_word(report.split),
                classes=_some(low),
            )
    if all(report.split != "test" for report in reports):
        yield Message(
            "No score on a test split: its own choices (epochs, network) were made on the validation pictures."
        )
    yield from (altered(warning.message, escape) for warning in dataset.warnings)
    yield Message("It knows only what its training pictures show; other cameras, places or times may lower its scores.")


def _some(names: Sequence[str], most: int = 10) -> str:
    shown = joined(", ", names[:most])
    if len(names) <= most:
        return shown
    return Message("{names} and {count} more", names=shown, count=len(names) - most)


def _versions(description: Description, engine: str) -> Iterator[str]:
    for name in (*PACKAGES, *([] if engine == "torch" else [ENGINES[engine].package])):
        try:
            yield f"{name} {description.glasshouse if name == 'glasshouse' else version(name)}"
        except PackageNotFoundError:
            continue


def _list(lines: Iterable[str]) -> Message:
    return joined("\n", [joined("", ["- ", line]) for line in lines])
