"""Datasets and models in the store: asked for, changed, binned; nobody sees what is not theirs."""

import pytest

from glasshouse.errors import ConflictError, MissingError, RecipeError, RefusedError
from glasshouse.store.database import Store
from glasshouse.store.datasets import (
    count_datasets,
    dependants,
    get_dataset,
    list_datasets,
)
from glasshouse.store.jobs import abort_job
from glasshouse.store.models import get_model, list_models, note_scores
from glasshouse.store.ownership import Listing
from glasshouse.store.people import add_user
from glasshouse.store.records import DatasetRecord, JobState, Role
from glasshouse.store.resources import bin_resources, change_resource, delete_resource, restore_resources
from glasshouse.store.submit import (
    NewDataset,
    NewModel,
    continue_model,
    submit_dataset,
    submit_evaluation,
    submit_models,
)

LENET = {"network": "LeNet"}


def test_all_problems_of_a_form_are_told_at_once(store: Store) -> None:
    with pytest.raises(RecipeError) as caught:
        submit_dataset(store, NewDataset(" ", {"source": "/etc/passwd", "widht": 3, "valid": 2}))
    assert {problem.field for problem in caught.value.problems} == {"name", "source", "widht", "valid"}
    assert count_datasets(store) == 0


def test_a_training_keeps_the_dataset_in_its_recipe_relative_to_the_runs(store: Store, dataset: DatasetRecord) -> None:
    (model,) = submit_models(store, NewModel("m", dataset.id, LENET))
    assert model.recipe["data"] == f"../datasets/{dataset.id}"
    assert (model.state, model.dataset_name, model.job.depends_on) == (JobState.QUEUED, "digits", None)


def test_a_model_on_an_unfinished_dataset_waits_for_it(store: Store) -> None:
    made = submit_dataset(store, NewDataset("digits", {"source": "sample:digits"}))
    (model,) = submit_models(store, NewModel("m", made.id, LENET))
    assert model.job.depends_on == made.job_id


def test_a_sweep_of_two_rates_and_two_batch_sizes_is_four_jobs(store: Store, dataset: DatasetRecord) -> None:
    new = NewModel("sweep", dataset.id, LENET, sweep={"lr": [0.1, 0.01], "batch_size": [16, 32]})
    found = submit_models(store, new)
    assert [(m.recipe["optimizer"]["lr"], m.recipe["batch_size"]) for m in found] == [
        (0.1, 16), (0.1, 32), (0.01, 16), (0.01, 32),
    ]  # fmt: skip
    assert found[0].name == "sweep lr 0.1, batch 16"
    assert len({m.job_id for m in found}) == 4
    assert len({m.sweep_id for m in list_models(store)}) == 1


def test_a_sweep_with_a_wrong_value_makes_nothing(store: Store, dataset: DatasetRecord) -> None:
    with pytest.raises(RecipeError, match="batch_size"):
        submit_models(store, NewModel("sweep", dataset.id, LENET, sweep={"batch_size": [16, 0]}))
    assert list_models(store) == []


def test_a_dataset_in_use_says_so_before_it_goes(store: Store, dataset: DatasetRecord) -> None:
    (model,) = submit_models(store, NewModel("cats", dataset.id, LENET))
    with pytest.raises(ConflictError, match="cats is queued or running"):
        bin_resources(store, [dataset], even_if_used=True)
    abort_job(store, model.job_id)
    assert dependants(store, dataset.id) == [(model.id, "cats")]
    with pytest.raises(ConflictError, match="in use by cats"):
        bin_resources(store, [dataset])
    bin_resources(store, [dataset], even_if_used=True)
    assert list_datasets(store) == []
    assert [one.id for one in list_datasets(store, listing=Listing(binned=True))] == [dataset.id]
    with pytest.raises(ConflictError, match="in the bin"):
        submit_models(store, NewModel("m", dataset.id, LENET))
    restore_resources(store, [dataset])
    assert get_dataset(store, dataset.id).deleted_at is None


