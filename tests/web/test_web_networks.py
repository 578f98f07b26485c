"""Building a network: the draft and its changes, the form there and back, the pages, the API."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from network_form import fields, send
from starlette.testclient import TestClient

from glasshouse.layers import LAYERS, Dense, Flatten, Network, Reshape, Softmax
from glasshouse.layers.classics import CLASSICS
from glasshouse.networks.resolved import resolve
from glasshouse.store.audit import page_of_audit
from glasshouse.store.database import open_store
from glasshouse.store.models import get_model
from glasshouse.store.networks import get_network, list_networks
from glasshouse.store.people import add_user
from glasshouse.store.records import Role
from glasshouse.web.app import create_app
from glasshouse.web.framework.language import WEB
from glasshouse.web.networks.controls import GROUPS, controls, settings_of, text_of
from glasshouse.web.networks.draft import Draft, added, doubled, moved, removed
from glasshouse.web.networks.form import example, machine_memory
from studio_seed import Studio

DATA: dict[str, Any] = example()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    return TestClient(create_app(studio.store), base_url="http://127.0.0.1", headers={"accept-language": "en"})


def draft(name: str = "") -> Draft:
    return Draft.of(CLASSICS[name]().to_dict() if name else DATA)


def chain(one: Draft) -> list[tuple[str, tuple[str, ...]]]:
    return [(block.name, block.inputs) for block in one.blocks]


@pytest.mark.parametrize("name", CLASSICS)
def test_a_draft_is_the_network_it_was_made_of(name: str) -> None:
    net = CLASSICS[name]()
    assert Network.from_dict(Draft.of(net.to_dict()).description(net.name)).to_dict() == net.to_dict()


@pytest.mark.parametrize("word", LAYERS)
def test_every_layer_has_controls_that_keep_its_settings(word: str) -> None:
    assert sum(word in words for words in GROUPS.values()) == 1
    new = added(draft(), word, 1).blocks[2]
    assert new.word == word and new.inputs[0] == "conv2d"
    LAYERS[word](**settings_of(word, new.texts))  # what a new one begins with can be built
    for control in controls(word):
        assert control.kind in ("number", "text", "select", "check")


@pytest.mark.parametrize(
    ("value", "text"),
    [((3, 3), "3"), ((1, 2), "1, 2"), (((1, 1), (1, 1)), "1"), (((1, 2), (3, 4)), "[1, 2], [3, 4]"),
     (0.1, "0.1"), (True, "yes"), (None, ""), (((0, 1), (0, 1)), "[0, 1], [0, 1]"),
     ((0.0, 255.0), "0.0, 255.0"), ((0.5, 0.5), "0.5, 0.5")],
)  # fmt: skip
def test_values_as_texts(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_texts_as_values() -> None:
    texts = {"filters": "8", "kernel_size": "3 x 5", "strides": "(2, 1)", "use_bias": "", "activation": "relu",
             "padding": "same", "groups": "1", "dilation_rate": ""}  # fmt: skip
    assert settings_of("Conv2D", texts) == {
        "filters": 8, "kernel_size": [3, 5], "strides": [2, 1], "use_bias": False, "activation": "relu",
        "padding": "same",
    }  # fmt: skip
    assert settings_of("Rescaling", {"scale": "1/255"}) == {"scale": 1 / 255}
    assert settings_of("ZeroPadding2D", {"padding": "[1, 2], [3, 4]"}) == {"padding": [[1, 2], [3, 4]]}
    assert settings_of("Conv2D", {"filters": "[" * 5000})["filters"].startswith("[")
    kept = json.dumps({"name": "random_normal", "mean": 0.0, "stddev": 0.01})
    assert settings_of("Dense", {"units": "3", "use_bias": "yes", "kernel_initializer": kept})[
        "kernel_initializer"] == json.loads(kept)  # fmt: skip


def test_every_layer_and_every_setting_has_words() -> None:
    words = (WEB / "networks" / "templates" / "network_words.html").read_text(encoding="utf-8")
    assert [word for word in LAYERS if f'"{word}": _(' not in words] == []
    assert {c.name for word in LAYERS for c in controls(word) if f'"{c.name}": _(' not in words} == set()


def test_layers_are_added_moved_copied_and_removed_in_a_chain() -> None:
    one = added(draft(), "Dropout", 2)
    assert chain(one)[3:5] == [("dropout", ("max_pooling2d",)), ("flatten", ("dropout",))]
    up = moved(one, 3, -1)
    assert chain(up)[2:5] == [
        ("dropout", ("conv2d",)),
        ("max_pooling2d", ("dropout",)),
        ("flatten", ("max_pooling2d",)),
    ]
    assert moved(up, 2, 1) == one
    assert removed(one, 3) == draft()
    two = doubled(draft(), 1)
    assert chain(two)[1:4] == [
        ("conv2d", ("input_layer",)),
        ("conv2d_1", ("conv2d",)),
        ("max_pooling2d", ("conv2d_1",)),
    ]
    for same in (removed(draft(), 0), moved(draft(), 1, -1), moved(draft(), 4, 1), doubled(draft(), 0)):
        assert same == draft()


def test_residual_branches_survive_every_change() -> None:
    whole = draft("ResNet18")
    parameters = CLASSICS["ResNet18"]().parameters
    names = whole.names()
    relu = added(whole, "Dropout", names.index("add"))
    assert relu.look().count == 0 and relu.look().parameters == parameters
    assert removed(relu, relu.names().index("dropout")) == whole
    swapped = moved(whole, names.index("batch_normalization_1"), -1)
    assert swapped.look().count == 0 or swapped.look().layers  # shapes may differ, nothing is lost
    assert len(swapped.blocks) == len(whole.blocks)
    joined = added(draft(), "Add", 1)
    assert joined.blocks[2].inputs[0] == "conv2d" and len(joined.blocks[2].inputs) == 2
    gone = removed(whole, names.index("add"))
    assert gone.look().count == 0 or all(block.inputs for block in gone.blocks[1:])


def test_names_are_followed_and_shared_layers_kept(client: TestClient) -> None:
    html = client.get("/networks/new").text
    sent = [(name, "first" if name == "b1.name" else value) for name, value in fields(html)]
    answer = send(client, "/live/network", sent, "look").text
    assert 'data-block="first"' in answer and 'name="b2.inputs" list="names" value="first"' in answer
    assert "It can be trained." in answer


def test_pages_begin_with_what_was_asked(client: TestClient, studio: Studio) -> None:
    assert "No custom network yet" in client.get("/networks").text
    for start, layers in (("", 5), ("empty", 3), ("classic:LeNet", 8),
                          ("classic:ResNet50", len(CLASSICS["ResNet50"]().steps)),
                          (f"model:{studio.model}", 4)):  # fmt: skip
        html = client.get(f"/networks/new?from={start}").text
        assert html.count("data-block=") == layers, start
    fitted = client.get(f"/networks/new?from=classic:LeNet&dataset={studio.dataset}").text
    assert "24 × 24 × 20" in fitted and ">3</strong>" in fitted
    assert client.get("/networks/new?from=classic:Nothing").status_code >= 400
    assert client.get("/networks/nothing").status_code == 404


def test_a_network_is_built_saved_changed_and_trained(client: TestClient, studio: Studio) -> None:
    html = client.get("/networks/new").text
    more = send(client, "/networks/new", fields(html), "add", word="Dropout").text
    assert "dropout" in more and more.count("data-block=") == 6
    wrong = send(client, "/networks/new", fields(more), "save")
    assert wrong.status_code == 422 and "required" in wrong.text
    assert fields(wrong.text) == fields(more)
    kept = send(client, "/networks/new", fields(more), "save", name="Mine <b>", optimizer__name="sgd",
                optimizer__momentum="0.9")  # fmt: skip
    assert kept.status_code == 303
    key = kept.headers["location"].split("/")[2].split("?")[0]
    record = get_network(studio.store, key)
    assert record.problems == 0 and record.optimizer["momentum"] == 0.9 and len(record.layers["layers"]) == 6
    page = client.get(f"/networks/{key}").text
    assert "Mine &lt;b&gt;" in page and "<b>" not in page.replace("&lt;b&gt;", "")
    new = client.get(f"/models/new?network=network:{key}").text
    assert f'value="network:{key}" selected' in new and 'value="sgd" selected' in new
    again = send(client, f"/networks/{key}", fields(page), "train", name="Mine")
    assert again.headers["location"] == f"/models/new?network=network:{key}"
    late = send(client, f"/networks/{key}", fields(page), "save", name="Theirs")
    assert late.status_code == 409 and "somebody else" in late.text and 'value="Theirs"' in late.text
    copy = send(client, f"/networks/{key}", fields(page), "copy", name="Theirs")
    assert copy.status_code == 303 and len(list_networks(studio.store)) == 2
    asked = {"name": "of mine", "dataset": studio.dataset, "network": f"network:{key}", "preset": "own",
             "strategy": "scratch", "weights": "none", "epochs": "1"}  # fmt: skip
    made = client.post("/models/new", data=asked, follow_redirects=False)
    model = get_model(studio.store, made.headers["location"].split("/")[2])
    assert model.network == "Mine" and model.recipe["network"]["layers"] == record.layers["layers"]
    clone = client.get(f"/models/new?clone={model.id}").text
    assert f'value="model:{model.id}" selected' in clone
    rest = {name: re.search(f'name="{name}" value="([^"]*)"', clone) for name in ("rest", "parent")}
    asked |= {name: unescape(found[1]) for name, found in rest.items() if found}
    for chosen, network in ((f"model:{model.id}", model.recipe["network"]), ("LeNet", "LeNet")):
        made = client.post("/models/new", data={**asked, "network": chosen}, follow_redirects=False)
        assert get_model(studio.store, made.headers["location"].split("/")[2]).recipe["network"] == network
    details = client.get(f"/models/{model.id}/details").text
    assert "Mine: Input · Conv2D · MaxPooling2D · Flatten · Dropout · Dense" in details
    compared = client.get(f"/compare?chosen=models/{model.id}&chosen=models/{studio.model}").text
    assert "Mine: Input · Conv2D" in compared and "glasshouse-network" not in compared


def test_problems_stand_at_their_layer_and_unfinished_work_is_kept(client: TestClient, studio: Studio) -> None:
    html = client.get("/networks/new").text
    sent = [(name, "0" if name == "b1.s.filters" else value) for name, value in fields(html)]
    answer = send(client, "/live/network", sent, "look").text
    assert 'id="wrong-b1.s.filters"' in answer and "1 thing has to be put right" in answer
    kept = send(client, "/networks/new", sent, "save", name="Half")
    page = client.get(kept.headers["location"]).text
    assert "1 thing has to be put right" in page and "1 problem" in client.get("/networks").text
    assert (
        send(client, kept.headers["location"], fields(page), "train", name="Half")
        .headers["location"]
        .startswith("/networks/")
    )


def test_what_cannot_fit_is_told(client: TestClient) -> None:
    html = client.get("/networks/new").text
    huge = str(machine_memory() // 4 // (13 * 13 * 16))
    sent = [(n, huge if n == "b4.s.units" else v) for n, v in fields(html)]
    told = send(client, "/live/network", sent, "look").text
    assert "cannot fit into the memory" in told and "No batch size would fit" in told
    told = send(client, "/live/network", fields(html), "look", batch_size="900000").text
    assert "Batches of" in told


def test_damaged_forms_do_no_harm(client: TestClient) -> None:
    for sent in ([], [("b0.kept", "{")], [("b0.kept", '{"name": 1}')],
                 [("b0.word", "<script>"), ("b0.name", "<script>")],
                 [("b0.word", "Conv2D"), ("b0.name", ""), ("b0.inputs", "x")], [("b99999999999999999999.name", "x")],
                 [("bx.name", "y")]):  # fmt: skip
        for do in ("look", "up:0", "remove:0", "double:0", "add", "up:x", "open:7"):
            answer = send(client, "/live/network", sent, do, word="Dense")
            assert answer.status_code == 200, (sent, do, answer.text[:300])
            assert "<script>" not in answer.text


def test_the_api_keeps_looks_changes_and_deletes(client: TestClient) -> None:
    data = Network([Reshape((-1,)), Dense(4, activation="softmax")], input_shape=(8, 8, 1)).to_dict()
    seen = client.post("/api/v1/networks/look", json={"layers": data, "batch_size": 2}).json()
    assert [layer["shape"] for layer in seen["layers"]] == [[8, 8, 1], [64], [4]]
    assert seen["parameters"] == 260 and seen["memory"]["weights"] == 8 * 260 and seen["problems"] == []
    made = client.post("/api/v1/networks", json={"name": "api", "layers": data}).json()
    assert made["problems"] == 0 and made["revision"] == 1
    address = f"/api/v1/networks/{made['id']}"
    assert client.patch(address, json={"notes": "x", "revision": 1}).json()["revision"] == 2
    assert client.patch(address, json={"layers": data, "revision": 1}).status_code == 409
    wrong = client.patch(address, json={"optimizer": {"name": "adm"}})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "optimizer.name"
    assert client.get("/api/v1/networks?search=api").json()["count"] == 1
    assert client.delete(address).json()["deleted_at"] and client.post(f"{address}/restore").status_code == 200
    assert client.delete(f"{address}?for_good=true").status_code == 409
    client.delete(address)
    assert client.delete(f"{address}?for_good=true").status_code == 200 and client.get(address).status_code == 404
    assert set(client.get("/api/v1/networks/vocabulary").json()) == set(LAYERS)


@pytest.mark.parametrize("last", [[Dense(1, activation="sigmoid")], [Dense(10), Softmax()]], ids=["sigmoid", "softmax"])
def test_a_network_as_documents_print_it_is_kept_shown_and_fitted(client: TestClient, last: list[Any]) -> None:
    data = Network([Flatten(), Dense(16, activation="relu"), *last], input_shape=(28, 28)).to_dict()
    seen = client.post("/api/v1/networks/look", json={"layers": data, "batch_size": 2}).json()
    assert seen["problems"] == [] and seen["layers"][0]["shape"] == [28, 28]
    made = client.post("/api/v1/networks", json={"name": "printed", "layers": data}).json()
    assert made["problems"] == 0
    sides = dict(fields(client.get(f"/networks/{made['id']}").text))
    assert {"28", "1"} <= set(sides.values())
    assert Draft.of(data).look().count == 0
    fitted = resolve(data, classes=2, channels=3, width=20, height=10)
    assert (fitted.shape, fitted.entry.parameters) == ((3, 10, 20), 600 * 16 + 16 + 16 * 2 + 2)


def test_where_there_are_accounts(tmp_path: Path) -> None:
    store = open_store(tmp_path / "home")
    people = {}
    for name, role in (("mina", Role.MEMBER), ("vera", Role.VIEWER), ("otto", Role.MEMBER)):
        add_user(store, name, "correct horse battery", role)
        people[name] = TestClient(create_app(store), base_url="http://127.0.0.1", headers={"accept-language": "en"})
        people[name].post("/sign-in", data={"name": name, "password": "correct horse battery", "next": "/"})
    mina, vera, otto = people["mina"], people["vera"], people["otto"]
    sent = fields(mina.get("/networks/new").text)
    assert send(mina, "/live/network", sent, "look").status_code == 200
    address = send(mina, "/networks/new", sent, "save", name="of mina").headers["location"].split("?")[0]
    assert [entry.action for entry in page_of_audit(store).items][:1] == ["network-create"]
    assert not [entry for entry in page_of_audit(store).items if "live" in entry.action]
    assert otto.get(address).status_code == vera.get(address).status_code == 404
    assert mina.patch("/api/v1" + address, json={"shared": True}).status_code == 200
    page = otto.get(address).text
    assert "Save as a new network" in page and ">Save</button>" not in page
    for other in (otto, vera):
        assert send(other, address, sent, "save", name="stolen").status_code == 403
        chosen = {"chosen": address[1:], "group_name": "stolen", "shared": "true"}
        for way in (f"{address}/delete", f"{address}/describe", f"{address}/restore", f"{address}/empty",
                    "/chosen/group", "/chosen/share", "/chosen/delete"):  # fmt: skip
            assert other.post(way, data=chosen, follow_redirects=False).status_code == 403, way
        assert other.get(f"{address}/edit").status_code == 403
    assert send(vera, "/networks/new", sent, "save", name="x").status_code == 403
    assert send(otto, address, sent, "copy", name="of otto").status_code == 303
    assert {one.name for one in list_networks(store)} == {"of mina", "of otto"}
    store.close()
