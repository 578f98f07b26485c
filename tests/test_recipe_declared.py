"""What is declared of the fields of a training: nothing is missing, and a field counts where it says so."""

from typing import get_args

import pytest

from glasshouse.recipe import TrainingRecipe
from glasshouse.recipe.fields import declared_fields, declared_parts, idle_fields, in_effect, value_at
from glasshouse.recipe.setting import SECTIONS
from test_recipe_fields import fields_of

NOT_FOR_PEOPLE = {"fingerprint"}  # the Studio and the loop fill it in


def test_every_field_that_people_choose_is_declared() -> None:
    assert set(fields_of(TrainingRecipe)) - set(declared_fields()) == NOT_FOR_PEOPLE
    parts = {name for name, value in TrainingRecipe(data="-", network="-").model_dump().items()
             if isinstance(value, dict)}  # fmt: skip
    assert set(declared_parts()) == parts | {"early_stopping"}


@pytest.mark.parametrize("name", [name for name, field in declared_fields().items() if field.setting.section])
def test_a_field_of_the_form_has_all_that_a_form_needs(name: str) -> None:
    field = declared_fields()[name]
    assert field.setting.section in SECTIONS
    assert field.setting.label and field.setting.help.endswith(".")
    if field.kind == "choice":
        assert set(field.names) == set(field.setting.words)
    for names in field.when:
        assert all(one in declared_fields() or one in declared_parts() for one in names.split("|")), names


def test_labels_and_options_name_one_field_each() -> None:
    labels = [field.setting.label for field in declared_fields().values() if field.setting.section]
    options = [field.setting.option.name for field in declared_fields().values() if field.setting.option]
    assert len(set(labels)) == len(labels) and len(set(options)) == len(options)


def test_the_values_of_a_choice_are_those_that_the_recipe_takes() -> None:
    for part, name in (("optimizer", "name"), ("schedule", "name"), ("augmentation", "fill")):
        model = type(getattr(TrainingRecipe(data="-", network="-"), part))
        assert set(declared_fields()[f"{part}.{name}"].names) == set(get_args(model.model_fields[name].annotation))


def counting(**fields: object) -> frozenset[str]:
    data = TrainingRecipe(data="-", network="-", **fields).model_dump(mode="json")
    return in_effect(lambda name: value_at(data, name))


def test_a_field_that_another_makes_idle_counts_as_left_at_its_default() -> None:
    assert "augmentation.fill_value" in counting(augmentation={"rotation": 5, "fill": "constant"})
    assert "augmentation.fill_value" not in counting(augmentation={"fill": "constant"}), "nothing is filled"


def test_the_texts_of_a_form_count_as_the_values_of_a_recipe_do() -> None:
    def of(**texts: str) -> frozenset[str]:
        return in_effect(lambda name: texts.get(name.replace(".", "_"), ""))

    assert of() == counting()
    assert "early_stopping.monitor" in of(early_stopping_patience="3")
    assert "augmentation.erasing_area" in of(augmentation_erasing="0.1")
    assert "augmentation.erasing_area" not in of(augmentation_erasing="0.0")
    assert "augmentation.erasing_area" in of(augmentation_erasing="much"), "what cannot be read is no default"


def test_what_makes_a_field_idle_is_named() -> None:
    recipe = TrainingRecipe(data="-", network="-", optimizer={"name": "sgd"}, schedule={"name": "cosine"})
    reasons = {field.name: reason.name for field, reason in idle_fields(recipe)}
    assert reasons["optimizer.beta1"] == "optimizer.name" and reasons["schedule.pct_start"] == "schedule.name"
    assert reasons["views"] == "strategy"
    assert not {"optimizer.momentum", "schedule.final_div", "epochs"} & set(reasons)
