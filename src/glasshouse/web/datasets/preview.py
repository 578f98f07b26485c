"""What a source holds, seen before it is imported: classes, counts, some pictures, problems, size and time."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Self

import numpy as np

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.decoding.encoding import decode_encoded, encode
from glasshouse.data.decoding.resizing import MODES
from glasshouse.data.items import Item, Source
from glasshouse.data.sources.labels import class_order
from glasshouse.errors import PictureError, SourceError
from glasshouse.recipe import DatasetRecipe
from glasshouse.store.database import Store
from glasshouse.store.places import Grounds, check_named
from glasshouse.store.records import UserRecord
from glasshouse.store.submit import NewDataset, check_dataset_recipe, check_member
from glasshouse.web.datasets.estimate import Cost, cost
from glasshouse.web.datasets.preview_split import idle_fields, planned
from glasshouse.web.datasets.samples import Sampled, sampled
from glasshouse.web.datasets.sources import kept_source
from glasshouse.web.framework.children import Asked
from glasshouse.web.framework.pictures import Pixels, data_address, fitted, shrunk
from glasshouse.web.framework.reading import grounds, readers

__all__ = ["ClassSeen", "Preview", "Shown", "answer_preview", "look", "look_apart", "placed", "prepared", "preview_of"]

CLASSES, EACH, SIDE = 12, 4, 96
PATIENCE = 3.0  # seconds of opening pictures, after which the preview shows what it has
LISTED = 50
LONGEST = 60.0  # seconds of a whole look: large folders and archives are listed first


@dataclass(frozen=True)
class Shown:
    """A picture of the preview: its path in the source, its size there, and an address that holds it."""

    path: str
    width: int
    height: int
    address: str


@dataclass(frozen=True)
class ClassSeen:
    """A class: how many pictures it has, how many of them are ``used``, and some of them."""

    name: str
    count: int
    used: int
    pictures: tuple[Shown, ...]


@dataclass(frozen=True)
class Preview:
    """A source before import; ``looked`` sample pictures were decoded, ``problems`` are what is known so far.

    ``count`` pictures are in the source and ``used`` of them would be in the dataset; ``modes`` shows the picture
    ``example`` in each way to resize (mode, address). ``refusal`` says why nothing could be made of it as it is set;
    ``idle`` names the fields that change nothing with this source, and why (``preview_split.IDLE``).
    """

    classes: tuple[ClassSeen, ...]
    count: int
    used: int
    splits: Mapping[str, int]
    looked: int
    problems: tuple[Rejected, ...]
    problem_count: int
    warnings: tuple[Finding, ...]
    cost: Cost | None
    example: Shown | None = None
    modes: tuple[tuple[str, str], ...] = ()
    width: int = 0
    height: int = 0
    refusal: str = ""
    idle: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Asked) -> Self:
        """Return it from what ``asdict`` gave, come through JSON."""
        classes = [
            ClassSeen(one["name"], one["count"], one["used"], tuple(Shown(**shown) for shown in one["pictures"]))
            for one in told["classes"]
        ]
        lists = {
            "classes": tuple(classes), "problems": tuple(Rejected(**one) for one in told["problems"]),
            "warnings": tuple(Finding(**one) for one in told["warnings"]),
            "modes": tuple((mode, address) for mode, address in told["modes"]),
            "cost": Cost(**told["cost"]) if told["cost"] else None,
            "example": Shown(**told["example"]) if told["example"] else None,
        }  # fmt: skip
        return cls(**{**told, **lists})

    @property
    def most(self) -> int:
        """The number of pictures in the greatest class."""
        return max((one.count for one in self.classes), default=0)


def look(recipe: DatasetRecipe, example: str = "", check: Callable[[Sequence[str]], None] | None = None) -> Preview:
    """Return what the source of ``recipe`` holds; only some pictures a class are decoded.

    ``example`` is the path of the picture to show in each way to resize; ``check`` is given the paths that a list
    names and may refuse them before any is opened.

    Raises:
        SourceError: nothing can be made of the source.
    """
    kept = kept_source(recipe, check)
    source = kept.source
    by_class: defaultdict[str, list[Item]] = defaultdict(list)
    for item in source.items:
        by_class[item.label].append(item)
    names = class_order(source.classes, source.items, recipe)
    seen = _Seen(source, recipe, str(kept.marks))
    pictures = {name: seen.some(by_class[name]) for name in names[:CLASSES]}
    plan = planned([item for item in source.items if item.path not in seen.failed], recipe)
    used = sum(plan.used.values())
    chosen = kept.by_path.get(example) if example else None
    shown, modes = seen.modes(chosen or _not_square(seen, recipe))
    return Preview(
        classes=tuple(ClassSeen(n, len(by_class[n]), plan.used.get(n, 0), pictures.get(n, ())) for n in names),
        count=len(source.items),
        used=used,
        splits=plan.splits,
        looked=len(seen.samples),
        problems=tuple([*seen.problems, *source.rejected][:LISTED]),
        problem_count=len(seen.problems) + len(source.rejected),
        warnings=tuple(source.warnings),
        cost=cost(recipe, used, list(seen.samples.values())),
        example=shown,
        modes=modes,
        width=recipe.width,
        height=recipe.height,
        refusal=plan.refusal,
        idle=idle_fields(source.items, recipe, used),
    )


def preview_of(store: Store, new: NewDataset, user: UserRecord | None, example: str = "") -> Preview:
    """Return what a dataset that is asked for would be made of, for who may ask for it.

    Raises:
        RecipeError: fields are wrong; all are listed.
        SourceError: nothing can be made of the source.
        RefusedError: the person or a path is not allowed.
    """
    check_member(user)
    recipe = placed(store, check_dataset_recipe(store, replace(new, name=new.name.strip() or "-"), user))
    return look_apart(store, recipe, example)


def look_apart(store: Store, recipe: DatasetRecipe, example: str) -> Preview:
    """Return ``look`` of a recipe, done by a process that has little memory and time; paths of lists are checked.

    Raises:
        SourceError: nothing can be made of the source, or it is too much to be looked at.
    """
    asked = {"recipe": recipe.model_dump(mode="json"), "example": example, **grounds(store)}
    try:
        told, _ = readers().ask("preview", asked, seconds=LONGEST, place=recipe.source)
    except PictureError as error:
        raise SourceError(
            "The source cannot be shown here: {error}. The dataset can be made all the same; the job has more "
            "time and memory than a preview.",
            error=error,
        ) from None
    return Preview.of(told)


def answer_preview(asked: Asked, blob: bytes) -> tuple[object, bytes]:
    """Return what ``look_apart`` asks for: in the process that may read the source."""
    recipe = DatasetRecipe(**asked["recipe"])
    places = Grounds(Path(asked["home"]), tuple(map(Path, asked["folders"])))
    sources = [one for one in (recipe.source, recipe.valid_source, recipe.test_source, recipe.labels.pictures) if one]
    return asdict(look(recipe, asked["example"], lambda paths: check_named(places, sources, paths))), b""


def placed(store: Store, recipe: DatasetRecipe) -> DatasetRecipe:
    """Return a recipe with its places where this process finds them: the Studio's own are written from ``runs``."""

    def place(name: str | None) -> str | None:
        return name if not name or name.startswith("sample:") else os.path.normpath(store.path("runs") / name)

    labels = recipe.labels.model_copy(
        update={"pictures": place(recipe.labels.pictures), "labels_file": place(recipe.labels.labels_file)}
    )
    places = {name: place(getattr(recipe, name)) for name in ("source", "valid_source", "test_source")}
    return recipe.model_copy(update={**places, "labels": labels})


