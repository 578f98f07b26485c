"""Pages where there are accounts: signing in, what a viewer may do, and names that hold HTML."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from corner_pictures import draw_pictures
from glasshouse.store.audit import page_of_audit
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset, list_datasets
from glasshouse.store.people import add_token, add_user, change_user, list_users
from glasshouse.store.records import Role
from glasshouse.store.running import list_running
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.framework.sign_in_attempts import Attempts
from glasshouse.web.people import api as people
from studio_seed import make_dataset, make_model

SECRET = "correct horse battery"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    place = tmp_path_factory.mktemp("people")
    draw_pictures(place / "given" / "corners", 6)
    opened = open_store(place / "home", folders=(place / "given",))
    for name, role in (("mina", Role.MEMBER), ("vera", Role.VIEWER), ("otto", Role.MEMBER)):
        add_user(opened, name, SECRET, role)
    yield opened
    opened.close()


def signed_in(store: Store, name: str) -> TestClient:
    client = TestClient(create_app(store), base_url="http://localhost", follow_redirects=False)
    answer = client.post("/sign-in", data={"name": name, "password": SECRET, "next": "/datasets/new"})
    assert answer.headers["location"] == "/datasets/new"
    return client


def pictures(store: Store) -> Path:
    return store.folders[0] / "corners"


def test_who_is_not_signed_in_sees_nothing_and_comes_back_after(store: Store) -> None:
    client = TestClient(create_app(store), base_url="http://localhost", follow_redirects=False)
    for address in ("/", "/models/new", "/live/home", "/folders?at=/", "/compare"):
        assert client.get(address).headers["location"].startswith("/sign-in?next=")
    assert 'name="next" value="/models/new"' in client.get("/sign-in?next=/models/new").text
    wrong = client.post("/sign-in", data={"name": "mina", "password": "wrong", "next": "//evil.example"})
    assert wrong.status_code == 401
    assert "The name or the password is wrong." in wrong.text
    right = client.post("/sign-in", data={"name": "mina", "password": SECRET, "next": "//evil.example"})
    assert right.headers["location"] == "/"
    assert "HttpOnly" in right.headers["set-cookie"]


def test_signing_out_ends_the_session(store: Store) -> None:
    client = signed_in(store, "mina")
    assert "mina" in client.get("/").text
    client.post("/sign-out")
    assert client.get("/").status_code == 303


def test_a_viewer_is_refused_in_words(store: Store) -> None:
    client = signed_in(store, "vera")
    form = {"name": "No", "source": str(pictures(store)), "width": "8", "height": "8", "valid": "20", "test": "0"}
    answer = client.post("/datasets/new", data=form)
    assert answer.status_code == 403
    assert "may look" in answer.text
    assert "New dataset" not in client.get("/").text


def test_a_viewer_is_told_what_will_be_here(store: Store) -> None:
    client = signed_in(store, "vera")
    home = client.get("/").text
    assert "Here will be what others share with you" in home
    assert "So everything begins with a dataset" not in home
    assert "No network is shared yet" in client.get("/networks").text


def test_who_is_not_signed_in_is_shown_no_way_that_leads_nowhere(store: Store) -> None:
    client = TestClient(create_app(store), base_url="http://localhost")
    assert "<nav" not in client.get("/sign-in").text
    assert "<nav" in signed_in(store, "mina").get("/").text


def test_what_one_owns_another_does_not_see(store: Store) -> None:
    mina, otto = signed_in(store, "mina"), signed_in(store, "otto")
    form = {"name": "Mine <script>", "source": str(pictures(store)), "width": "8", "height": "8", "valid": "20"}
    made = mina.post("/datasets/new", data={**form, "test": "0"}).headers["location"]
    page = mina.get(made).text
    assert "Mine &lt;script&gt;" in page
    assert "Mine <script>" not in page
    assert "Mine" not in otto.get("/").text
    for address in (made, f"{made}/explore", f"{made}/images/000000000000/train/0", f"{made}/live"):
        assert otto.get(address).status_code == 404
    assert otto.post(f"{made}/delete").status_code == 404
    assert ("dataset-create", "mina") in {(entry.action, entry.user_name) for entry in page_of_audit(store).items}


def test_a_foreign_origin_changes_nothing(store: Store) -> None:
    client = signed_in(store, "mina")
    before = len(list_datasets(store))
    answer = client.post("/datasets/sample", headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    key = make_dataset(store, "Stays", pictures(store))
    assert client.post(f"/datasets/{key}/delete", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert len(list_datasets(store)) == before + 1


def test_two_people_who_edit_one_thing_lose_nothing(store: Store) -> None:
    key = make_dataset(store, "Both", pictures(store))
    mina, otto = signed_in(store, "mina"), signed_in(store, "otto")
    address = f"/datasets/{key}/describe"
    seen = {"name": "Both", "group_name": "", "revision": "1"}
    assert mina.post(address, data={**seen, "notes": "hers\r\n<b>"}).status_code == 303
    late = otto.post(address, data={**seen, "notes": "his"})
    assert late.status_code == 409
    assert "Somebody else changed this while you were writing." in late.text
    theirs, mine = re.findall(r"<textarea[^>]*>(.*?)</textarea>", late.text, re.S)
    assert (theirs, mine) == ("hers\n&lt;b&gt;", "his")
    assert get_dataset(store, key).notes == "hers\n<b>"
    now = re.search(r'name="revision" value="(\d+)"', late.text)
    assert now is not None
    assert otto.post(address, data={**seen, "notes": "his", "revision": now[1]}).status_code == 303
    assert get_dataset(store, key).notes == "his"
    assert otto.post(address, data={**seen, "notes": "his"}).status_code == 303, "the same words are no conflict"


def test_waiting_jobs_are_moved_on_the_page_and_those_of_others_are_not(store: Store) -> None:
    mina, otto = signed_in(store, "mina"), signed_in(store, "otto")
    users = {user.name: user for user in list_users(store)}
    made = [
        submit_dataset(store, NewDataset(f"Wait {n}", {"source": "sample:digits"}), users["mina"]).job_id
        for n in range(3)
    ]

    def order() -> list[str]:
        return [one.job.id for one in list_running(store) if one.job.id in made]

    page = mina.get("/").text
    assert page.index("Wait 0") < page.index("Wait 1") < page.index("Wait 2")
    moved = mina.post(f"/queue/{made[2]}/move", data={"before": made[0]}).headers["location"]
    assert f'id="{moved.removeprefix("/#")}"' in mina.get("/").text, "the focus goes on to a button that is there"
    assert order() == [made[2], made[0], made[1]]
    mina.post(f"/queue/{made[2]}/move", data={"before": ""})
    assert order() == made
    assert otto.post(f"/queue/{made[2]}/move", data={"before": made[0]}).status_code == 404
    assert order() == made
    for one in made:
        assert mina.post(f"/queue/{one}/abort").status_code == 303
    assert order() == []


def test_sign_out_everywhere_ends_every_browser_and_keeps_tokens(store: Store) -> None:
    one, two, other = signed_in(store, "mina"), signed_in(store, "mina"), signed_in(store, "otto")
    _, secret = add_token(store, next(user for user in list_users(store) if user.name == "mina"), "script")
    assert one.post("/account/sign-out-everywhere").headers["location"].startswith("/sign-in")
    assert [client.get("/").status_code for client in (one, two, other)] == [303, 303, 200]
    script = TestClient(create_app(store), base_url="http://localhost", headers={"authorization": f"Bearer {secret}"})
    assert script.get("/api/v1/models").status_code == 200


def test_the_last_admin_stays(store: Store) -> None:
    add_user(store, "boss", SECRET, Role.ADMIN)
    boss = signed_in(store, "boss")
    for what, value in (("role", "member"), ("disabled", "true")):
        assert boss.post(f"/people/boss/{what}", data={what: value}).status_code == 409
        assert boss.patch("/api/v1/users/boss", json={what: value}).status_code in (409, 422)
    assert [user.role for user in list_users(store) if user.name == "boss"] == [Role.ADMIN]
    boss.post("/people/otto/role", data={"role": "admin"})
    assert boss.post("/people/boss/role", data={"role": "member"}).status_code == 303
    assert boss.get("/people").status_code == 403
    change_user(store, "otto", role=Role.MEMBER, even_last=True)


def test_many_tries_at_once_are_no_way_round_the_limit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = threading.Event()
    monkeypatch.setattr(people, "check_password", lambda *_: refused.wait(60) and None)
    app = create_app(store)
    app.state.attempts = Attempts(clock=lambda: 1000.0)
    client = TestClient(app, base_url="http://localhost", follow_redirects=False)
    with ThreadPoolExecutor(20) as pool:
        wrong = {"name": "mina", "password": "wrong wrong"}
        tries = [pool.submit(client.post, "/api/v1/session", json=wrong) for _ in range(20)]
        done = [one.result().status_code for _, one in zip(range(12), as_completed(tries), strict=False)]
        refused.set()  # only now is the password of the eight that were let in looked at
        assert done == [429] * 12
        assert Counter(one.result().status_code for one in tries) == {401: 8, 429: 12}


def test_several_over_the_api_go_and_come_back_all_or_none(store: Store) -> None:
    keys = [make_dataset(store, f"Gone {n}", pictures(store)) for n in range(2)]
    (model,) = submit_models(store, NewModel("Needs it", keys[0], {"network": "Dense128"}))
    client = signed_in(store, "mina")
    api = "/api/v1/several"
    refused = client.post(f"{api}/delete", json={"datasets": keys, "even_if_used": True})
    assert refused.status_code == 409 and "Needs it" in refused.text
    assert [get_dataset(store, key).deleted_at for key in keys] == [None, None]
    assert client.post(f"{api}/abort", json={"models": [model.id]}).json()["models"] == [model.id]
    gone = client.post(f"{api}/delete", json={"datasets": keys, "models": [model.id]}).json()
    assert (gone["datasets"], gone["models"]) == (keys, [model.id])
    page = client.get("/bin").text
    assert all(name in page for name in ("Gone 0", "Gone 1", "Needs it", 'action="/chosen/restore"'))
    back = client.post(f"{api}/undo", json={"at": gone["at"]}).json()
    assert sorted(back["datasets"]) == sorted(keys) and back["models"] == [model.id]
    assert "Gone 0" not in client.get("/bin").text
    assert client.post(f"{api}/undo", json={}).json()["errors"][0]["field"] == "at"


def test_lists_of_the_api_are_those_of_home(store: Store) -> None:
    client = signed_in(store, "mina")
    list_of = "/api/v1/datasets?sort=name&limit=2"
    whole = [one["id"] for one in client.get("/api/v1/datasets?sort=name").json()["items"]]
    page = client.get(list_of).json()
    seen = [one["id"] for one in page["items"]]
    while page["after"]:
        page = client.get(list_of, params={"sort": "name", "limit": 2, "after": page["after"]}).json()
        seen += [one["id"] for one in page["items"]]
    assert seen == whole and len(whole) > 2
    back = client.get(list_of, params={"sort": "name", "limit": 2, "before": page["before"]}).json()
    assert [one["id"] for one in back["items"]] == whole[: len(whole) - len(page["items"])][-2:]
    assert [one["id"] for one in client.get(f"{list_of}&offset=1").json()["items"]] == whole[1:3]
    done = client.get("/api/v1/datasets?state=done&owner=others").json()
    assert {one["state"] for one in done["items"]} == {"done"} and done["count"] == len(done["items"])
    assert client.get("/api/v1/models?state=aborted&state=failed").json()["count"] == 1
    for wrong in ("state=x", "owner=x", "after=x"):
        answer = client.get(f"/api/v1/models?{wrong}")
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"].startswith(wrong.split("=")[0]), wrong


def test_columns_are_kept_in_the_browser_and_in_the_address(store: Store) -> None:
    client = signed_in(store, "mina")
    answer = client.post("/columns", data={"kind": "datasets", "column": ["bytes", "notes"], "back": "/?q=Gone"})
    assert answer.headers["location"] == "/?q=Gone&datasets-columns=bytes%2Cnotes"
    for address in (answer.headers["location"], "/"):
        page = client.get(address).text
        assert 'data-name="On disk"' in page or 'data-name="Notes"' in page
        assert 'data-name="Classes"' not in page
    client.post("/columns", data={"kind": "datasets", "usual": "1"})
    assert 'data-name="Classes"' in client.get("/").text


def test_a_viewer_is_offered_only_what_a_viewer_may_do(store: Store) -> None:
    client = signed_in(store, "vera")
    data = make_dataset(store, "To look at", pictures(store))
    model = make_model(store, data, "To look at", 1)
    pages = ["/", "/networks", f"/datasets/{data}", f"/models/{model}", f"/models/{model}/many",
             f"/models/{model}/result", f"/models/{model}/result?split=test", f"/models/{model}/follow"]  # fmt: skip
    for address in pages:
        text = client.get(address).text
        for offered in re.findall(r'(?:action|href)="([^"]+)"', text):
            assert not re.search(r"/(new|upload|continue|edit|delete|describe)\b", offered), f"{address}: {offered}"
        assert not re.search(r"<input[^>]*name=\"split\"[^>]*>\s*<button", text), address
