"""Arguments of Keras' ImageDataGenerator carry over."""

import pytest

from glasshouse.data.augmentation.keras_generator import keras_generator
from glasshouse.errors import RecipeError
from glasshouse.recipe import AugmentationRecipe


def test_the_recipe_of_the_book() -> None:
    """Chollet, Deep Learning with Python, 2017, listing 5.14."""
    recipe = keras_generator(
        rescale=1.0 / 255, rotation_range=40, width_shift_range=0.2, height_shift_range=0.2, shear_range=0.2,
        zoom_range=0.2, horizontal_flip=True,
    )  # fmt: skip
    assert recipe == AugmentationRecipe(
        rotation=40, width_shift=0.2, height_shift=0.2, shear=0.2, zoom=0.2, horizontal_flip=True
    )
    assert recipe.fill == "nearest"


@pytest.mark.parametrize(
    ("given", "meant"),
    [(0.3, 0.3), (2.0, 2.0), (2, (0.0, 1.0)), (1, (0.0,)), (0, 0.0), ([0.1, 0.2], (0.1, 0.2)), ((-3, 3), (-3.0, 3.0))],
)
def test_the_three_kinds_of_shift(given: float, meant: float) -> None:
    assert keras_generator(width_shift_range=given).width_shift == meant
    assert keras_generator(height_shift_range=given).height_shift == meant


def test_everything_else() -> None:
    recipe = keras_generator(
        brightness_range=(0.5, 1.5), channel_shift_range=20, zoom_range=(0.8, 1.0), fill_mode="constant", cval=128,
        vertical_flip=True,
    )  # fmt: skip
    assert recipe.brightness == (0.5, 1.5) and recipe.channel_shift == 20 and recipe.zoom == (0.8, 1.0)
    assert (recipe.fill, recipe.fill_value, recipe.vertical_flip) == ("constant", 128, True)
    assert not keras_generator().active


def test_all_problems_at_once() -> None:
    with pytest.raises(RecipeError) as caught:
        keras_generator(rotation_range=-3, fill_mode="mirror", rescale=1 / 127.5)  # type: ignore[arg-type]
    assert {problem.field for problem in caught.value.problems} == {"rotation", "fill", "rescale"}
    with pytest.raises(RecipeError, match="empty"):
        keras_generator(width_shift_range=[])
