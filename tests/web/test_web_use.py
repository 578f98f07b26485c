"""Use it: the page of a finished model, and its lines as they stand there, run."""

import html
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glasshouse.export.bundle import load_model
from glasshouse.export.onnx_export import certificate_file
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.web.app import create_app
from pictures import picture as drawn
from pictures import png_bytes
from studio_seed import Studio, alone


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    made = TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False)
    with alone(), made:
        yield made


@pytest.fixture(scope="module")
def lines(client: TestClient, studio: Studio) -> dict[str, str]:
    """What there is to copy, by its name."""
    text = client.get(f"/models/{studio.model}/use").text
    return {name: html.unescape(code) for name, code in re.findall(r'<pre id="use-(.+?)".*?>(.*?)</pre>', text, re.S)}


@pytest.fixture(scope="module")
def place(client: TestClient, studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model as it is downloaded, and a picture."""
    folder = tmp_path_factory.mktemp("elsewhere")
    name = get_model(studio.store, studio.model).name
    (folder / f"{name}.model").write_bytes(client.get(f"/api/v1/models/{studio.model}/download").content)
    (folder / "picture.jpg").write_bytes(png_bytes(drawn(0)))
    return folder


def test_the_lines_of_glasshouse_give_the_models_answer(lines: dict[str, str], place: Path, studio: Studio) -> None:
    model = load_model(run_of(studio))
    said = str(model.predict(place / "picture.jpg")).split(": ")[-1]
    code = "import os, sys; from glasshouse.cli.main import main; " \
           f"exec({lines['python']!r}); sys.argv = {shlex.split(lines['terminal'])!r}; sys.exit(main())"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True)
    assert done.stdout.count(said.split(",")[0]) == 2, done.stdout


@pytest.mark.system
def test_the_lines_of_a_server_give_it_too(lines: dict[str, str], place: Path, studio: Studio) -> None:
    program = [str(Path(sys.executable).with_name("glasshouse")), *shlex.split(lines["serve"])[1:], "--port", "0"]
    server = subprocess.Popen(program, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        address = re.search(r"http://[^/]+", server.stdout.readline())
        assert address is not None
        line = lines["serve-curl"].replace("http://127.0.0.1:8900", address[0])
        done = subprocess.run(["sh", "-c", f"{line} -s"], cwd=place, capture_output=True, text=True, check=True)
    finally:
        server.terminate()
        server.communicate(timeout=30)
    expected = load_model(run_of(studio)).predict(place / "picture.jpg").label
    assert json.loads(done.stdout)["predictions"][0]["label"] == expected


def test_the_lines_of_onnx_give_it_too(lines: dict[str, str], place: Path, studio: Studio) -> None:
    data = studio.store.path(get_dataset(studio.store, studio.dataset).folder)
    words = [str(data) if word == "DATASET" else word for word in shlex.split(lines["export"])]
    code = f"import sys; from glasshouse.cli.main import main; sys.argv = {words!r}; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True)
    file = place / words[-1]
    assert json.loads(certificate_file(file).read_text())["passed"]
    (place / "ask.py").write_text(lines["onnx-python"], encoding="utf-8")
    done = subprocess.run([sys.executable, "ask.py"], cwd=place, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == load_model(run_of(studio)).predict(place / "picture.jpg").label
    assert "export function prepare(image)" in lines["onnx-javascript"]


def test_there_is_nothing_to_use_before_there_is_a_model(client: TestClient, studio: Studio) -> None:
    form = {"name": "Later", "dataset": studio.dataset, "preset": "fast"}
    key = client.post("/models/new", data=form).headers["location"].rpartition("/")[2]
    answer = client.get(f"/models/{key}/use")
    assert answer.status_code == 404
    assert f"/models/{key}/use" not in client.get(f"/models/{key}").text
    client.post(f"/models/{key}/abort")


def run_of(studio: Studio) -> Path:
    return studio.store.path(get_model(studio.store, studio.model).folder)
