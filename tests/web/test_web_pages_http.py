"""Every page answers, in both languages, and says what it must; the home page, the bin."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.web.app import create_app
from page_routes import left_out
from studio_seed import Studio, alone, make_dataset

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    made = TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False)
    with alone(), made:
        yield made


def paths(studio: Studio) -> list[str]:
    data, model = f"/datasets/{studio.dataset}", f"/models/{studio.model}"
    return [
        "/", "/?q=corners&sort=name", "/bin", "/sign-in", "/datasets/new", "/datasets/new?from=folder",
        "/datasets/new?from=sample", f"/datasets/new?from=folder&source={studio.pictures}",
        f"/datasets/new?clone={studio.dataset}", data, f"{data}/classes", f"{data}/versions",
        f"{data}/explore", f"{data}/explore?split=val&class=both&q=1",
        f"{data}/left-out", f"{data}/twins", f"{data}/recipe", f"{data}/pictures/train/0", "/models/new",
        f"/models/new?clone={studio.model}", model, f"{model}/details", f"{model}/result", f"{model}/result?split=test",
        f"{model}/classify", f"{model}/many", f"/compare?chosen=models/{studio.model}", "/compare",
        f"{data}/edit", f"{model}/edit", f"{model}/code", f"{model}/code?level=autodiff",
        f"{model}/use", f"{model}/follow", f"{model}/layers", f"{model}/layers/statistics",
        f"{model}/layers/statistics/picture",
        f"{model}/follow/graph", f"{model}/follow/inputs", f"{model}/map",
        f"{model}/shortcuts", f"{model}/explanations", f"{model}/pictures/val/0", "/networks",
        "/networks/new", "/workers", "/weights",
    ]  # fmt: skip


ELSEWHERE = {  # what this Studio has none of: accounts, jobs of classified pictures, answers one by one, networks
    "/account", "/people", "/people/{name}", "/audit", "/networks/{key}", "/models/{key}/many/{number}",
    "/models/{key}/many/{number}/top", "/models/{key}/result/top", "/models/{key}/result/pictures", "/token",
    "/models/{key}/search", "/models/{key}/pictures/kept/{picture}", "/models/{key}/pictures/many/{number}/{row}",
}  # fmt: skip


class Checker(HTMLParser):
    """Collects what a page must not have, and whether its tags are closed."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "rect", "circle", "line", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if "id" in held:
            self.ids.append(str(held["id"]))
        if "style" in held or any(name.startswith("on") for name in held) or (tag == "script" and "src" not in held):
            self.wrong.append(f"inline code in <{tag}>")
        if tag == "img" and "alt" not in held:
            self.wrong.append("img without alt")
        for name in ("src", "href", "action"):
            if str(held.get(name) or "").startswith(("http:", "https:", "//")):
                self.wrong.append(f"<{tag}> leads outside: {held[name]}")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        else:
            self.wrong.append(f"</{tag}> closes nothing")


@pytest.mark.parametrize("number", range(37))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_page_answers_and_is_sound(client: TestClient, studio: Studio, number: int, language: str) -> None:
    address = paths(studio)[number]
    answer = client.get(address, headers={**HTML, "accept-language": language})
    assert answer.status_code == 200, answer.text[-500:]
    assert f'<html lang="{language}"' in answer.text
    checker = Checker()
    checker.feed(answer.text)
    assert checker.wrong == []
    assert sorted(checker.ids) == sorted(set(checker.ids))
    assert "right <b>" not in answer.text
    assert "{}" not in re.sub(r"<pre.*?</pre>", "", answer.text, flags=re.S)
    if language == "ko":
        assert re.search("[가-힣]", answer.text)


def test_there_is_a_path_for_every_number_and_for_every_page(client: TestClient, studio: Studio) -> None:
    assert len(paths(studio)) == 47
    assert left_out(client.app, paths(studio)) == ELSEWHERE  # type: ignore[arg-type]


def test_an_empty_studio_has_one_button_that_fills_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with TestClient(create_app(tmp_path_factory.mktemp("empty")), base_url="http://localhost") as client:
        text = client.get("/").text
        assert re.findall(r'class="(?:button )?primary"[^>]*>([^<]*)<', text) == ["Train the sample"]
        assert 'href="/datasets/new">New dataset</a>' in text
        assert "First, a dataset" in client.get("/models/new").text


