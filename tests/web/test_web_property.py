"""The whole API asked at random: by its own description, and with values that nobody should send. Nothing breaks.

Every answer is below 500 and is JSON where it says so, and afterwards every list can still be read.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from glasshouse.web.app import create_app
from studio_seed import Studio, alone

pytestmark = pytest.mark.slow
HERE = "http://127.0.0.1:8800"
EXAMPLES = 2  # good and hostile ones, of each operation
ELSEWHERE = (  # they begin processes that train, or that load torch; their recipes are checked by /trials/plan as well
    "/trials/estimate", "/trials/augmented", "/trials/weights", "/in-and-out", "/predict", "/follow", "/graph", "/warm",
)  # fmt: skip
LISTS = ("datasets", "models", "networks", "jobs")
FAST = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
HUGE = int("9" * 400)


def nested(deep: int) -> Any:
    found: Any = 1
    for _ in range(deep):
        found = {"a": [found]}
    return found


HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e30, 10**30, 2**63, -(2**63) - 1, HUGE, 1e308, 5e-324, float("nan"), float("inf"), "",
    "x", "\0", "\ud800", "x" * 100_000, "sample:nope", "upload:nope", "model:nope:..", "/dev/zero", "/",
    "http://[", "((a+)+)b", "(" * 3000, "(?=a)", [], [1] * 3000, {}, {"": ""}, {"x" * 10_000: 1}, nested(30),
    nested(400), ["a"] * 3, [[]], "cuda:99999999", "강아지", "2024-13-45", [None], -0.0,
)  # fmt: skip
LAYERS = {
    "glasshouse-network": 1, "name": "n", "data_format": "channels_last", "seed": 0, "outputs": ["dense"],
    "layers": [
        {"name": "in", "layer": "Input", "shape": [28, 28, 1]},
        {"name": "conv", "layer": "Conv2D", "inputs": ["in"], "settings": {"filters": 4, "kernel_size": 3}},
        {"name": "flat", "layer": "Flatten", "inputs": ["conv"]},
        {"name": "dense", "layer": "Dense", "inputs": ["flat"], "settings": {"units": 3, "activation": "softmax"}},
    ],
}  # fmt: skip
TRAINING = {
    "network": "LeNet", "weights": "none", "strategy": "scratch", "epochs": 2, "freeze_epochs": 1, "views": 1,
    "batch_size": 8, "accumulate": 1, "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
    "schedule": {"name": "step", "warmup": 1, "step": 30, "milestones": [30, 60], "gamma": 0.5, "power": 2.0},
    "objective": {"label_smoothing": 0.1, "class_weights": {"a": 1}}, "augmentation": {"zoom": [0.9, 1.1]},
    "sampling": "balanced", "dropout": 0.5, "clip_norm": 1.0, "ema_decay": 0.9, "early_stopping": {"patience": 2},
    "checkpoints": {"keep_every": 2, "minutes": 5, "steps": 9}, "device": "cpu", "seed": 1,
}  # fmt: skip
SOURCE = {
    "source": "sample:digits", "labels": {"by": "auto", "pattern": "(a)"}, "width": 8, "height": 8, "valid": 0.2,
    "test": 0.1, "seed": 3, "group": "(b)", "min_per_class": 1, "max_per_class": 9, "pixel_limit": 1000, "quality": 80,
}  # fmt: skip


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url=HERE, raise_server_exceptions=False) as one:
        yield one


@pytest.fixture(scope="module")
def schema(client: TestClient) -> Any:
    described = client.get("/api/v1/openapi.json").json()
    paths = {path: found for path, found in described["paths"].items() if not path.endswith(ELSEWHERE)}
    return schemathesis.openapi.from_dict({**described, "paths": paths})


def check(answer: Any, what: object) -> None:
    assert answer.status_code < 500, (what, answer.text[:200])
    if answer.headers.get("content-type", "").startswith("application/json") and answer.content:
        json.loads(answer.content)


def check_lists(client: TestClient) -> None:
    for name in LISTS:
        check(client.get(f"/api/v1/{name}"), name)
    for page in ("/", "/networks", "/datasets/new", "/models/new"):
        assert client.get(page).status_code < 500, page


def operations(schema: Any) -> list[Any]:
    return [found.ok() for found in schema.get_all_operations()]


def test_whatever_the_description_allows_or_forbids_is_answered(
    client: TestClient, schema: Any, studio: Studio
) -> None:
    known = {"dataset_id": studio.dataset, "model_id": studio.model, "split": "val", "row": "3"}
    found = operations(schema)
    assert len(found) > 60
    for operation in found:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body or operation.path_parameters):
                continue

            @FAST
            @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
            def ask(case: Any, real: bool) -> None:
                destroys = case.method == "DELETE" or case.path.endswith("/delete")
                if real and not destroys and case.path_parameters:
                    case.path_parameters.update({k: v for k, v in known.items() if k in case.path_parameters})
                try:
                    wanted = case.as_transport_kwargs(base_url=HERE)
                    if isinstance(wanted.get("data"), bytes | str):
                        wanted["content"] = wanted.pop("data")
                    answer = client.request(**{k: v for k, v in wanted.items() if v is not None and k != "cookies"})
                except (UnicodeError, ValueError, TypeError):
                    return  # no client can send it
                check(answer, (case.method, case.path, wanted))

            try:
                ask()
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # nothing of it can be wrong
    check_lists(client)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value within a document."""
    if path:
        yield path
    inside = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from places(inner, (*path, key))


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copy


def sent(client: TestClient, address: str, body: Any) -> Any:
    try:
        text = json.dumps(body)
    except (ValueError, RecursionError):
        return None
    return client.post(f"/api/v1/{address}", content=text.encode(), headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    "address", ["networks", "networks/look", "models", "trials/plan", "trials/schedule", "datasets"]
)
def test_every_field_with_every_hostile_value_is_answered(client: TestClient, studio: Studio, address: str) -> None:
    sweep = {"lr": [0.1], "batch_size": [4]}
    bodies = {
        "networks": {"name": "n", "layers": LAYERS, "objective": {"label_smoothing": 0.1}, "optimizer": {"lr": 0.1},
                     "notes": "x"},
        "networks/look": {"layers": LAYERS, "batch_size": 8, "slots": 2},
        "models": {"name": "m", "dataset_id": studio.dataset, "recipe": TRAINING, "sweep": sweep},
        "trials/plan": {"dataset_id": studio.dataset, "recipe": TRAINING, "sweep": sweep},
        "trials/schedule": {"recipe": TRAINING},
        "datasets": {"name": "d", "recipe": SOURCE, "notes": "x", "group_name": "g"},
    }  # fmt: skip
    body, number = bodies[address], 0
    for path in places(body):
        for value in HOSTILE:
            number += 1
            if number % 23 and len(path) > 1:
                continue  # some of them, each value at many places
            answer = sent(client, address, put(body, path, value))
            if answer is not None:
                check(answer, (address, path, repr(value)[:80]))
    layers = put(bodies["models"], ("recipe", "network"), LAYERS)
    if address == "models":
        check(sent(client, address, layers), "layers")
    check_lists(client)
