"""Which pictures stay together and where each goes: one function for making a dataset and for its preview."""

from collections.abc import Hashable, Sequence

from glasshouse.data.items import Item
from glasshouse.data.splitting.groups import join, series_keys
from glasshouse.data.splitting.split import deal
from glasshouse.recipe import DatasetRecipe

__all__ = ["divide"]


def divide(
    items: Sequence[Item],
    recipe: DatasetRecipe,
    twins: Sequence[Hashable | None] = (),
    series: Sequence[Hashable | None] = (),
) -> tuple[list[int], list[str]]:
    """Return the group and the side (``train``, ``val``, ``test``) of each picture.

    ``twins`` names for each picture the others that look the same, if that is known, ``series`` those of its
    series, if the recipe has no pattern of series.

    Raises:
        SourceError: they cannot be split as the recipe says.
    """
    bonds = [twins, series, series_keys(items, recipe.series_pattern), [item.group for item in items]]
    groups = join(len(items), *(bond for bond in bonds if len(bond) == len(items)))
    return groups, deal(items, groups, recipe)
