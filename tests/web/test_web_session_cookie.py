"""Two Studios on one computer keep their own sessions, and who signed in before the cookie had its port stays so."""

from http.cookies import SimpleCookie
from pathlib import Path

from httpx import Response
from starlette.testclient import TestClient

from glasshouse.store.database import Store, open_store
from glasshouse.store.people import add_user, begin_session
from glasshouse.web.app import create_app
from glasshouse.web.context.session_cookie import EARLIER
from glasshouse.web.framework.settings import Settings

PASSWORD = "correct horse battery"


class Browser:
    """One browser: like all of them, it keeps cookies by the name of the computer, whatever the port."""

    def __init__(self, **studios: tuple[Store, int]) -> None:
        self.kept: dict[str, str] = {}
        self.clients = {
            name: TestClient(create_app(store, Settings(port=port)), base_url=f"http://localhost:{port}",
                             follow_redirects=False)
            for name, (store, port) in studios.items()
        }  # fmt: skip

    def ask(self, studio: str, method: str, path: str, **more: object) -> Response:
        client = self.clients[studio]
        client.cookies.clear()
        cookies = {"cookie": "; ".join(f"{name}={value}" for name, value in self.kept.items())} if self.kept else {}
        answer: Response = client.request(method, path, headers=cookies, **more)  # type: ignore[arg-type]
        for line in answer.headers.get_list("set-cookie"):
            for name, one in SimpleCookie(line).items():
                self.kept.pop(name, None)
                if one["max-age"] != "0":
                    self.kept[name] = one.value
        return answer

    def signed_in(self, studio: str) -> bool:
        return self.ask(studio, "GET", "/account").status_code == 200


def person(home: Path) -> Store:
    store = open_store(home)
    add_user(store, "mina", PASSWORD)
    return store


def test_two_studios_on_one_computer_do_not_sign_each_other_out(tmp_path: Path) -> None:
    browser = Browser(one=(person(tmp_path / "one"), 8800), two=(person(tmp_path / "two"), 8801))
    sent = {"name": "mina", "password": PASSWORD, "next": "/"}
    assert browser.ask("one", "POST", "/sign-in", data=sent).status_code == 303
    assert browser.signed_in("one") and not browser.signed_in("two")
    assert browser.ask("two", "POST", "/api/v1/session", json={"name": "mina", "password": PASSWORD}).status_code == 200
    assert browser.signed_in("one") and browser.signed_in("two")
    browser.ask("two", "POST", "/sign-out")
    assert browser.signed_in("one") and not browser.signed_in("two")


def test_a_session_of_the_earlier_name_goes_on_under_the_new_one(tmp_path: Path) -> None:
    store = open_store(tmp_path / "home")
    user = add_user(store, "mina", PASSWORD)
    browser = Browser(one=(store, 8800), other=(person(tmp_path / "other"), 8801))
    browser.kept = {EARLIER: begin_session(store, user)}
    assert not browser.signed_in("other") and EARLIER in browser.kept, "it is not this Studio's"
    assert browser.signed_in("one")
    assert set(browser.kept) == {"glasshouse_session_8800"} and browser.signed_in("one")
    browser.kept = {EARLIER: begin_session(store, user)}
    browser.ask("one", "POST", "/sign-out")
    assert browser.kept == {} and not browser.signed_in("one")
