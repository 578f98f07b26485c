"""Making a dataset: read, check, deal out, write; whole on disk or not there at all."""

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from glasshouse.data.checking.findings import Dealt, find_odd
from glasshouse.data.checking.selection import too_rare
from glasshouse.data.checking.series import Series, find_series
from glasshouse.data.checking.spool import Spool
from glasshouse.data.checking.survey import Record, survey
from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.editing.applying import First, edited_draft
from glasshouse.data.editing.sealed import note_test_changes
from glasshouse.data.items import Given, Item, Source
from glasshouse.data.names import natural
from glasshouse.data.preparing.reuse import found_again, inspect, replaced, source_marks
from glasshouse.data.preparing.staging import install, staging
from glasshouse.data.preparing.writing import Draft, draft_fingerprint, statistics, write_dataset
from glasshouse.data.sources.given import identified
from glasshouse.data.sources.labels import class_order
from glasshouse.data.sources.source import open_source
from glasshouse.data.splitting.dividing import divide
from glasshouse.data.splitting.twins import Twins, find_twins
from glasshouse.errors import DatasetError, RecipeError, SourceError
from glasshouse.events import DatasetReady, Event, Notice
from glasshouse.recipe import DatasetRecipe

__all__ = ["create_dataset", "prepare_dataset"]


def create_dataset(
    recipe: DatasetRecipe,
    out: str | Path,
    given: Given | None = None,
    report: Callable[[Event], None] | None = None,
) -> Dataset:
    """Make the dataset that ``recipe`` describes in the folder ``out`` and open it; see ``prepare_dataset``."""
    for event in prepare_dataset(recipe, out, given):
        if report is not None:
            report(event)
    return open_dataset(out)


def prepare_dataset(
    recipe: DatasetRecipe, out: str | Path, given: Given | None = None, *, thorough: bool = True
) -> Iterator[Event]:
    """Make a dataset, telling progress, notices, and ``DatasetReady`` last.

    A dataset of the same recipe and the same pictures that is at ``out`` is used again; another dataset there is
    replaced when the new one is whole; anything else there is left alone. Before a dataset is used again, all of it
    is verified (without ``thorough`` only up to a gigabyte of pixels), and made anew where it is damaged.

    Raises:
        RecipeError: a pattern needs what cannot be matched in linear time.
        SourceError: nothing can be made of the source.
        DatasetError: ``out`` holds something else, or cannot be written.
    """
    place = Path(out).absolute()
    recipe = identified(recipe, given)
    if problems := recipe.unsearchable():
        raise RecipeError(recipe.title, problems)
    _check_place(recipe, place)
    standing = inspect(place)
    source = open_source(recipe, given)
    found = None if standing is None else found_again(standing, recipe, source, thorough)
    if standing is not None and found == "same":
        yield DatasetReady(str(place), standing.fingerprint, reused=True)
        return
    with staging(place) as folder:
        fingerprint = yield from _make(recipe, source, folder)
        if standing is not None:
            yield from replaced(standing, fingerprint, folder, found == "damaged")
        install(folder, place)
    yield DatasetReady(str(place), fingerprint, reused=False)


def _check_place(recipe: DatasetRecipe, place: Path) -> None:
    sources = [
        Path(name).expanduser().resolve() for name in (recipe.source, recipe.valid_source, recipe.test_source) if name
    ]
    inside = next((source for source in sources if source.is_dir() and place.resolve().is_relative_to(source)), None)
    if inside is not None:
        raise DatasetError(
            "The dataset cannot be made at {place}, inside of its source {inside}. Choose another --out.",
            place=place,
            inside=inside,
        )


def _make(recipe: DatasetRecipe, source: Source, folder: Path) -> Generator[Event, None, str]:
    with Spool(folder) as spool:
        result = yield from survey(source, recipe, spool)
        rare = too_rare([record.item for record in result.records], recipe, [why for _, why, _ in result.failures])
        failures = [*result.failures, *((r.path, r.reason, result.records[i].sha256) for i, r in rare.items())]
        records = [record for i, record in enumerate(result.records) if i not in rare]
        twins = _twins(recipe, records, spool)
        items = [record.item for record in records]
        series = _series(recipe, records, spool)
        groups, sides = _divided(items, recipe, twins, series)
        odd = find_odd(Dealt(recipe, records, sides, twins, groups, spool.thumbs(), series))
        failures += [(entry.path, entry.reason, "-") for entry in source.rejected]
        classes = class_order(source.classes, items, recipe)
        draft = Draft(
            recipe=recipe.replace(edits=()) if recipe.edits else recipe,
            records=records,
            sides=sides,
            classes=classes,
            counted=source.classes is None and classes != sorted(classes),
            twins=twins,
            groups=groups,
            failures=sorted(failures, key=lambda one: (natural(one[0]), one)),
            warnings=[*source.warnings, *result.warnings, *odd],
            source=source_marks(recipe, source),
            ranges=result.ranges,
        )
        if recipe.edits:
            draft = edited_draft(draft, recipe.edits, recipe, _first(draft))
        for finding in draft.warnings:
            yield Notice(finding.kind, finding.message)
        fingerprint = yield from write_dataset(draft, spool, folder)
        note_test_changes(folder, draft)
        return fingerprint


def _first(draft: Draft) -> First:
    mean, std = statistics(draft)
    return First({"fingerprint": draft_fingerprint(draft)}, mean, std, draft.classes, {})


def _twins(recipe: DatasetRecipe, records: Sequence[Record], spool: Spool) -> Twins:
    if not recipe.twins:
        return Twins((None,) * len(records), (None,) * len(records))
    return find_twins([r.sha256 for r in records], spool.thumbs(), [r.row for r in records])


def _series(recipe: DatasetRecipe, records: Sequence[Record], spool: Spool) -> Series | None:
    """Return the series that names tell, unless the recipe or a table says what belongs together."""
    items = [record.item for record in records]
    if recipe.group is not None or any(item.group is not None for item in items):
        return None
    return find_series(items, spool.thumbs(), [record.row for record in records], recipe.seed)


def _divided(
    items: Sequence[Item], recipe: DatasetRecipe, twins: Twins, series: Series | None
) -> tuple[list[int], list[str]]:
    """Return group and side of each picture; series stay together where that leaves some on each side."""
    if series is not None and recipe.keeps_series:
        try:
            return divide(items, recipe, twins.groups, series.bonds(items))
        except SourceError:  # too few series for that: then a finding says that they are torn
            pass
    return divide(items, recipe, twins.groups)
