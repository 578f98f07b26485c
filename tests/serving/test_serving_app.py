"""The server of models over HTTP: it answers as predict does, and every refusal says why."""

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import InputError
from glasshouse.export.bundle import load_model, save_model
from glasshouse.export.inference import Inference
from glasshouse.export.onnx_writing import model_file
from glasshouse.networks.build import build
from glasshouse.serving.models import named_paths
from glasshouse.uncertainty.conformal import AnswerSets
from glasshouse.uncertainty.familiarity import Familiarity
from glasshouse.uncertainty.uncertainty import Uncertainty

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models ``torch.model`` and ``runs/pets/model``, which has a file for onnxruntime."""
    folder = tmp_path_factory.mktemp("models")
    p = Preprocessing(28, 28, color="rgb", mean=(0.5,) * 3, std=(0.25,) * 3)
    module = build("LeNet", 3, 3, 28, 28, seed=3).module
    own = {"network": {"name": "LeNet"}, "module": module, "preprocessing": p, "classes": ("cat", "dog", "고양이")}
    save_model(folder / "torch.model", **own)  # type: ignore[arg-type]
    (folder / "runs" / "pets").mkdir(parents=True)
    data = model_file(Inference(module, p.shape).module.eval(), p.mean, p.std, 28, 28)
    draw = np.random.default_rng(5)
    known = Familiarity(
        draw.normal(size=(20, 500)).astype(np.float16), np.zeros((501, 0), np.float32),
        np.linspace(-0.1, 0.1, 40, dtype=np.float32),
    )  # fmt: skip
    limits = Uncertainty(known, AnswerSets(np.linspace(0.1, 0.6, 18, dtype=np.float32)))
    save_model(folder / "runs" / "pets" / "model", **own, onnx=data, uncertainty=limits)  # type: ignore[arg-type]
    return folder


def png(seed: int) -> bytes:
    out = BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


def declared(server: "Server", path: str, size: int) -> int:
    """Return the status of the answer to a body of ``size`` bytes of which none is sent."""
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    try:
        return connection.getresponse().status
    finally:
        connection.close()


class Server:
    """``glasshouse serve`` in a process; ``address`` is where it answers."""

    def __init__(self, *words: str, **environment: str) -> None:
        command = [str(Path(sys.executable).with_name("glasshouse")), "serve", *words, "--port", "0"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )
        assert self.process.stdout is not None
        self.lines = [self.process.stdout.readline() for word in words if not word.startswith("-") and "/" in word]
        found = re.search(r"http://\S+?(?=/v1)", self.lines[0])
        assert found is not None, self.lines
        self.address = found[0]

    def end(self) -> str:
        self.process.terminate()
        _, said = self.process.communicate(timeout=30)
        return str(said)


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[Server]:
    server = Server(str(models / "torch.model"), str(models / "runs" / "pets" / "model"))
    yield server
    server.end()


@pytest.mark.system
def test_pictures_are_answered_as_predict_answers_them(server: Server, models: Path) -> None:
    files = [("files", (f"{seed}.png", png(seed))) for seed in range(3)] + [("files", ("bad.png", b"no picture"))]
    with httpx.Client(base_url=server.address) as client:
        assert client.get("/health/ready").text == client.get("/health/live").text == "ok\n"
        for name, path in (("torch", models / "torch.model"), ("pets", models / "runs" / "pets")):
            expected = [one.to_dict() for one in load_model(path).predict([png(seed) for seed in range(3)], top=2)]
            found = client.post(f"/v1/models/{name}/predict?top=2", files=files).json()
            assert found["model"] == name
            bad = found["predictions"].pop()
            assert bad["path"] == "bad.png" and bad["label"] is None and "picture" in bad["error"]
            assert found["predictions"] == [{**one, "path": f"{seed}.png"} for seed, one in enumerate(expected)]
            alone = client.post(
                f"/v1/models/{name}/predict?top=2", content=png(1), headers={"content-type": "image/png"}
            )
            assert alone.json()["predictions"] == [expected[1]], "a body is a picture too"
            assert ("familiarity" in expected[0]) == (name == "pets")
        promised = client.post("/v1/models/pets/predict?coverage=0.9", content=png(1)).json()["predictions"]
        assert promised == [load_model(models / "runs" / "pets").predict(png(1), coverage=0.9).to_dict()]
        assert promised[0]["set"][0] == promised[0]["label"]
        for name, why in (("torch", "no calibration pictures"), ("pets", "has 18 calibration pictures")):
            refused = client.post(f"/v1/models/{name}/predict?coverage=0.95", content=png(1))
            assert refused.status_code == 422 and why in refused.json()["errors"][0]["message"]
        shown = client.get("/v1/models").json()["models"]
        assert [(one["name"], one["engine"]) for one in shown] == [("torch", "torch"), ("pets", "onnxruntime")]
        assert client.get("/v1/models/pets").json() == shown[1]
        counted = client.get("/metrics")
        assert counted.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert 'glasshouse_pictures_total{model="pets",outcome="answered"} 5' in counted.text
        assert 'glasshouse_pictures_total{model="pets",outcome="refused"} 1' in counted.text
        paths = client.get("/openapi.json").json()["paths"]
        assert "multipart/form-data" in paths["/v1/models/{name}/predict"]["post"]["requestBody"]["content"]
        assert client.get("/docs").status_code == 404, "its page would load scripts of others"


@pytest.mark.system
def test_what_cannot_be_answered_says_why(server: Server) -> None:
    def said(response: httpx.Response) -> tuple[int, str]:
        return response.status_code, response.json()["errors"][0]["message"]

    with httpx.Client(base_url=server.address) as client:
        predict = "/v1/models/pets/predict"
        assert said(client.post("/v1/models/cats/predict", content=png(0))) == (
            404, "there is no model 'cats' here; there are: torch, pets")  # fmt: skip
        assert said(client.post(predict))[0] == 422 and "empty" in said(client.post(predict))[1]
        assert "application/json is no picture" in said(client.post(predict, json={"picture": "x"}))[1]
        assert "no files" in said(client.post(predict, files={"picture": b"x"}))[1]
        assert said(client.post(predict, files=[("files", ("x", b"x"))] * 65))[0] == 400
        assert client.post(f"{predict}?top=0", content=png(0)).status_code == 422
        assert said(client.post(predict, content=(bytes(2**22) for _ in range(17)))) == (
            413, "The body has more than 64 MiB; send fewer pictures.")  # fmt: skip
        assert declared(server, predict, 2**30) == 413, "before anything of it has come"
        foreign = client.post(predict, content=png(0), headers={"origin": "http://evil.example"})
        assert said(foreign)[0] == 403
        assert said(client.get("/v1/models", headers={"host": "evil.example"}))[0] == 421


@pytest.mark.system
def test_with_a_token_only_who_has_it_is_answered(models: Path) -> None:
    server = Server(str(models / "runs" / "pets"), GLASSHOUSE_SERVE_TOKEN=TOKEN)
    with httpx.Client(base_url=server.address) as client:
        assert client.get("/v1/models").status_code == client.get("/metrics").status_code == 401
        assert client.get("/v1/models", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/health/ready").status_code == 200
        mine = {"authorization": f"Bearer {TOKEN}", "host": "a.name.of.the.network"}
        assert client.get("/v1/models", headers=mine).json()["models"][0]["name"] == "pets"
    said = server.end()
    assert said == "Stopped.\n" and TOKEN not in "".join(server.lines)


def test_a_model_is_called_as_its_run_or_its_file() -> None:
    given = ["runs/pets/model", "a/b.model", "other=runs/pets", "."]
    assert [name for name, _ in named_paths(given)] == ["pets", "b", "other", Path.cwd().name]
    with pytest.raises(InputError, match="are both called pets; name one of them: NAME=x/pets"):
        named_paths(["runs/pets", "x/pets"])
    with pytest.raises(InputError, match="cannot be part of an address"):
        named_paths(["a/b=runs/pets"])