def prepared(whole: Pixels, recipe: DatasetRecipe, mode: str | None = None) -> Pixels:
    """Return a decoded picture as the dataset of ``recipe`` will give it back, JPEG's losses included."""
    small = fitted(whole, recipe.width, recipe.height, mode or recipe.resize)
    if recipe.encoding != "jpeg":
        return small
    return decode_encoded(
        encode(small, "jpeg", recipe.quality), "jpeg", (small.shape[0], small.shape[1], small.shape[2])
    )


class _Seen:
    """The pictures that a preview opens, each once, and what went wrong with them."""

    def __init__(self, source: Source, recipe: DatasetRecipe, marks: str) -> None:
        self.source, self.recipe, self.marks = source, recipe, marks
        self.samples: dict[str, Sampled] = {}
        self.problems: list[Rejected] = []
        self.failed: set[str] = set()
        self._end = perf_counter() + PATIENCE

    def open(self, item: Item) -> Sampled | None:
        if item.path in self.failed or item.path in self.samples:
            return self.samples.get(item.path)
        try:
            self.samples[item.path] = sampled(self.source, item, self.recipe, self.marks)
        except PictureError as error:
            self.failed.add(item.path)
            self.problems.append(Rejected(item.path, str(error)))
        return self.samples.get(item.path)

    def some(self, items: Sequence[Item]) -> tuple[Shown, ...]:
        """Return some pictures of a class; none where opening those before took too long."""
        chosen = spread(items, EACH) if perf_counter() < self._end else []
        return tuple(self._shown(item, found) for item in chosen if (found := self.open(item)) is not None)

    def modes(self, item: Item | None) -> tuple[Shown | None, tuple[tuple[str, str], ...]]:
        found = self.open(item) if item is not None else None
        if item is None or found is None:
            return None, ()
        ways = tuple((way, data_address(shrunk(prepared(found.picture, self.recipe, way), SIDE))) for way in MODES)
        return Shown(item.path, found.width, found.height, data_address(shrunk(found.picture, SIDE))), ways

    def _shown(self, item: Item, found: Sampled) -> Shown:
        address = data_address(shrunk(prepared(found.picture, self.recipe), SIDE))
        return Shown(item.path, found.width, found.height, address)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return up to ``most`` of ``items`` that lie evenly among them."""
    return [items[k] for k in np.unique(np.linspace(0, len(items) - 1, min(most, len(items))).astype(int)).tolist()]


def _not_square(seen: _Seen, recipe: DatasetRecipe) -> Item | None:
    """Return a picture, opened already, on which the ways to resize differ."""
    differ = (p for p, one in seen.samples.items() if one.height * recipe.width != one.width * recipe.height)
    path = next(differ, None)
    return next((item for item in seen.source.items if item.path == path), None) if path is not None else None
