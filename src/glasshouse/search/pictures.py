"""The dataset that a search works on: one that is there, or made of a source at the size that suits its pictures."""

import io
import json
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.decoding.sizes import parse_size
from glasshouse.data.image_data import cache_folder
from glasshouse.data.prepare import prepare_dataset
from glasshouse.data.sources.source import open_source
from glasshouse.errors import GlasshouseError, RunError
from glasshouse.events import Event, Notice, Progress, SearchPhase
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe
from glasshouse.search.plan import SearchPlan
from glasshouse.search.searching import search

__all__ = ["search_source"]

LOOKED_AT = 32  # pictures of a source, spread over it
SMALL = 64  # pixels; smaller pictures keep their size
READING = 0.5  # of the minutes that reading pictures may take; of more pictures a sample is read
SURE, SOME = 4.0, 50  # seconds of reading, and pictures in them, after which its speed is believed
LEAST = 20  # pictures of a class in such a sample


def search_source(place: str | Path, out: str | Path, plan: SearchPlan, **fields: Any) -> Iterator[Event]:
    """Search for the pictures at ``place`` and yield what happens: a dataset's folder, or a source of pictures.

    Of a source (a folder, an archive, a table) a dataset is made in the user's cache, with ``fields`` of its recipe
    (``size``, ``valid``, ``group`` and so on): photographs are made 224x224, small pictures keep their size, and stay
    grey where all of those looked at are. The minutes count from the start of this; where reading all pictures would
    take a large part of them, a sample of each class is read, and a notice says so.

    Raises:
        SourceError, DatasetError: nothing can be made of it.
        RunError: the minutes were over before there was a dataset; and what ``search`` raises.
    """
    plan = replace(plan, begun=plan.clock() if plan.begun is None else plan.begun)
    if (Path(place) / "dataset.json").is_file():
        dataset = open_dataset(place)
    else:
        yield SearchPhase("dataset", plan.clock() - (plan.begun or 0.0))
        dataset = yield from _made(str(place), Path(out), plan, fields)
    yield from search(dataset, out, plan)


def _made(place: str, out: Path, plan: SearchPlan, fields: dict[str, Any]) -> Generator[Event, None, Dataset]:
    given = {name: value for name, value in fields.items() if value is not None}
    if "size" not in given:
        given |= {**_suits(place), **given}
    width, height = parse_size(given.pop("size"))
    recipe = DatasetRecipe(source=place, width=width, height=height, **{"seed": plan.seed, **given})
    if (known := _searched_before(out, recipe)) is not None:
        return known
    try:
        return (yield from _prepared(recipe, plan))
    except _TooManyError as error:
        yield Notice(
            "sample",
            Message(
                "there is no time to read all {count} pictures: {most} of each class are read, and searched on",
                count=f"{error.count:,}",
                most=f"{error.most:,}",
            ),
        )
        return (yield from _prepared(recipe.replace(max_per_class=error.most), plan))


class _TooManyError(Exception):
    """Reading ``count`` pictures takes too long; ``most`` of each class do not."""

    def __init__(self, count: int, most: int) -> None:
        super().__init__()
        self.count, self.most = count, most


def _prepared(recipe: DatasetRecipe, plan: SearchPlan) -> Generator[Event, None, Dataset]:
    """Yield progress and notices of the making, and return the dataset."""
    place, begun, first = cache_folder(recipe), plan.begun or 0.0, None
    for event in prepare_dataset(recipe, place, thorough=False):
        if isinstance(event, Progress | Notice):
            yield event
        if plan.clock() - begun > plan.seconds:
            raise RunError("the minutes were over before all pictures were read; give more of them")
        if isinstance(event, Progress) and event.remaining and recipe.max_per_class is None:
            first = event if first is None or event.stage != first.stage else first
            _refuse_many(recipe, plan, first, event)
    return open_dataset(place)


def _refuse_many(recipe: DatasetRecipe, plan: SearchPlan, first: Progress, event: Progress) -> None:
    """Stop where reading would take too long, by the speed since the first pictures, which come late."""
    done, seconds = event.done - first.done, event.seconds - first.seconds
    if seconds < SURE or done < SOME:
        return
    whole = event.seconds + seconds / done * (event.total - event.done)
    if whole <= READING * plan.seconds:
        return
    pictures = event.total * READING * plan.seconds / (2 * whole)
    classes = len({item.label for item in open_source(recipe).items})
    raise _TooManyError(event.total, max(LEAST, int(pictures / classes)))


def _searched_before(out: Path, recipe: DatasetRecipe) -> Dataset | None:
    """Return the dataset of the search that is in ``out``, if it is of this recipe or of a sample of it."""
    try:
        found = open_dataset(json.loads((out / "search.json").read_text(encoding="utf-8"))["data"])
    except (OSError, ValueError, KeyError, GlasshouseError):
        return None
    return found if found.recipe.replace(max_per_class=recipe.max_per_class) == recipe else None


def _suits(place: str) -> dict[str, Any]:
    """Return size and colour that suit the pictures of a source, judged by some of them."""
    seen = list(_seen(place))
    width, height = (int(median(side)) for side in zip(*((w, h) for w, h, _ in seen))) if seen else (224, 224)
    if max(width, height) > SMALL:
        return {"size": 224}
    return {"size": (width, height), "color": "gray" if all(gray for *_, gray in seen) else "rgb"}


def _seen(place: str) -> Iterator[tuple[int, int, bool]]:
    source = open_source(DatasetRecipe(source=place))
    items = source.items
    for item in items[:: max(1, len(items) // LOOKED_AT)]:
        try:
            content = source.read(item)
            if isinstance(content, np.ndarray):
                yield content.shape[1], content.shape[0], content.ndim == 2 or content.shape[-1] == 1
            else:
                with Image.open(io.BytesIO(content)) as picture:
                    yield *picture.size, picture.mode in ("1", "L", "I;16")
        except Exception:  # noqa: BLE001, S112  what cannot be read is reported when the dataset is made
            continue
