"""A Studio with one of everything that a page can show, and the address of every kind of page."""

import time
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

from studio_running import Studio

from corner_pictures import draw_pictures
from glasshouse.layers import Dense, Flatten, Network
from glasshouse.store.audit import log_action
from glasshouse.store.database import open_store
from glasshouse.store.followed_pictures import keep_picture
from glasshouse.store.models import get_model
from glasshouse.store.people import add_token, add_user
from glasshouse.store.records import Role
from glasshouse.store.submit import NewModel, submit_models
from studio_seed import finish, make_dataset, make_model, make_search, note_paces

SECRET = "correct horse battery"
DIGITS = "from=sample&source=sample:digits&width=28&height=28&color=gray"
WRONG = "Traceback (most recent call last):\nOutOfMemoryError: 512 MB were asked for"
LAYERS = [Flatten(), Dense(16, activation="relu"), Dense(3, activation="softmax")]


@dataclass(frozen=True)
class Shown:
    """A Studio, its pages by name, and words that make each page whole once they stand there (CSS, by name)."""

    studio: Studio
    pages: dict[str, str]
    signs: dict[str, str]


def filled_studio(place: Path) -> Shown:
    """Start a Studio with a dataset, models (done, failed, training, in the bin), answers, a network."""
    pictures = draw_pictures(place / "given" / "corners", 40)
    for number in range(3):
        copyfile(pictures / "left" / f"left-00{number}.png", pictures / "left" / f"twin-{number}.png")
    copyfile(pictures / "left" / "left-000.png", pictures / "both" / "twin-of-left.png")
    data, models = _seeded(place, pictures)
    studio = Studio(place / "home", place / "given")
    done, failed = f"/models/{models['done']}", f"/models/{models['failed']}"
    many = _jobs(studio, models, pictures)
    network = _network(studio)
    long = _training(studio, data)
    dataset = f"/datasets/{data}"
    pages = {
        "model-training": f"/models/{long}", "home": "/", "home-nothing-found": "/?q=nothing",
        "bin": "/bin",
        "dataset-new": "/datasets/new", "dataset-upload": "/datasets/new?from=upload",
        "dataset-folder": "/datasets/new?from=folder", "dataset-preview": f"/datasets/new?{DIGITS}",
        "dataset-nothing-found": "/datasets/new?from=folder&source=/nothing/here",
        "dataset": dataset, "explore": f"{dataset}/explore", "explore-nothing-found": f"{dataset}/explore?q=nothing",
        "left-out": f"{dataset}/left-out",
        "dataset-classes": f"{dataset}/classes", "dataset-versions": f"{dataset}/versions",
        "twins": f"{dataset}/twins", "dataset-recipe": f"{dataset}/recipe",
        "picture": f"{dataset}/pictures/train/0", "dataset-edit": f"{dataset}/edit",
        "model-new": "/models/new", "model-new-own": f"/models/new?preset=own&dataset={data}",
        "model-failed": failed, "model": done, "model-details": f"{done}/details", "model-code": f"{done}/code",
        "model-use": f"{done}/use",
        "model-code-autodiff": f"{done}/code?level=autodiff", "model-edit": f"{done}/edit",
        "follow-inputs": f"{done}/follow/inputs",
        "layers": f"{done}/layers", "layers-statistics": f"{done}/layers/statistics",
        "layers-picture": f"{done}/layers/statistics/picture?split=val&row=1",
        "map-offered": f"{done}/map", "shortcuts": f"{done}/shortcuts",
        "explained": f"{done}/pictures/val/0?method=occlusion&list=unsure", "explanations": f"{done}/explanations",
        "explained-kept": f"{done}/pictures/kept/{models['kept']}?method=occlusion",
        "explained-many": f"{done}/pictures/many/{many}/0?method=occlusion",
        "result": f"{done}/result", "result-test": f"{done}/result?split=test",
        "result-cell": f"{done}/result/pictures?truth=0&answer=0", "top": f"{done}/result/top",
        "classify-one": f"{done}/classify", "classify-many": f"{done}/many", "classified": f"{done}/many/{many}",
        "classified-top": f"{done}/many/{many}/top", "follow": f"{done}/follow", "follow-graph": f"{done}/follow/graph",
        "compare": f"/compare?chosen=models/{models['done']}&chosen=models/{models['other']}",
        "compare-nothing": "/compare", "networks": "/networks", "weights": "/weights", "network-new": "/networks/new",
        "network-classic": "/networks/new?from=classic:ResNet18", "network": f"/networks/{network}",
        "search": f"/models/{models['search']}/search",
        "workers": "/workers", "missing": "/models/nothing",
    }  # fmt: skip
    signs = {
        "follow": "#weight",
        "layers-picture": "#numbers",
        "explained": "#evidence",
        "explained-kept": "#evidence",
        "explained-many": "#evidence",
        "follow-graph": "svg.gh-graph",
        "model-training": "#live[data-last]",
    }
    return Shown(studio, pages, signs)


