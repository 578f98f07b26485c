"""docs/from-fastai.md, "What differs, and why": what each row says is done here."""

import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from glasshouse.errors import InputError, ModelError, RecipeError
from glasshouse.events import StepDone
from glasshouse.fastai.vision.all import (
    Callback,
    F1Score,
    ImageDataLoaders,
    Learner,
    Resize,
    aug_transforms,
    get_image_files,
    load_learner,
    vision_learner,
)
from glasshouse.networks.build import build
from page_rows import left_cells
from pictures import picture, save


@pytest.fixture(scope="module")
def learn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    folder = tmp_path_factory.mktemp("differences")
    for number in range(20):
        for tint, name in enumerate(("Cat", "dog")):
            save(folder / "pets" / f"{name}_{number}.png", picture(1000 * tint + number, 40, 24, tint=tint))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GLASSHOUSE_HOME", str(folder / "home"))
        made = vision_learner(data_of(folder / "pets"), "LeNet", pretrained=False, out=folder / "run")
        made.fit_one_cycle(2, 3e-3)
        yield made


def data_of(path: Path, **more: Any) -> ImageDataLoaders:
    given = {
        "valid_pct": 0.2,
        "seed": 42,
        "label_func": lambda name: name[0].isupper(),
        "item_tfms": Resize(24),
        "bs": 8,
    }
    return ImageDataLoaders.from_name_func(path, get_image_files(path), **{**given, **more})


def steps(learn: Learner) -> list[StepDone]:
    return list(learn.recorder._steps())


def read_once(learn: Learner) -> None:
    again = data_of(learn.dls.path)
    assert again.data.dataset.path == learn.dls.data.dataset.path
    with pytest.raises(RecipeError, match="num_workers"):
        data_of(learn.dls.path, num_workers=0)


def the_middle(learn: Learner) -> None:
    assert learn.dls.data.dataset.recipe.resize == "crop" and not learn.learner.recipe.augmentation.active


def in_proportion(learn: Learner) -> None:
    again = data_of(learn.dls.path)
    assert Counter(learn.dls.valid_ds.labels.tolist()) == {0: 4, 1: 4}
    assert again.valid_ds.paths == learn.dls.valid_ds.paths


def no_warp(learn: Learner) -> None:
    with pytest.raises(InputError, match="no perspective warp"):
        aug_transforms(max_warp=0.2)
    changes = data_of(learn.dls.path, batch_tfms=aug_transforms()).changes
    assert changes["rotation"] == 10 and not {"p", "max_warp", "shear"} & set(changes)


def its_own_last_layer(learn: Learner) -> None:
    held = load_file(learn.learner.run / "model" / "weights.safetensors")  # type: ignore[operator]
    assert set(held) == set(build("LeNet", 2, 3, 24, 24).module.state_dict())


def features_while_frozen(learn: Learner) -> None:
    kept = learn.learner.recipe
    learn.freeze()
    learn._with(learn._strategy(None)[0])
    assert (learn.learner.recipe.strategy, learn.learner.recipe.head) == ("features", "steps")
    learn.unfreeze()
    learn.learner.recipe = kept


def constant_momentum(learn: Learner) -> None:
    recipe = learn.learner.recipe
    assert recipe.optimizer.beta1 == 0.9 and not [name for name in type(recipe.schedule).model_fields if "mom" in name]
    rates = [step.lr for step in steps(learn)]
    assert rates[0] < max(rates) > rates[-1]


def a_hundredth(learn: Learner) -> None:
    learn.frozen = False
    with pytest.raises(InputError, match=r"write slice\(1e-05, 0\.001\)"):
        learn._strategy(slice(1e-6, 1e-3))
    strategy, rate = learn._strategy(slice(1e-5, 1e-3))
    assert (strategy["strategy"], strategy["freeze_epochs"], rate) == ("fine-tune", 0, 2e-3)


def the_best_epoch(learn: Learner) -> None:
    best = learn.learner.model_at("best").probabilities(learn.dls.valid_ds.rows(np.arange(4)))
    np.testing.assert_array_equal(learn.model.probabilities(learn.dls.valid_ds.rows(np.arange(4))), best)


def a_loop_over_events(_: Learner) -> None:
    with pytest.raises(InputError, match=r"for event in glasshouse\.train\(recipe, out\)"):
        Callback()


def no_pickle(learn: Learner) -> None:
    folder = learn.dls.path.parent
    file = learn.export(folder / "ours.pkl")
    assert file.read_bytes()[:2] == b"PK" and load_learner(file).vocab == [False, True]
    (folder / "theirs.pkl").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelError):
        load_learner(folder / "theirs.pkl")


def booleans_and_texts(learn: Learner) -> None:
    assert learn.dls.vocab == [False, True]
    assert data_of(learn.dls.path, label_func=lambda name: int(name[0].isupper())).vocab == ["0", "1"]


def the_mean_over_classes(_: Learner) -> None:
    assert F1Score() == F1Score(average="macro")
    with pytest.raises(InputError, match="macro"):
        F1Score(average="binary")


ROWS: list[tuple[str, Callable[[Learner], None]]] = [
    ("pictures are read and resized in every epoch", read_once),
    ("`Resize` crops at a random place", the_middle),
    ("a random split", in_proportion),
    ("`aug_transforms()` warps the perspective", no_warp),
    ("the head: two kinds of pooling", its_own_last_layer),
    ("`fit_one_cycle` while frozen", features_while_frozen),
    ("the momentum falls and rises", constant_momentum),
    ("`slice(lo, hi)` of any width", a_hundredth),
    ("the weights of the last epoch", the_best_epoch),
    ("custom callbacks", a_loop_over_events),
    ("`export` writes a pickle", no_pickle),
    ("labels are what they were", booleans_and_texts),
    ("`F1Score()` of two classes counts the second one", the_mean_over_classes),
]


@pytest.mark.parametrize(("row", "check"), ROWS, ids=[check.__name__ for _, check in ROWS])
def test_a_row_says_what_is_done(row: str, check: Callable[[Learner], None], learn: Learner) -> None:
    assert any(cell.startswith(row) for cell in left_cells("from-fastai.md"))
    check(learn)


def test_every_row_of_the_page_is_above_in_both_languages() -> None:
    page = left_cells("from-fastai.md")
    assert [cell.startswith(row) for cell, (row, _) in zip(page, ROWS, strict=True)] == [True] * len(ROWS)
    assert len(left_cells("from-fastai.ko.md")) == len(ROWS)
