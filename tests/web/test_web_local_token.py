"""The token of a Studio without accounts: who is let in by it, what is seen of it, and how its file is kept."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from glasshouse.cli import opening
from glasshouse.cli.main import app as program
from glasshouse.errors import InputError
from glasshouse.store.database import Store, open_store
from glasshouse.store.local_token import local_token, token_file
from glasshouse.store.people import add_user
from glasshouse.web.app import create_app
from glasshouse.web.framework.settings import Settings

HERE = "http://127.0.0.1:8800"
PAGE = {"accept": "text/html,*/*"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "home")
    yield opened
    opened.close()


def stranger(store: Store, port: int = 8800) -> TestClient:
    app = create_app(store, Settings(port=port, token=local_token(store.home)))
    return TestClient(app, base_url=HERE, follow_redirects=False, headers={"accept-language": "en"})


def test_nothing_is_shown_or_done_without_the_token(store: Store) -> None:
    one = stranger(store)
    assert one.get("/", headers=PAGE).headers["location"] == "/token?next=%2F"
    assert one.get("/models/x?tab=1", headers=PAGE).headers["location"] == "/token?next=%2Fmodels%2Fx%3Ftab%3D1"
    for path in ("/api/v1/datasets", "/api/v1/openapi.json", "/api/v1/models/x/points"):
        answer = one.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "glasshouse studio --token" in answer.json()["errors"][0]["message"]
    for path in ("/api/v1/datasets", "/datasets/sample", "/models/x/delete"):
        assert one.post(path, json={}).status_code in (401, 303)
        assert one.post(path, json={}).headers.get("location", "/token").startswith("/token")
    assert one.get("/static/x/mark.svg").status_code == 200
    assert one.get("/api/v1/session").json() == {"accounts": False, "user": None}


def test_the_first_visit_turns_it_into_a_cookie_and_out_of_the_address(store: Store) -> None:
    one, token = stranger(store), local_token(store.home)
    answer = one.get(f"/networks?q=a+b&token={token}&from=1", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/networks?q=a+b&from=1")
    assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("glasshouse_token_8800=") and token not in cookie
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Max-Age=34560000" in cookie
    assert one.get("/", headers=PAGE).status_code == 200
    assert one.get("/api/v1/datasets").status_code == 200
    restarted = stranger(store)
    restarted.cookies = one.cookies
    assert restarted.get("/", headers=PAGE).status_code == 200, "the same after a restart"
    assert one.get("/?token=old", headers=PAGE).headers["location"] == "/", "an old bookmark of one who is let in"


def test_two_studios_of_one_computer_do_not_take_each_others_cookie(store: Store) -> None:
    one, other = stranger(store), stranger(store, 8801)
    one.get(f"/?token={local_token(store.home)}", headers=PAGE)
    other.get(f"/?token={local_token(store.home)}", headers=PAGE)
    assert list(one.cookies) == ["glasshouse_token_8800"] and list(other.cookies) == ["glasshouse_token_8801"]


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example//x"])
def test_it_leads_to_no_other_host(store: Store, path: str) -> None:
    answer = stranger(store).get(f"{HERE}{path}?token={local_token(store.home)}", headers=PAGE)
    assert answer.headers["location"].startswith("/evil.example")


def test_a_wrong_one_is_told_and_asked_for_again(store: Store) -> None:
    one = stranger(store)
    answer = one.get("/networks?token=wrong", headers=PAGE)
    assert answer.headers["location"] == "/token?next=%2Fnetworks&wrong=1"
    assert "set-cookie" not in answer.headers
    page = one.get(answer.headers["location"])
    assert page.status_code == 401 and "This is not the token of this Studio." in page.text
    assert page.headers["referrer-policy"] == "same-origin", "with no-referrer its form would come from nowhere"
    assert (
        "이 스튜디오의 토큰이 아닙니다." in one.get(answer.headers["location"], headers={"accept-language": "ko"}).text
    )
    assert one.post("/token", data={"token": "wrong"}).status_code == 401
    codes = {one.post("/token", data={"token": "wrong"}).status_code for _ in range(120)}
    assert codes == {401, 429}
    assert one.get("/api/v1/models", headers={"authorization": b"Bearer \xff"}).status_code in (401, 429)


@pytest.mark.parametrize("form", ["{token}", "  {token}\n", "http://127.0.0.1:8800/?token={token}"])
def test_it_can_be_pasted_alone_or_with_its_address(store: Store, form: str) -> None:
    one = stranger(store)
    assert 'name="next" value="/networks"' in one.get("/token?next=/networks").text
    pasted = {"token": form.format(token=local_token(store.home)), "next": "/networks"}
    assert one.post("/token", data=pasted).headers["location"] == "/networks"
    assert one.get("/networks", headers=PAGE).status_code == 200
    assert one.get("/token?next=/networks").headers["location"] == "/networks"
    away = {**pasted, "next": "//evil.example"}
    assert one.post("/token", data=away).headers["location"] == "/"
    foreign = one.post("/token", data=pasted, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403


def test_scripts_send_it_as_a_bearer_token(store: Store) -> None:
    one, token = stranger(store), local_token(store.home)
    assert one.get("/api/v1/models", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert one.get("/api/v1/models", headers={"authorization": f"bearer {token}x"}).status_code == 401
    assert one.get(f"/api/v1/models?token={token}").status_code == 401, "addresses of the API are written into logs"


def test_with_accounts_they_alone_count(store: Store) -> None:
    one, token = stranger(store), local_token(store.home)
    one.get(f"/?token={token}", headers=PAGE)
    add_user(store, "anna", "correct horse battery")
    fresh = stranger(store)
    fresh.cookies = one.cookies
    assert fresh.get("/api/v1/models", headers={"authorization": f"Bearer {token}"}).status_code == 401
    assert fresh.get("/", headers=PAGE).headers["location"] == "/sign-in?next=%2F"
    assert fresh.get("/token").status_code == 303


def test_its_file_is_for_its_owner_alone_and_stays_the_same(store: Store) -> None:
    token = local_token(store.home)
    file = token_file(store.home)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert local_token(store.home) == token and len(token) >= 43
    file.chmod(0o644)
    new = local_token(store.home)
    assert new != token, "others could have read it"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("")
    assert len(local_token(store.home)) >= 43
    assert [path.name for path in store.home.glob(".token*")] == []


def test_a_new_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    open_store(tmp_path / "new" / "home").close()
    assert stat.S_IMODE((tmp_path / "new" / "home").stat().st_mode) == 0o700


def test_the_program_prints_it(store: Store, tmp_path: Path) -> None:
    run = CliRunner().invoke
    shown = run(program, ["studio", "--token", "--home", str(store.home)])
    assert (shown.exit_code, shown.stdout) == (0, f"{local_token(store.home)}\n")
    missing = run(program, ["studio", "--token", "--home", str(tmp_path / "nowhere")])
    assert isinstance(missing.exception, InputError) and "There is no Studio at" in str(missing.exception)
    assert not (tmp_path / "nowhere").exists()


def test_a_browser_is_opened_by_a_file_that_others_cannot_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(opening.webbrowser, "open", seen.append)
    monkeypatch.setattr(opening, "KEPT", 0.0)
    opening._open(tmp_path, f"{HERE}/?token=secret&x=1", secret=False)
    opening._open(tmp_path, f"{HERE}/?token=secret&x=1", secret=True)
    assert seen[0] == f"{HERE}/?token=secret&x=1"
    assert seen[1].startswith("file://") and "secret" not in seen[1], "every user may list the words of a process"
