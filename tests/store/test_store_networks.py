"""Networks of one's own in the store: kept, changed by two people, shared, binned, trained."""

from typing import Any

import pytest

from glasshouse.errors import ConflictError, MissingError, RecipeError, RefusedError
from glasshouse.layers import Conv2D, Dense, Flatten, Network
from glasshouse.store.database import Store
from glasshouse.store.networks import (
    NewNetwork,
    change_network,
    count_networks,
    get_network,
    list_networks,
    save_network,
)
from glasshouse.store.ownership import Listing
from glasshouse.store.people import add_user
from glasshouse.store.records import DatasetRecord, Role, UserRecord
from glasshouse.store.resources import bin_resources, delete_resource, restore_resources
from glasshouse.store.submit import NewModel, submit_models


def layers(**settings: Any) -> dict[str, Any]:
    net = Network([Conv2D(4, 3), Flatten(), Dense(10, activation="softmax")], input_shape=(8, 8, 1), **settings)
    return net.to_dict()


def person(store: Store, name: str, role: Role = Role.MEMBER) -> UserRecord:
    return add_user(store, name, "a long password", role)


def test_a_network_is_kept_with_its_two_parts(store: Store) -> None:
    new = NewNetwork(" Tiny ", layers(), {"label_smoothing": 0.1}, {"name": "sgd", "momentum": 0.9}, "for digits")
    made = save_network(store, new)
    assert (made.name, made.notes, made.revision, made.problems) == ("Tiny", "for digits", 1, 0)
    assert made.layers == layers() and made.parameters == Network.from_dict(layers()).parameters
    assert made.objective["label_smoothing"] == 0.1 and made.optimizer["name"] == "sgd"
    assert get_network(store, made.id) == made and list_networks(store) == [made] and count_networks(store) == 1


def test_unfinished_layers_are_kept_and_their_problems_counted(store: Store) -> None:
    data = layers()
    data["layers"][1]["settings"]["filters"] = 0
    data["layers"][3]["settings"]["activation"] = "relu"
    assert save_network(store, NewNetwork("half", data)).problems == 1
    data["layers"][1]["settings"]["filters"] = 4
    assert save_network(store, NewNetwork("half", data)).problems == 1  # no softmax at the end


def test_all_that_is_wrong_is_told_together(store: Store) -> None:
    with pytest.raises(RecipeError) as caught:
        save_network(store, NewNetwork(" ", {"no": 1}, {"label_smoothing": 2}, {"name": "adm"}))
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"name", "layers.layers", "objective.label_smoothing", "optimizer.name"}
    assert count_networks(store) == 0


def test_two_people_who_edit_one_thing_get_told(store: Store) -> None:
    made = save_network(store, NewNetwork("one", layers()))
    changed = change_network(store, made.id, {"layers": layers(name="two"), "revision": 1, "name": "new"})
    assert (changed.revision, changed.name, changed.layers["name"]) == (2, "new", "two")
    with pytest.raises(ConflictError, match="somebody else"):
        change_network(store, made.id, {"layers": layers(name="three"), "revision": 1})
    assert get_network(store, made.id) == changed


def test_the_bin_and_back(store: Store) -> None:
    made = save_network(store, NewNetwork("one", layers()))
    with pytest.raises(ConflictError, match="not in the bin"):
        delete_resource(store, made)
    bin_resources(store, [made])
    assert list_networks(store) == [] and count_networks(store, listing=Listing(binned=True)) == 1
    restore_resources(store, [made])
    assert [one.id for one in list_networks(store, listing=Listing("ON"))] == [made.id]
    bin_resources(store, [made])
    delete_resource(store, get_network(store, made.id))
    with pytest.raises(MissingError):
        get_network(store, made.id)


def test_who_sees_and_changes_what(store: Store, dataset: DatasetRecord) -> None:
    ada, bob, eve = person(store, "ada"), person(store, "bob"), person(store, "eve", Role.VIEWER)
    mine = save_network(store, NewNetwork("mine", layers()), ada)
    with pytest.raises(MissingError):
        get_network(store, mine.id, bob)
    assert list_networks(store, bob) == []
    shared = change_network(store, mine.id, {"shared": True}, ada)
    assert [one.id for one in list_networks(store, eve)] == [shared.id]
    for one in (bob, eve):
        with pytest.raises(RefusedError):
            change_network(store, mine.id, {"layers": layers(name="stolen")}, one)
        with pytest.raises(RefusedError):
            bin_resources(store, [mine], one)
    with pytest.raises(RefusedError):
        save_network(store, NewNetwork("x", layers()), eve)
    hidden = save_network(store, NewNetwork("hidden", layers()), ada)
    with pytest.raises(RecipeError, match="There is no network"):
        submit_models(store, NewModel("m", dataset.id, {"network": f"network:{hidden.id}"}), bob)


def test_a_model_is_made_of_it_and_keeps_the_layers_of_that_day(store: Store, dataset: DatasetRecord) -> None:
    made = save_network(store, NewNetwork("My net", layers()))
    (model,) = submit_models(store, NewModel("m", dataset.id, {"network": f"network:{made.id}"}))
    assert model.network == "My net" and model.recipe["network"] == {**layers(), "name": "My net"}
    change_network(store, made.id, {"layers": {**layers(), "name": "other"}})
    (again,) = submit_models(store, NewModel("again", dataset.id, {"network": f"model:{model.id}"}))
    assert again.recipe["network"] == model.recipe["network"]


def test_what_cannot_be_trained_is_told_by_field(store: Store, dataset: DatasetRecord) -> None:
    data = layers()
    data["layers"][1]["settings"]["filters"] = 0
    made = save_network(store, NewNetwork("half", data))
    for network, field in ((f"network:{made.id}", "network.conv2d.filters"), ("network:none", "network")):
        with pytest.raises(RecipeError) as caught:
            submit_models(store, NewModel("m", dataset.id, {"network": network}))
        assert [problem.field for problem in caught.value.problems] == [field]