def studio_of_people(place: Path) -> Shown:
    """Start a Studio with accounts and nothing in it; ``mina`` is an admin, her password ``SECRET``."""
    with_people = open_store(place / "people")
    mina = add_user(with_people, "mina", SECRET, Role.ADMIN)
    for name, role in (("otto", Role.MEMBER), ("vera", Role.VIEWER)):
        add_user(with_people, name, SECRET, role)
    add_token(with_people, mina, "evening script")
    for what, thing in (("dataset-create", "Corners"), ("model-delete", "First try"), ("sign-in", "")):
        with with_people.write() as connection:
            log_action(connection, mina, what, "3f2a", thing)
    with_people.close()
    pages = {"sign-in": "/sign-in", "home-empty": "/", "account": "/account", "people": "/people",
             "person": "/people/otto", "audit": "/audit", "networks-empty": "/networks", "bin-empty": "/bin",
             "model-new-empty": "/models/new"}  # fmt: skip
    return Shown(Studio(place / "people"), pages, {})


def _seeded(place: Path, pictures: Path) -> tuple[str, dict[str, str]]:
    store = open_store(place / "home", folders=(place / "given",))
    data = make_dataset(store, "Corners", pictures)
    note_paces(store, data)
    models = {"done": make_model(store, data, "First try", 4), "other": make_model(store, data, "Second try")}
    models["search"] = make_search(store, data, models["done"], "The best of corners")
    recipe = {"network": "LeNet", "epochs": 5}
    for name in ("failed", "binned"):
        (record,) = submit_models(store, NewModel(f"The {name} one", data, recipe))
        models[name] = record.id
        wrong = {"reason": "The computer ran out of memory.", "detail": WRONG}
        finish(store, get_model(store, record.id).job_id, "failed", **wrong)
    picture = (pictures / "left" / "left-001.png").read_bytes()
    models["kept"] = keep_picture(store, get_model(store, models["done"]), picture)
    store.close()
    return data, models


def _jobs(studio: Studio, models: dict[str, str], pictures: Path) -> str:
    """Have the worker score and classify; return the job of the classified pictures."""
    for model in ("done", "other"):
        studio.until_done(studio.ask(f"models/{models[model]}/evaluate", {"split": "val"})["id"])
    asked = {"source": str(pictures), "title": "All corners"}
    many: str = studio.ask(f"models/{models['done']}/classify", asked)["id"]
    studio.until_done(many)
    studio.ask("several/delete", {"models": [models["binned"]]})
    return many


def _network(studio: Studio) -> str:
    layers = Network(LAYERS, input_shape=(28, 28, 1)).to_dict()
    made: str = studio.ask("networks", {"name": "My small net", "layers": layers})["id"]
    return made


def _training(studio: Studio, data: str) -> str:
    asked = {"name": "Still training", "dataset_id": data, "recipe": {"network": "LeNet", "epochs": 4000}}
    long: str = studio.ask("models", asked)["items"][0]["id"]
    deadline = time.monotonic() + 120
    while studio.ask(f"models/{long}/points")["epoch"] < 3:
        assert time.monotonic() < deadline, "the training did not begin"
        time.sleep(0.3)
    studio.stand_back()
    return long
