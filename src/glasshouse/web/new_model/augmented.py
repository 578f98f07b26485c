"""Augmented pictures for the form of a new model, made in a child process, since only there torch may be loaded.

``python -m glasshouse.web.new_model.augmented`` reads one request as JSON from its input and writes addresses of
pictures.
"""

import json
import sys
from functools import lru_cache
from pathlib import Path
from subprocess import TimeoutExpired
from typing import cast

import numpy as np

from glasshouse.data.dataset import open_dataset
from glasshouse.data.gallery import pick
from glasshouse.errors import ConflictError
from glasshouse.recipe import AugmentationRecipe
from glasshouse.web.framework.children import PREVIEW_TURNS, Asked, answer_of
from glasshouse.web.framework.pictures import data_address, shrunk

__all__ = ["examples", "main"]

PICTURES, EPOCHS, SIDE, PATIENCE = 4, 5, 96, 60.0


def examples(dataset: Path, recipe: AugmentationRecipe, seed: int) -> list[list[str]]:
    """Return a row for each of some training pictures: as it is, then as some epochs will see it.

    Raises:
        BusyError: too much is asked for at once.
        ConflictError: it took too long.
        InputError: the child process failed; the text is its last line.
    """
    return _examples(str(dataset), recipe.model_dump_json(), seed)


@lru_cache(maxsize=128)
def _examples(dataset: str, recipe: str, seed: int) -> list[list[str]]:
    request = {"dataset": dataset, "recipe": json.loads(recipe), "seed": seed}
    try:
        with PREVIEW_TURNS.taken(PATIENCE / 4):
            rows = cast("list[list[str]]", answer_of("glasshouse.web.new_model.augmented", request, PATIENCE))
    except TimeoutExpired:
        raise ConflictError("The preview took too long here; the training will do it all the same.") from None
    return rows


def main() -> None:
    """Make the pictures of the request on the input."""
    request: Asked = json.load(sys.stdin)
    import torch

    from glasshouse.data.augment import augment

    torch.set_num_threads(1)
    dataset = open_dataset(request["dataset"])
    recipe = AugmentationRecipe(**request["recipe"]).unmixed()
    chosen = pick(dataset.splits["train"], PICTURES)
    rows = dataset.splits["train"].rows(chosen)
    labels = torch.from_numpy(dataset.splits["train"].labels[chosen])
    whole = torch.from_numpy(rows).permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=torch.channels_last)
    seen = [rows]
    for epoch in range(EPOCHS):
        changed, _ = augment(whole, labels, chosen, recipe, request["seed"], epoch, len(dataset.classes))
        seen.append(changed.clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).numpy())
    json.dump([[data_address(shrunk(np.ascontiguousarray(part[k]), SIDE)) for part in seen] for k in range(len(rows))],
              sys.stdout)  # fmt: skip


if __name__ == "__main__":
    main()
