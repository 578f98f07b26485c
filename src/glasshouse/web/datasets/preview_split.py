"""The split of a dataset before it is made, by the functions that make it; and settings that would change nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from glasshouse.data.checking.selection import Sample, too_rare
from glasshouse.data.checking.times import name_time
from glasshouse.data.items import Item
from glasshouse.data.sources.idx import is_idx_name
from glasshouse.data.sources.source import LISTS, TABLES
from glasshouse.data.splitting.dividing import divide
from glasshouse.data.splitting.quotas import quotas
from glasshouse.data.splitting.split import split_mode
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe

__all__ = ["IDLE", "Planned", "idle_fields", "planned"]

SIDES = ("train", "val", "test")
MOST_DEALT = 40_000  # pictures; of more, only the numbers are computed, by the same quotas
IDLE = ("own-val", "own-test", "own-sides", "nothing-drawn", "not-jpeg", "labels-elsewhere", "no-table", "no-list",
        "none-more", "no-files", "mixed")  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """How many pictures of each class are used and how many each side gets; ``refusal`` says why nothing is made."""

    used: Mapping[str, int]
    splits: Mapping[str, int]
    refusal: str = ""


def planned(items: Sequence[Item], recipe: DatasetRecipe) -> Planned:
    """Return what becomes of ``items``, if each can be read and none is a twin of another."""
    chosen = [items[k] for k in Sample(items, recipe).next_round([])]
    counts = Counter(item.label for item in chosen)
    used = {name: count for name, count in counts.items() if count >= recipe.min_per_class}
    try:
        rare = too_rare(chosen, recipe)
        kept = [_timed(item) for k, item in enumerate(chosen) if k not in rare]
        sides = _sides(kept, recipe)
    except SourceError as error:
        return Planned(used, {}, str(error))
    return Planned(used, {name: sides[name] for name in SIDES if sides[name]})


def _sides(kept: Sequence[Item], recipe: DatasetRecipe) -> Counter[str]:
    bound = recipe.series_pattern is not None or any(item.group is not None for item in kept)
    if len(kept) <= MOST_DEALT or bound or split_mode(kept, recipe) != "random":
        return Counter(divide(kept, recipe)[1])
    shares = quotas(Counter(item.label for item in kept), recipe.valid, recipe.test).values()
    return Counter({name: sum(getattr(share, name) for share in shares) for name in SIDES})


def _timed(item: Item) -> Item:
    """Return a picture with the time that its name tells; that in its file is not read for a preview."""
    found = name_time(item.path)
    return item if found is None else replace(item, time=found)


def idle_fields(items: Sequence[Item], recipe: DatasetRecipe, used: int) -> dict[str, str]:
    """Return the fields of ``recipe`` that change nothing with this source, and why (one of ``IDLE``).

    Fields that are as they are at first are passed over, but for the shares, which every form sends.
    """
    usual = DatasetRecipe(source=recipe.source)
    found = {**_of_split(items, recipe), **_of_labels(recipe)}
    if recipe.encoding != "jpeg":
        found["quality"] = "not-jpeg"
    if recipe.max_per_class is not None and used == len(items):
        found["max_per_class"] = "none-more"
    name = Path(recipe.source).name
    if recipe.source.startswith("sample:") or name.lower().endswith(".npz") or is_idx_name(name):
        found["pixel_limit"] = "no-files"
    always = ("valid", "test")
    return {key: why for key, why in found.items() if key in always or _value(recipe, key) != _value(usual, key)}


def _of_split(items: Sequence[Item], recipe: DatasetRecipe) -> dict[str, str]:
    sides = {item.split or "train" for item in items}
    own = any(item.split is not None for item in items)
    if not own or recipe.split not in ("auto", "folder", "list"):
        mixed = {"valid_source": "mixed", "test_source": "mixed", "labels.split_column": "mixed"} if own else {}
        drawn = recipe.split in ("auto", "random") or recipe.max_per_class is not None
        return mixed if drawn else {**mixed, "seed": "nothing-drawn"}
    found = {}
    if "val" in sides:
        found["valid"] = "own-val"
    if "test" in sides:
        found["test"] = "own-test"
    if ("val" in sides or not recipe.valid) and ("test" in sides or not recipe.test):
        found["group"] = "own-sides"
        if recipe.max_per_class is None:
            found["seed"] = "nothing-drawn"
    return found


def _of_labels(recipe: DatasetRecipe) -> dict[str, str]:
    by, source = recipe.labels.by, recipe.source.lower()
    table = by == "csv" or (by == "auto" and source.endswith(TABLES))
    folder = Path(recipe.source).is_dir()
    listed = by == "list" or (by == "auto" and (source.endswith(LISTS) or (folder and not recipe.labels.pattern)))
    columns = () if table else ("path_column", "label_column", "group_column", "split_column")
    found = dict.fromkeys((f"labels.{name}" for name in columns), "no-table")
    if not table and not listed:
        found["labels.pictures"] = "no-list"
    if by in ("folder", "csv", "list", "idx") or table or source.endswith(LISTS):
        found["labels.pattern"] = "labels-elsewhere"
    return found


def _value(recipe: DatasetRecipe, name: str) -> object:
    first, _, rest = name.partition(".")
    return getattr(recipe.labels, rest) if rest else getattr(recipe, first)
