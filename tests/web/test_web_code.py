"""The Code of a model: on its page, as a file, over the API; and the script really runs."""

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from glasshouse.store.models import get_model
from glasshouse.web.app import create_app
from studio_seed import Studio


@pytest.fixture
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.store), base_url="http://127.0.0.1") as made:
        yield made


@pytest.mark.parametrize("level", ["learner", "layers", "autodiff"])
def test_the_page_the_file_and_the_api_show_one_script(client: TestClient, studio: Studio, level: str) -> None:
    page = client.get(f"/models/{studio.model}/code", params={"level": level})
    assert page.status_code == 200 and 'aria-current="page"' in page.text
    file = client.get(f"/models/{studio.model}/code/{level}.py")
    assert file.headers["content-disposition"].endswith(f'-{level}.py"')
    told = client.get(f"/api/v1/models/{studio.model}/code", params={"level": level}).json()
    assert told == {"level": level, "code": file.text}
    ast.parse(file.text)
    assert str(studio.store.home) not in file.text
    assert "gh.ImageData.open(&#34;datasets/" in page.text or level != "learner"


def test_the_page_speaks_korean(client: TestClient, studio: Studio) -> None:
    page = client.get(f"/models/{studio.model}/code?level=layers", headers={"Accept-Language": "ko"}).text
    assert "이 학습을 코드로" in page and "신경망. 이미지는" in page


def test_what_cannot_be_is_told(client: TestClient, studio: Studio) -> None:
    wrong = client.get(f"/api/v1/models/{studio.model}/code", params={"level": "keras"})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "level"
    assert client.get("/api/v1/models/999/code").status_code == 404
    assert client.get(f"/models/{studio.model}/code/keras.py").status_code == 404


def test_the_script_runs_in_the_studios_home(client: TestClient, studio: Studio) -> None:
    text = client.get(f"/models/{studio.model}/code/layers.py").text
    done = subprocess.run([sys.executable, "-", "2"], input=text, cwd=studio.store.home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    events = studio.store.path(get_model(studio.store, studio.model).folder) / "events.jsonl"
    first = next(line for line in events.read_text().splitlines() if '"type": "step"' in line)
    loss = first.partition(chr(34) + "loss" + chr(34) + ": ")[2].partition(",")[0]
    assert f"step 1: loss {loss}\n" in done.stdout