def test_only_the_bin_is_emptied(store: Store, dataset: DatasetRecord) -> None:
    folder = store.path(dataset.folder)
    folder.mkdir()
    with pytest.raises(ConflictError, match="not in the bin"):
        delete_resource(store, dataset)
    bin_resources(store, [dataset])
    delete_resource(store, get_dataset(store, dataset.id))
    assert not folder.exists()
    with pytest.raises(MissingError):
        get_dataset(store, dataset.id)


def test_a_queued_model_stays_out_of_the_bin(store: Store, dataset: DatasetRecord) -> None:
    (model,) = submit_models(store, NewModel("m", dataset.id, LENET))
    with pytest.raises(ConflictError, match="abort it first"):
        bin_resources(store, [model])


def test_two_people_editing_one_thing(store: Store, dataset: DatasetRecord) -> None:
    change_resource(store, dataset, {"name": "numbers", "revision": dataset.revision})
    with pytest.raises(ConflictError, match="somebody else"):
        change_resource(store, dataset, {"name": "figures", "revision": dataset.revision})
    assert get_dataset(store, dataset.id).name == "numbers"
    with pytest.raises(RecipeError, match="folder: cannot be changed"):
        change_resource(store, dataset, {"folder": "../.."})


def test_search_sort_and_groups(store: Store) -> None:
    for name, group in (("Cats 100%", "pets"), ("dogs", "pets"), ("digits", "")):
        submit_dataset(store, NewDataset(name, {"source": "sample:digits"}, group))
    assert [d.name for d in list_datasets(store, listing=Listing("CATS"))] == ["Cats 100%"]
    assert [d.name for d in list_datasets(store, listing=Listing("100%"))] == ["Cats 100%"]
    assert [d.name for d in list_datasets(store, listing=Listing(sort="name"))] == ["Cats 100%", "digits", "dogs"]
    assert count_datasets(store, listing=Listing(group="pets")) == 2
    with pytest.raises(RecipeError, match="cannot sort by password"):
        list_datasets(store, listing=Listing(sort="password"))


def test_scores_are_added_and_an_untrained_model_is_not_scored(store: Store, dataset: DatasetRecord) -> None:
    (model,) = submit_models(store, NewModel("m", dataset.id, LENET))
    note_scores(store, model.id, {"epoch": 1})
    note_scores(store, model.id, {"valid_loss": 0.5})
    assert get_model(store, model.id).scores == {"epoch": 1, "valid_loss": 0.5}
    with pytest.raises(ConflictError, match="no model yet"):
        submit_evaluation(store, model.id, "val")
    with pytest.raises(ConflictError, match="no model yet"):
        continue_model(store, model.id, 3)
    with pytest.raises(RecipeError, match="weights: m has no model"):
        submit_models(store, NewModel("n", dataset.id, {**LENET, "weights": f"model:{model.id}"}))
    with pytest.raises(RecipeError, match=r"weights: .* is no checkpoint's name"):
        submit_models(store, NewModel("n", dataset.id, {**LENET, "weights": f"model:{model.id}:../../x.safetensors"}))


def test_what_is_not_shared_is_seen_by_its_owner_and_admins_only(store: Store) -> None:
    anna, ben = (add_user(store, name, "a long password") for name in ("anna", "ben"))
    boss = add_user(store, "boss", "a long password", Role.ADMIN)
    looker = add_user(store, "looker", "a long password", Role.VIEWER)
    own = submit_dataset(store, NewDataset("own", {"source": "sample:digits"}), anna)
    shared = submit_dataset(store, NewDataset("shared", {"source": "sample:digits"}, shared=True), anna)
    assert {d.name for d in list_datasets(store, ben)} == {"shared"}
    assert {d.name for d in list_datasets(store, boss)} == {"own", "shared"}
    with pytest.raises(MissingError):
        get_dataset(store, own.id, ben)
    with pytest.raises(RefusedError, match="somebody else's"):
        change_resource(store, shared, {"name": "mine"}, ben)
    with pytest.raises(RefusedError, match="may look"):
        submit_dataset(store, NewDataset("new", {"source": "sample:digits"}), looker)
    with pytest.raises(MissingError):
        submit_models(store, NewModel("m", own.id, LENET), ben)
