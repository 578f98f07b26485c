"""Hostile values in every place that takes one: paths, queries, forms and JSON of all routes.

Whatever is asked, nothing outside of the Studio is read, no markup of a stranger comes back as markup, and nothing
fails without words (500).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from routes_for_whom import ENDING, ROUTES
from routes_for_whom import FORM as FORM_SENT

from glasshouse.web.app import create_app
from studio_seed import Studio, alone

HERE = "http://127.0.0.1:8800"
SECRET = "the secret outside of all folders"
SCRIPT = "<script>alert(1)</script>"
VALUES = (
    "{secret}", "../../../../../..{secret}", "..%2f..%2f..%2f..%2f..%2f..{secret}", "/proc/self/environ", SCRIPT,
    '"><img src=x onerror=alert(1)>', "a\x00b", "x" * 5000, "99999999999999999999", "-1", "upload:../..",
    "model:../..:../x", "",
)  # fmt: skip
NUMBERS = ("99999999999999999999", "-1")
FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*method="post"[^>]*>(.*?)</form>', re.S)
FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"')


@pytest.fixture(scope="module")
def home(studio: Studio) -> Studio:
    """A Studio of its own: these tests leave things behind."""
    return studio


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="module")
def client(home: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(home.store), base_url=HERE, raise_server_exceptions=False) as one:
        yield one


def routes(client: TestClient) -> list[tuple[str, APIRoute]]:
    """Every path with its route, those of routers in it too."""

    def walk(several: Any, prefix: str) -> Iterator[tuple[str, APIRoute]]:
        for route in several:
            inner = getattr(route, "original_router", None)
            if inner is not None:
                yield from walk(inner.routes, prefix + route.include_context.prefix)
            elif isinstance(route, APIRoute):
                yield prefix + route.path, route

    return list(walk(client.app.routes, ""))  # type: ignore[attr-defined]


def sound(answer: Any, asked: str) -> None:
    assert answer.status_code < 500, f"{asked}: {answer.status_code} {answer.text[:300]}"
    assert SECRET not in answer.text, asked
    assert "root:x:0" not in answer.text, asked
    assert "PATH=" not in answer.text, asked
    if "html" in answer.headers.get("content-type", ""):
        assert SCRIPT not in answer.text, asked
        assert "<img src=x" not in answer.text, asked


def with_keys(path: str, home: Studio, hostile: str = "", value: str = "") -> str:
    """A route's path with the ids of things that are there, but ``value`` in the place of ``hostile``."""

    def put(found: re.Match[str]) -> str:
        if found[1] == hostile:
            return value.replace("\x00", "%00").replace("?", "%3f").replace("#", "%23")
        names = {"split": "val", "row": "0", "number": "0", "kind": "models", "name": "last.safetensors"}
        own = home.dataset if path.startswith(("/datasets", "/api/v1/datasets")) else home.model
        return names.get(found[1], own)

    return re.sub(r"{(\w+)(?::\w+)?}", put, path)


def test_there_are_routes_to_ask(client: TestClient) -> None:
    assert len(routes(client)) > 100


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_paths_and_queries(client: TestClient, home: Studio, secret: Path, number: int) -> None:
    value = VALUES[number].format(secret=secret)
    for path, route in routes(client):
        if "GET" not in (route.methods or ()):
            continue
        addresses = [with_keys(path, home, one.name, value) for one in route.dependant.path_params if value]
        for address in addresses:
            sound(client.get(address, follow_redirects=False), f"GET {address}")
        whole = with_keys(path, home)
        for query in route.dependant.query_params:
            if value not in NUMBERS and query.field_info.annotation in (int, float, bool):
                continue  # is refused before any code of ours sees it
            answer = client.get(whole, params={query.alias: value}, follow_redirects=False)
            sound(answer, f"GET {whole} {query.alias}={value[:60]!r}")


FORMS = (
    "/datasets/new", "/models/new", "/models/{model}/classify", "/models/{model}/many", "/sign-in", "/compare", "/",
    "/models/{model}", "/datasets/{dataset}", "/account", "/bin", "/models/{model}/result",
)  # fmt: skip


@pytest.mark.parametrize("page", FORMS)
def test_forms(client: TestClient, home: Studio, secret: Path, page: str) -> None:
    address = page.format(model=home.model, dataset=home.dataset)
    shown = client.get(address)
    assert shown.status_code in (200, 403, 404), page
    for action, inside in FORM.findall(shown.text):
        if any(word in action for word in ("sign-out", "empty", "delete", "abort")):
            continue
        fields = FIELD.findall(inside)
        for value in VALUES:
            hostile = value.format(secret=secret)
            answer = client.post(action, data=dict.fromkeys(fields, hostile), follow_redirects=False)
            sound(answer, f"POST {action} with {hostile[:60]!r}")
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/"), action
                assert not answer.headers["location"].startswith(("//", "/\\")), action


BODIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/datasets", {"name": "x", "recipe": {"source": "VALUE"}}),
    ("/datasets", {"name": "x", "recipe": {"source": "sample:digits", "valid_source": "VALUE"}}),
    ("/datasets", {"name": "x", "recipe": {"source": "sample:digits", "test_source": "VALUE"}}),
    ("/datasets", {"name": "x", "recipe": {"source": "sample:digits", "group": "VALUE"}}),
    (
        "/datasets",
        {"name": "VALUE", "recipe": {"source": "sample:digits", "labels": {"pictures": "VALUE"}}},
    ),
    ("/models", {"name": "VALUE", "dataset_id": "DATASET", "recipe": {"network": "VALUE"}}),
    ("/models", {"name": "x", "dataset_id": "DATASET", "recipe": {"network": "LeNet", "weights": "VALUE"}}),
    ("/models", {"name": "x", "dataset_id": "DATASET", "recipe": {"network": "LeNet", "device": "VALUE"}}),
    ("/models", {"name": "x", "dataset_id": "VALUE", "recipe": {"network": "LeNet"}}),
    ("/models/MODEL/classify", {"source": "VALUE", "title": "x"}),
    ("/models/MODEL/evaluate", {"split": "VALUE"}),
    ("/models/MODEL/evaluate", {"split": "val", "dataset_id": "VALUE"}),
    ("/uploads", {"name": "VALUE"}),
    ("/session", {"name": "VALUE", "password": "VALUE"}),
)


def filled(body: Any, value: str, home: Studio) -> Any:
    if isinstance(body, dict):
        return {key: filled(one, value, home) for key, one in body.items()}
    return {"VALUE": value, "DATASET": home.dataset}.get(body, body)


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_json(client: TestClient, home: Studio, secret: Path, number: int) -> None:
    path, body = BODIES[number]
    address = f"/api/v1{path.replace('MODEL', home.model)}"
    for value in VALUES[:3] if path == "/session" else VALUES:  # passwords are slow to check, on purpose
        hostile = value.format(secret=secret)
        answer = client.post(address, json=filled(body, hostile, home))
        sound(answer, f"POST {address} {hostile[:60]!r}")
        if answer.status_code >= 400:
            assert answer.json()["errors"][0]["message"], hostile
        if "source" in str(body) and str(secret) in hostile and "sample" not in str(body):
            assert answer.status_code in (403, 409, 422), hostile


SENT = [route for route in ROUTES if route[0] != "GET" and not any(word in route[1] for word in ENDING)]
LATER = ("abort", "delete", "empty", "DELETE")  # what they end is asked for by the others
USUAL = ("name", "next", "at", "source", "path", "split", "do", "language", "kind", "before", "chosen", "group_name")


@pytest.mark.parametrize("route", sorted(SENT, key=lambda one: any(word in " ".join(one) for word in LATER)), ids=str)
def test_every_route_that_is_sent_something(
    client: TestClient, home: Studio, secret: Path, route: tuple[str, str]
) -> None:
    method, path = route
    parts = [one for one in ROUTES[route][1:] if isinstance(one, dict)]
    example = parts[0] if parts else {}
    for value in VALUES:
        hostile = value.format(secret=secret)
        address = with_keys(path, home)
        if FORM_SENT in ROUTES[route]:
            data = {**dict.fromkeys(USUAL, hostile), **dict.fromkeys(example, hostile)}
            answer = client.request(method, address, data=data, follow_redirects=False)
            sound(answer, f"{method} {address} {hostile[:60]!r}")
            assert not answer.headers.get("location", "").startswith(("//", "/\\", "http")), path
        else:
            for body in ({hostile: hostile}, everywhere(example, hostile)):
                sound(client.request(method, address, json=body), f"{method} {address} {str(body)[:60]!r}")


def everywhere(example: Any, hostile: str) -> Any:
    """Return an example of what is sent with a hostile value in the place of each value."""
    if isinstance(example, dict):
        return {key: everywhere(value, hostile) for key, value in example.items()} or {"name": hostile}
    return [everywhere(one, hostile) for one in example] if isinstance(example, list) else hostile


@pytest.mark.parametrize(
    "address", ["/static/x/../../app.py", "/static/x/..%2f..%2fapp.py", "/static/x/%2fetc%2fpasswd"]
)
def test_only_the_studios_own_files_are_served(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_what_strangers_named_is_shown_as_text(client: TestClient, home: Studio) -> None:
    """Whatever names the forms and requests above have left behind, every list shows them escaped."""
    for address in ("/", "/bin", "/datasets/new", "/models/new", f"/models/{home.model}", f"/datasets/{home.dataset}"):
        sound(client.get(address), address)
