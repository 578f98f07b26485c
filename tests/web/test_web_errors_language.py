"""What the API and the guard refuse is told in the language of the page; ``message`` stays English, for scripts."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from glasshouse.store.database import open_store
from glasshouse.store.people import add_user
from glasshouse.store.records import Role
from glasshouse.web.app import create_app
from glasshouse.web.framework.settings import Settings
from glasshouse.web.framework.templating import STATIC
from studio_seed import Studio

HERE = "http://127.0.0.1:8800"
KOREAN = {"accept-language": "ko"}


@pytest.fixture
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url=HERE) as one:
        yield one


def error(answer: Any) -> dict[str, Any]:
    (found,) = answer.json()["errors"]
    assert set(found) == {"field", "message", "told"}
    return dict(found)


def test_the_api_says_it_twice(client: TestClient) -> None:
    english, korean = (client.get("/api/v1/models/none", headers=headers) for headers in ({}, KOREAN))
    assert error(english)["message"] == error(english)["told"] == error(korean)["message"] == "There is no model none."
    assert "모델" in error(korean)["told"]
    client.cookies.set("language", "ko")
    wrong = error(client.post("/api/v1/uploads/none/finish", json={}, headers={"accept-language": "en"}))
    assert wrong["message"].isascii() and not wrong["told"].isascii()
    limit = error(client.get("/api/v1/networks?limit=0"))
    assert (limit["field"], limit["message"]) == ("limit", "Input should be greater than or equal to 1")
    assert not limit["told"].isascii()


@pytest.mark.parametrize(
    ("headers", "status", "korean"),
    [
        ({"origin": "http://evil.example"}, 403, "다른 웹 사이트에서 온 요청"),
        ({"host": "evil.example"}, 421, "이 이름으로 온 요청에 응답하지 않습니다: 'evil.example'"),
        ({"content-length": str(2**40)}, 413, "요청이 8 MiB보다 큽니다"),
    ],
)
def test_the_guard_refuses_in_the_language_of_the_page(
    client: TestClient, headers: dict[str, str], status: int, korean: str
) -> None:
    limits = Settings()
    korean = korean.replace("8 MiB", f"{limits.largest_body // 2**20} MiB")
    answer = client.post("/language", headers={**headers, **KOREAN}, content=b"theme=dark")
    assert answer.status_code == status
    assert error(answer)["message"].isascii() and korean in error(answer)["told"]
    shown = client.post("/language", headers={**headers, **KOREAN, "accept": "text/html"}, content=b"theme=dark")
    assert shown.status_code == status and shown.headers["content-type"].startswith("text/html")
    assert korean in unescape(shown.text) and '<html lang="ko"' in shown.text
    assert "content-security-policy" in shown.headers and "First try" not in shown.text
    api = client.post("/api/v1/networks/look", headers={**headers, "accept": "text/html"}, content=b"{}")
    assert error(api)["told"] == error(api)["message"]


def test_who_has_not_signed_in_is_told_so(tmp_path: Any) -> None:
    store = open_store(tmp_path / "home")
    add_user(store, "mina", "correct horse battery", Role.MEMBER)
    with TestClient(create_app(store), base_url=HERE, headers=KOREAN) as one:
        assert "먼저 로그인" in error(one.get("/api/v1/models"))["told"]
        wrong = error(one.post("/api/v1/session", json={"name": "mina", "password": "no"}))
        assert wrong["message"] == "The name or the password is wrong." and not wrong["told"].isascii()
    store.close()


def test_modules_show_what_is_told(client: TestClient, studio: Studio) -> None:
    """Every module that asks the API for JSON does it by ask.js, which takes the text of the page's language."""
    assert "one.told ?? one.message" in (STATIC / "ask.js").read_text()
    for file in STATIC.glob("*.js"):
        assert file.name == "ask.js" or ".message" not in file.read_text().replace("error.message", "")
    page = client.get(f"/models/{studio.model}/many", headers=KOREAN).text
    assert "스튜디오와의 연결이 끊어졌습니다. 잠시 뒤에" in page and 'data-left="남은 시간 {left}"' in page
