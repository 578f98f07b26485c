"""Recipes: JSON in and out, and every problem told at once, by field."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.errors import GlasshouseError, InputError, RecipeError
from glasshouse.recipe import AugmentationRecipe, DatasetRecipe, OptimizerRecipe, TrainingRecipe


def fields(error: RecipeError) -> set[str]:
    return {problem.field for problem in error.problems}


def test_a_recipe_survives_json() -> None:
    recipe = TrainingRecipe(
        data="d", network="LeNet", augmentation=AugmentationRecipe(zoom=(0.8, 1.2), width_shift=(1, 2)), seed=7
    )
    assert TrainingRecipe.from_json(recipe.to_json()) == recipe
    data = DatasetRecipe(source="pictures", valid=0.2, group="(.*)_")
    assert DatasetRecipe.from_json(data.to_json()) == data


@given(valid=st.floats(0, 0.99), test=st.floats(0, 0.99))
def test_valid_and_test_must_leave_something(valid: float, test: float) -> None:
    if valid + test < 1:
        assert DatasetRecipe(source="s", valid=valid, test=test).valid == valid
    else:
        with pytest.raises(RecipeError, match="leave pictures to train on"):
            DatasetRecipe(source="s", valid=valid, test=test)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(RecipeError) as caught:
        TrainingRecipe(
            networkk="LeNet",
            epochs=-1,
            optimizer={"nme": "sgd", "lr": "fast", "nesterov": True},
            augmentation={"zoom": [2, 1], "rotation": 999},
        )
    assert fields(caught.value) == {
        "data", "network", "networkk", "epochs", "optimizer.nme", "optimizer.lr", "optimizer.momentum",
        "augmentation.zoom", "augmentation.rotation",
    }  # fmt: skip
    text = str(caught.value)
    assert "did you mean network?" in text
    assert "did you mean name?" in text
    assert "-1" in text
    assert "fast" in text


def test_a_recipe_error_is_an_input_error_and_a_value_error() -> None:
    assert issubclass(RecipeError, InputError)
    assert issubclass(RecipeError, ValueError)
    assert issubclass(RecipeError, GlasshouseError)


@pytest.mark.parametrize(("text", "words"), [("{", "not JSON"), ("[1]", "expected a JSON object, got list")])
def test_what_is_not_a_recipe_is_told(text: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        DatasetRecipe.from_json(text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read"):
        TrainingRecipe.load(tmp_path / "no.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="cannot read"):
        TrainingRecipe.load(tmp_path / "binary.json")


def test_a_later_version_is_refused() -> None:
    with pytest.raises(RecipeError, match="version"):
        DatasetRecipe(source="s", version=4)


def test_not_a_number_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"optimizer\.lr"):
        TrainingRecipe(data="d", network="n", optimizer={"lr": float("nan")})


def test_features_need_weights_and_whole_pictures() -> None:
    with pytest.raises(RecipeError) as caught:
        TrainingRecipe(data="d", network="n", strategy="features", augmentation=AugmentationRecipe(mixup=0.4))
    assert fields(caught.value) == {"weights", "augmentation"}


def test_the_defaults_of_a_strategy_stand_in_one_place() -> None:
    plain = TrainingRecipe(data="d", network="n").resolved()
    assert plain.epochs is not None
    assert plain.optimizer.lr is not None
    chosen = TrainingRecipe(data="d", network="n", epochs=2, optimizer=OptimizerRecipe(lr=0.5)).resolved()
    assert (chosen.epochs, chosen.optimizer.lr) == (2, 0.5)


def test_replace_checks_as_a_new_recipe_does() -> None:
    recipe = DatasetRecipe(source="s", valid=0.5)
    assert recipe.replace(test=0.25).test == 0.25
    with pytest.raises(RecipeError):
        recipe.replace(test=0.5)


def test_recipes_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        DatasetRecipe(source="s").seed = 3  # type: ignore[misc]


@pytest.mark.parametrize("field", ["group", "labels"])
def test_patterns_are_checked(field: str) -> None:
    for pattern, words in (("(", "not a regular expression"), ("abc", "a group in parentheses")):
        value = pattern if field == "group" else {"by": "pattern", "pattern": pattern}
        with pytest.raises(RecipeError, match=words):
            DatasetRecipe(source="s", **{field: value})
