"""Names of 120 letters without a space, as files, classes and people may have: no page scrolls sideways."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from seen import SMALL, WIDER, View, opened
from shown_studio import LAYERS, SECRET, Shown
from studio_running import Studio

from glasshouse.layers import Network
from glasshouse.networks.shelf.items import CARD, WEIGHTS, Card, written
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import NewJob, add_job
from glasshouse.store.models import get_model
from glasshouse.store.networks import NewNetwork, save_network
from glasshouse.store.people import add_token, add_user
from glasshouse.store.records import JobKind, Role
from glasshouse.store.resources import change_resource
from glasshouse.store.results import result_place, write_answers
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.datasets.explorer import opened as opened_dataset
from page_routes import left_out
from studio_seed import finish, make_dataset, make_model, make_search, note_paces

LONG = "MaximilianaUndWilhelmina02026_" * 4
WHO = LONG[:64]
WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def shown(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A Studio in which everything has a long name; the browser is asked for first."""
    place = tmp_path_factory.mktemp("long")
    pictures = place / "given" / LONG
    for number in range(3):
        (pictures / f"{LONG[:-1]}{number}").mkdir(parents=True)
        for k in range(8):
            pixels = np.random.default_rng(8 * number + k).integers(0, 255, (28, 28), np.uint8)
            Image.fromarray(pixels).save(pictures / f"{LONG[:-1]}{number}" / f"{LONG}{k}.png")
    (pictures / f"{LONG[:-1]}0" / f"{LONG}.png").write_bytes(b"no picture")
    store = open_store(place / "home", folders=(place / "given",))
    pages = _pages(store, pictures)
    store.close()
    made = Shown(Studio(place / "home", place / "given"), pages, {"follow": "#weight", "graph": "svg.gh-graph"})
    yield made
    made.studio.stop()


def _pages(store: Store, pictures: Path) -> dict[str, str]:
    """Fill the Studio; return its pages."""
    admin = add_user(store, WHO, SECRET, Role.ADMIN)
    add_token(store, admin, LONG)
    with store.write() as connection:
        log_action(connection, admin, "dataset-create", LONG, LONG)
    data = make_dataset(store, LONG, pictures)
    note_paces(store, data)
    model = make_model(store, data, LONG, 1)
    for key in (model, other := make_model(store, data, f"{LONG[:-2]}no", 1)):
        change_resource(store, get_model(store, key), {"group_name": LONG, "notes": LONG})
        _answered(store, data, key)
    (failed,) = submit_models(store, NewModel(LONG, data, {"network": "LeNet"}))
    wrong = {"reason": f"{LONG}.png cannot be read: Permission denied", "detail": LONG, "failure": "file"}
    finish(store, failed.job_id, "failed", **wrong)
    layers = Network(LAYERS, input_shape=(28, 28, 1), name=LONG[:60]).to_dict()
    network = save_network(store, NewNetwork(LONG, layers, notes=LONG)).id
    shelf = store.path("weights") / LONG
    shelf.mkdir(parents=True)
    (shelf / WEIGHTS).write_bytes(b"")
    card = Card(shelf.name, "SqueezeNet", 224, 224, 1_248_424, licence=LONG[:60], source=LONG, added_by=WHO)
    (shelf / CARD).write_text(written(card))
    d, m, search = f"/datasets/{data}", f"/models/{model}", make_search(store, data, model, LONG)
    return {
        "follow, being started": f"{m}/follow",
        "home": "/", "dataset": d, "explore": f"{d}/explore", "classes": f"{d}/classes", "versions": f"{d}/versions",
        "left out": f"{d}/left-out", "twins": f"{d}/twins",
        "recipe": f"{d}/recipe", "picture": f"{d}/pictures/train/0", "edit": f"{d}/edit",
        "model": m, "result": f"{m}/result", "cell": f"{m}/result/pictures?truth=0&answer=0", "top": f"{m}/result/top",
        "sealed": f"{m}/result?split=test", "classify": f"{m}/classify", "many": f"{m}/many",
        "classified": f"{m}/many/{_classified(store, model)}",
        "inputs and outputs": f"{m}/follow/inputs", "layers": f"{m}/layers", "statistics": f"{m}/layers/statistics",
        "numbers of a picture, being started": f"{m}/layers/statistics/picture",
        "map": f"{m}/map", "shortcuts": f"{m}/shortcuts",
        "explained": f"{m}/pictures/val/0?list=unsure", "explanations": f"{m}/explanations",
        "code": f"{m}/code", "details": f"{m}/details",
        "use": f"{m}/use",
        "failed": f"/models/{failed.id}", "clone": f"/models/new?clone={model}",
        "new dataset": f"/datasets/new?clone={data}",
        "compare": f"/compare?chosen=models/{model}&chosen=models/{other}", "networks": "/networks",
        "network": f"/networks/{network}", "account": "/account", "people": "/people", "person": f"/people/{WHO}",
        "audit": "/audit", "nothing found": f"/?q={LONG}", "refused": f"/datasets/new?from=folder&source=/{LONG}",
        "weights": "/weights", "search": f"/models/{search}/search",
        "follow": f"{m}/follow", "graph": f"{m}/follow/graph",
    }  # fmt: skip


