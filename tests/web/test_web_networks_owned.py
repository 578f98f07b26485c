"""Networks of one's own are grouped, noted, shared, deleted and brought back as datasets and models are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glasshouse.layers import Dense, Flatten, Network
from glasshouse.store.audit import page_of_audit
from glasshouse.store.database import Store, open_store
from glasshouse.store.networks import NewNetwork, get_network, save_network
from glasshouse.store.people import add_user
from glasshouse.store.records import NetworkRecord, Role
from glasshouse.web.app import create_app

LAYERS = Network([Flatten(), Dense(3, activation="softmax")], input_shape=(8, 8, 1)).to_dict()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path / "home")
    yield made
    made.close()


def browser(store: Store, **more: str) -> TestClient:
    return TestClient(create_app(store), base_url="http://127.0.0.1", headers={"accept-language": "en", **more})


def made(store: Store, name: str, **more: str) -> NetworkRecord:
    return save_network(store, NewNetwork(name, LAYERS, **more))


def moved_to(client: TestClient, address: str, **form: str) -> str:
    answer = client.post(address, data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_name_notes_and_group_are_edited_and_nothing_of_two_is_lost(store: Store) -> None:
    client, one = browser(store), made(store, "First")
    page = f"/networks/{one.id}"
    assert f'href="{page}/edit"' in client.get(page).text
    form = client.get(f"{page}/edit").text
    assert 'value="First"' in form and f'action="{page}/describe"' in form
    sent = {"name": "Second", "notes": "narrow <b>", "group_name": "lesson 3", "revision": "1"}
    assert moved_to(client, f"{page}/describe", **sent) == page
    now = get_network(store, one.id)
    assert (now.name, now.notes, now.group_name, now.layers) == ("Second", "narrow <b>", "lesson 3", LAYERS)
    late = client.post(f"{page}/describe", data={**sent, "name": "Third"})
    assert late.status_code == 409 and 'value="Third"' in late.text and "Second" in late.text
    assert client.post(f"{page}/describe", data={"name": " "}).status_code == 422
    listed = client.get("/networks").text
    assert "narrow &lt;b&gt;" in listed and "lesson 3" in listed


def test_they_are_found_by_words_and_groups_in_pages_and_from_home(store: Store) -> None:
    client = browser(store)
    made(store, "Narrow", group_name="lesson 3")
    made(store, "Wide", notes="of lesson 4")
    assert "Narrow" in client.get("/networks?group=lesson+3").text
    assert "Wide" not in client.get("/networks?group=lesson+3").text
    assert "No network matches your search." in client.get("/networks?q=deep").text
    home = client.get("/?q=lesson&group=lesson+3").text
    assert 'href="/networks?q=lesson&amp;group=lesson+3">Networks <span class="quiet">1</span>' in home
    assert "<option>lesson 3</option>" in client.get("/?q=x").text
    for number in range(101):
        made(store, f"Many {number}")
    first = client.get("/networks?q=many").text
    assert first.count('name="chosen"') == 100 and 'rel="next"' in first and 'rel="prev"' not in first
    address = first[first.index('href="/networks?q=many&amp;after=') + 6 :].split('"')[0].replace("&amp;", "&")
    second = client.get(address).text
    assert second.count('name="chosen"') == 1 and 'rel="prev"' in second
    listed = client.get("/api/v1/networks?search=many&limit=100").json()
    assert (listed["count"], len(listed["items"]), listed["before"]) == (101, 100, None)
    assert len(client.get("/api/v1/networks", params={"search": "many", "after": listed["after"]}).json()["items"]) == 1


def test_what_a_job_has_is_nothing_to_sort_networks_by(store: Store) -> None:
    made(store, "One")
    found = browser(store).get("/api/v1/networks?sort=state")
    assert found.status_code == 422 and found.json()["errors"][0]["field"] == "sort"


def test_several_are_grouped_deleted_together_and_brought_back(store: Store) -> None:
    client, two = browser(store), [made(store, "One"), made(store, "Two")]
    chosen = {"chosen": [f"networks/{one.id}" for one in two]}
    assert client.post("/chosen/group", data={**chosen, "group_name": "both"}).status_code == 200
    assert {get_network(store, one.id).group_name for one in two} == {"both"}
    gone = client.post("/chosen/delete", data=chosen).text
    assert "2 moved to the bin." in gone and "No custom network yet" in gone
    at = gone[gone.index('name="at" value="') + 17 :].split('"')[0]
    assert moved_to(client, "/bin/undo", at=at) == "/networks"
    assert [get_network(store, one.id).deleted_at for one in two] == [None, None]


def test_one_goes_to_the_bin_and_says_that_models_keep_its_layers(store: Store) -> None:
    client, one = browser(store), made(store, "To go")
    page = f"/networks/{one.id}"
    assert "Models that were made of it keep its layers" in client.get(page).text
    place = moved_to(client, f"{page}/delete")
    assert place.startswith("/networks?binned=")
    toast = client.get(place).text
    assert "Moved to the bin." in toast and 'action="/bin/undo"' in toast
    listed = client.get("/bin").text
    assert "To go" in listed and f'action="{page}/restore"' in listed and f'value="networks/{one.id}"' in listed
    assert "Bin (1)" in client.get("/networks").text
    assert moved_to(client, f"{page}/restore") == page
    assert get_network(store, one.id).deleted_at is None
    moved_to(client, f"{page}/delete")
    assert moved_to(client, "/chosen/empty", chosen=f"networks/{one.id}") == "/bin"
    assert client.get(page).status_code == 404
    assert client.post(f"{page}/empty").status_code == 404


def test_several_over_the_api(store: Store) -> None:
    client, one = browser(store), made(store, "One")
    grouped = client.post("/api/v1/several/group", json={"networks": [one.id], "group_name": "api"}).json()
    assert grouped == {"datasets": [], "models": [], "networks": [one.id], "at": None}
    gone = client.post("/api/v1/several/delete", json={"networks": [one.id]}).json()
    assert gone["networks"] == [one.id] and get_network(store, one.id).deleted_at == gone["at"]
    assert client.post("/api/v1/several/abort", json={"networks": [one.id]}).json()["networks"] == []
    back = client.post("/api/v1/several/undo", json={"at": gone["at"]}).json()
    assert back["networks"] == [one.id] and get_network(store, one.id).deleted_at is None
    assert client.post("/api/v1/several/group", json={"networks": ["none"], "group_name": "x"}).status_code == 404


def test_sharing_is_seen_undone_and_written_down(store: Store) -> None:
    people = {}
    for name in ("mina", "otto"):
        user = add_user(store, name, "correct horse battery", Role.MEMBER)
        people[name] = browser(store)
        people[name].post("/sign-in", data={"name": name, "password": "correct horse battery", "next": "/"})
        if name == "mina":
            one = save_network(store, NewNetwork("Of mina", LAYERS), user)
    mina, otto = people["mina"], people["otto"]
    page = f"/networks/{one.id}"
    assert "Of mina" not in otto.get("/networks").text and otto.get(f"{page}/edit").status_code == 404
    assert "seen by you and admins" in mina.get(page).text
    sent = {"chosen": f"networks/{one.id}", "shared": "true", "back": page}
    assert moved_to(mina, "/chosen/share", **sent) == page
    assert get_network(store, one.id).shared and "shared with all" in mina.get(page).text
    seen = otto.get("/networks?owner=others").text
    assert "Of mina" in seen and "mina" in seen and "Of mina" not in otto.get("/networks?owner=mine").text
    assert otto.post("/chosen/delete", data=sent).status_code == 403
    moved_to(mina, f"{page}/describe", name="Of mina", sharing="true")
    assert not get_network(store, one.id).shared and otto.get(page).status_code == 404
    moved_to(mina, f"{page}/delete")
    assert "Of mina" in mina.get("/bin").text and "Of mina" not in otto.get("/bin").text
    assert [entry.action for entry in page_of_audit(store).items][:3] == [
        "network-bin",
        "network-unshare",
        "network-share",
    ]


def test_in_korean(store: Store) -> None:
    client, one = browser(store, **{"accept-language": "ko"}), made(store, "One")
    assert "층을 그대로 지니며" in client.get(f"/networks/{one.id}").text
    client.post(f"/networks/{one.id}/delete")
    assert "신경망" in client.get("/bin").text