def test_home_tells_the_accuracy_with_interval_and_count(client: TestClient) -> None:
    text = client.get("/").text
    assert re.search(r"\d+\.\d %", text)
    assert re.search(r"[\d.]+ to [\d.]+ % on 18", text)


def test_search_finds_by_name_and_by_network(client: TestClient) -> None:
    assert "First try" in client.get("/?q=dense128").text
    assert "First try" not in client.get("/?q=resnet").text


def test_deleting_offers_undo_and_the_bin(client: TestClient, studio: Studio) -> None:
    key = make_dataset(studio.store, "To delete", studio.pictures)
    answer = client.post(f"/datasets/{key}/delete")
    home = client.get(answer.headers["location"]).text
    assert "Moved to the bin." in home
    assert "To delete" in client.get("/bin").text
    at = re.search(r'name="at" value="([\d.]+)"', home)
    assert at is not None
    assert client.post("/bin/undo", data={"at": at[1]}).headers["location"] == f"/datasets/{key}"
    assert get_dataset(studio.store, key).deleted_at is None
    assert "Moved to the bin." not in client.get(answer.headers["location"]).text, "it was undone"
    client.post(f"/datasets/{key}/delete")


def test_a_dataset_in_use_is_not_deleted_and_the_model_is_named(client: TestClient, studio: Studio) -> None:
    answer = client.post(f"/datasets/{studio.dataset}/delete", headers=HTML)
    assert answer.status_code == 409
    assert "First try" in answer.text


def test_language_and_colours_are_kept_and_go_back(client: TestClient) -> None:
    answer = client.post("/language", data={"language": "ko", "back": "/datasets/new?from=folder"})
    assert answer.headers["location"] == "/datasets/new?from=folder"
    assert "language=ko" in answer.headers["set-cookie"]
    dark = client.post("/language", data={"theme": "dark", "back": "//evil.example"})
    assert dark.headers["location"] == "/"
    assert 'data-theme="dark"' in client.get("/", headers={"cookie": "theme=dark"}).text
    client.cookies.clear()


def test_what_is_not_there_is_told_in_words(client: TestClient) -> None:
    for address in ("/datasets/none", "/models/none/result", "/nowhere", "/static/x/../app.py"):
        answer = client.get(address, headers=HTML)
        assert answer.status_code == 404
    assert "This is not here" in client.get("/models/none").text


def test_several_are_aborted_and_binned_at_once(client: TestClient, studio: Studio) -> None:
    made = submit_models(
        studio.store, NewModel("Many", studio.dataset, {"network": "Dense128"}, sweep={"lr": [0.1, 0.2]})
    )
    chosen = {"chosen": [f"models/{one.id}" for one in made]}
    client.post("/chosen/abort", data=chosen)
    assert [str(get_model(studio.store, one.id).state) for one in made] == ["aborted", "aborted"]
    assert client.post("/chosen/delete", data=chosen).headers["location"].startswith("/?binned=")
    assert "Many lr 0.1" in client.get("/bin").text


def test_what_is_in_the_bin_can_be_deleted_for_good(client: TestClient, studio: Studio) -> None:
    key = make_dataset(studio.store, "For good", studio.pictures)
    folder = studio.store.path(get_dataset(studio.store, key).folder)
    assert client.post(f"/datasets/{key}/empty").status_code == 409
    client.post(f"/datasets/{key}/delete")
    assert client.post(f"/datasets/{key}/empty").status_code == 303
    assert not folder.exists()


def test_what_nobody_foresaw_is_told_on_a_page_and_keeps_its_details_for_the_log(studio: Studio) -> None:
    def broken() -> None:
        raise RuntimeError("a secret inside")

    app = create_app(studio.store)
    for path in ("/broken", "/api/v1/broken"):
        app.add_api_route(path, broken)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        for language, words in (("en", "its log has the details"), ("ko", "로그에 있습니다")):
            answer = client.get("/broken", headers={**HTML, "accept-language": language})
            assert answer.status_code == 500
            assert words in answer.text
            assert "a secret inside" not in answer.text
            assert "script-src 'self'" in answer.headers["content-security-policy"]
        told = client.get("/api/v1/broken")
        assert (told.status_code, told.json()["errors"][0]["field"]) == (500, None)
        assert "a secret inside" not in told.text