def _answered(store: Store, data: str, model: str) -> None:
    """Give a model answers on its validation pictures, some of them wrong."""
    run = store.path(get_model(store, model).folder)
    labels = opened_dataset(store.path(get_dataset(store, data).folder)).splits["val"].labels
    place = result_place(run, "val")
    write_answers(place, labels, np.eye(3, dtype=np.float32)[(labels + np.arange(len(labels)) % 2) % 3])
    place.with_suffix(".json").write_text((run / "report-val.json").read_text())


def _classified(store: Store, model: str) -> str:
    """Return a finished job of classified pictures."""
    with store.write() as connection:
        job = add_job(connection, NewJob(JobKind.CLASSIFY, LONG, None, None, model, None, {"source": f"/{LONG}"}))
    finish(store, job)
    folder = store.path(f"work/{job}")
    folder.mkdir(parents=True)
    best = {"label": LONG, "probability": 0.9}
    line = {"path": f"{LONG}.png", **best, "top": [best], "error": None, "truth": LONG}
    (folder / "predictions.jsonl").write_text(json.dumps(line) + "\n")
    return job


def test_no_page_with_a_name_is_left_out(shown: Shown, tmp_path: Path) -> None:
    nameless = {"/bin", "/datasets/new", "/models/new", "/networks/new", "/sign-in", "/token", "/workers"}
    store = open_store(tmp_path)
    same = {f"/models/{{key}}/pictures/{way}" for way in ("kept/{picture}", "many/{number}/{row}")}  # as "explained"
    assert left_out(create_app(store), shown.pages.values()) <= nameless | same | {"/models/{key}/many/{number}/top"}
    store.close()


def test_no_page_scrolls_sideways(browser: Any, shown: Shown) -> None:
    found = []
    with opened(browser, shown.studio.address, View("en", "light", WIDTHS[0])) as (page, faults):
        page.request.post("/sign-in", form={"name": WHO, "password": SECRET, "next": "/"})
        for name, address in shown.pages.items():
            page.set_viewport_size({"width": WIDTHS[0], "height": 900})
            page.goto(address, wait_until="load")
            page.locator(shown.signs.get(name, "main h1, main h2")).first.wait_for()
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{name} is wider than {width}: {page.evaluate(WIDER, width)}")
                found += [f"{name} at {width}, too small to be read: {one}" for one in page.evaluate(SMALL)]
    wrong = [one for one in faults if "Failed to load" not in one]  # 422 where a folder is refused, a damaged picture
    assert not found + wrong, "\n".join(found + wrong)
