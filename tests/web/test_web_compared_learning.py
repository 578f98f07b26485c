"""How the layers of runs learned, compared: in numbers, in words, and on the page."""

import json
from shutil import copytree

from starlette.testclient import TestClient

from glasshouse.store.models import get_model
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.web.app import create_app
from glasshouse.web.results.compared_learning import compared_learning
from studio_seed import Studio


def measure(update: float, dead: float = 0.0) -> dict[str, object]:
    weights = {"largest": 1.0, "counts": [1, 2, 1]}
    layers = [{"name": name, "gradient": gradient, "update": update, "weights": weights}
              for name, gradient in (("first", 0.5), ("last", 2.0))]  # fmt: skip
    return {"type": "layers", "step": 25, "epoch": 1, "layers": [*layers, {"name": "relu", "dead": dead}]}


def test_runs_are_compared_by_their_layers_and_what_is_unusual_is_named() -> None:
    assert compared_learning([[measure(1e-3)], []]) is None, "one run is no comparison"
    found = compared_learning([[measure(1.0), measure(1e-3)], [measure(0.5, 0.9)], []])
    assert found is not None
    healthy, wild, none = found.runs
    assert (healthy.update, healthy.fading, healthy.dead, list(healthy.odd)) == ((1e-3, 1e-3), 0.25, 0.0, [])
    assert list(wild.odd) == ["first", "last", "relu"], "steps of half the weights, and nine of ten units dead"
    assert (none.layers, none.update) == (0, None)
    assert [name for name, _ in found.shared] == ["first", "last", "relu"]


def test_the_page_shows_it_with_what_is_healthy(studio: Studio) -> None:
    first = get_model(studio.store, studio.model)
    (other,) = submit_models(studio.store, NewModel("Another", studio.dataset, dict(first.recipe)))
    copytree(studio.store.path(first.folder), studio.store.path(other.folder), dirs_exist_ok=True)
    chosen = f"/compare?chosen=models/{first.id}&chosen=models/{other.id}"
    with TestClient(create_app(studio.store), base_url="http://localhost") as client:
        assert "How the layers learned" not in client.get(chosen).text, "neither was measured"
        for model, update in ((first, 1e-3), (other, 0.5)):
            with (studio.store.path(model.folder) / "events.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(measure(update)) + "\n")
        page = client.get(chosen).text
    assert "Healthy is an update of about a thousandth" in page
    assert "none of 2" in page
    assert "first, last" in page
