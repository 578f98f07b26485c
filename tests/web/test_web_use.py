"""Use it: the page of a finished model, and its lines as they stand there, run."""

import hashlib
import html
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from glasshouse.data.dataset import open_dataset
from glasshouse.export.bundle import load_model
from glasshouse.export.onnx_export import certificate_file, export_model
from glasshouse.messages import Message, with_parts
from glasshouse.store.datasets import get_dataset
from glasshouse.store.exports import exports_of
from glasshouse.store.models import get_model
from glasshouse.store.results import result_place, write_answers
from glasshouse.web.app import create_app
from pictures import picture as drawn
from pictures import png_bytes
from studio_seed import Studio, alone, finish


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


def test_an_onnx_file_is_made_on_the_page_and_taken_away(client: TestClient, studio: Studio, place: Path) -> None:
    run, page, api = run_of(studio), f"/models/{studio.model}/use", f"/api/v1/models/{studio.model}/export"
    assert "Make an ONNX file" in client.get(page).text and client.get(f"{api}/file").status_code == 404
    assert client.get(api).json() == {"job": None, "file": None, "size": None, "certificate": None}
    assert client.post(f"{page}/export").headers["location"] == f"{page}#with-onnx"
    shown = client.get(page).text
    assert "It waits for its turn." in shown and "Make an ONNX file" not in shown
    job = client.get(api).json()["job"]
    assert job["kind"] == "export" and client.post(api).json()["id"] == job["id"], "asked for twice, made once"
    client.post(f"{page}/export/abort")
    assert client.get(api).json()["job"]["state"] == "aborted" and "Make an ONNX file" in client.get(page).text

    (model,) = place.glob("*.model")
    found = export_model(model, exports_of(run) / "pets.onnx", studio.store.path(dataset_of(studio)))
    told = client.get(api).json()
    assert told["certificate"] == found.to_dict() and told["file"] == "pets.onnx"
    assert hashlib.sha256(client.get(f"{api}/file").content).hexdigest() == found.sha256
    assert client.get(f"{api}/certificate").json() == found.to_dict()
    shown = client.get(page).text
    assert f"{found.pictures} pictures" in shown and f'href="{api}/file"' in shown and "Make an ONNX" not in shown

    text = certificate_file(exports_of(run) / "pets.onnx")
    text.write_text(text.read_text().replace(found.weights, "0" * 64))
    assert client.get(api).json()["certificate"] is None, "that of other weights is not offered"
    shutil.rmtree(exports_of(run))
    reason = Message("The file cannot be computed: {reason}", reason="it is cut off")
    finish(studio.store, client.post(api).json()["id"], "done", result=with_parts({"passed": False, "reason": reason}))
    shown = client.get(page, headers={"accept-language": "ko"}).text
    assert "파일을 계산할 수 없습니다: it is cut off" in shown and "ONNX 파일이 없습니다" in shown
    assert f'href="{api}/file"' not in shown and "ONNX 파일 만들기" in shown


def test_a_picture_shows_what_goes_in_and_what_comes_out(client: TestClient, studio: Studio) -> None:
    page, results = f"/models/{studio.model}/use", result_place(run_of(studio), "val")
    assert '<figure class="flow">' not in client.get(page).text, "the model was not scored"
    split = open_dataset(studio.store.path(dataset_of(studio))).splits["val"]
    probabilities = load_model(run_of(studio)).probabilities(split.rows(np.arange(len(split))))
    write_answers(results, split.labels, probabilities)
    shown = client.get(page).text
    shutil.rmtree(results.parent)
    found = re.search(r'<figure class="flow">.*?/val/(\d+)".*?"number">(.*?)<', shown, re.S)
    assert found is not None and found[2] == f"{100 * probabilities[int(found[1])].max():.1f} %"


def test_there_is_nothing_to_use_before_there_is_a_model(client: TestClient, studio: Studio) -> None:
    form = {"name": "Later", "dataset": studio.dataset, "preset": "fast"}
    key = client.post("/models/new", data=form).headers["location"].rpartition("/")[2]
    answer = client.get(f"/models/{key}/use")
    assert answer.status_code == 404
    assert f"/models/{key}/use" not in client.get(f"/models/{key}").text
    client.post(f"/models/{key}/abort")


def dataset_of(studio: Studio) -> str:
    return get_dataset(studio.store, studio.dataset).folder


def run_of(studio: Studio) -> Path:
    return studio.store.path(get_model(studio.store, studio.model).folder)
