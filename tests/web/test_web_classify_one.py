"""Classify One: a picture that is sent, or named by an address of the Studio, an upload or a path; page and API."""

import base64
import json
import threading
from collections.abc import Iterator
from multiprocessing.connection import Listener

import numpy as np
import pytest
from starlette.testclient import TestClient

from glasshouse.data.decoding.encoding import decode_encoded
from glasshouse.jobs.predictor import Predictor, _serve
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.store.predictor import ask, predictor_file, predictor_key, warm
from glasshouse.store.uploads import begin_upload, finish_upload, write_piece
from glasshouse.web.app import create_app
from glasshouse.web.datasets.explorer import opened
from studio_seed import Studio


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    """A client whose Studio has a predictor, here in a thread."""
    key = predictor_key(studio.store)
    predictor = Predictor(studio.store)
    with Listener(("127.0.0.1", 0)) as listener:
        predictor_file(studio.store).write_text(json.dumps({"port": listener.address[1], "pid": 0}))

        def serve() -> None:
            while True:
                try:
                    connection = listener.accept()
                except OSError:
                    return
                _serve(predictor, connection, key)

        threading.Thread(target=serve, daemon=True).start()
        with TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
            yield made
        predictor_file(studio.store).unlink()


def test_the_network_sees_what_its_own_preprocessing_makes(client: TestClient, studio: Studio) -> None:
    data = opened(studio.store.path(get_dataset(studio.store, studio.dataset).folder))
    (source,) = [path for path in studio.pictures.glob("*/*") if path.name == data.splits["val"].paths[0].split("/")[1]]
    folder = get_model(studio.store, studio.model).folder
    answer = ask(studio.store, folder, source.read_bytes(), seen=True)
    seen = decode_encoded(base64.b64decode(answer["seen"]), "png", (28, 28, 1))
    assert np.array_equal(seen, data.splits["val"].rows(np.array([0]))[0])
    assert answer["size"] == [28, 28]
    warm(studio.store, folder)


def test_a_picture_is_named_in_many_ways(client: TestClient, studio: Studio) -> None:
    path = next(iter(sorted(studio.pictures.glob("both/*.png"))))
    upload = begin_upload(studio.store, "one")
    write_piece(studio.store, upload, "a b.png", 0, [path.read_bytes()])
    finish_upload(studio.store, upload)
    page = f"/models/{studio.model}/classify"
    ways = [
        str(path), f"upload:{upload.id}", f"upload:{upload.id}/a b.png",
        f"http://localhost/api/v1/uploads/{upload.id}/files/a%20b.png",
        f"http://localhost/datasets/{studio.dataset}/pictures/train/0", f"/datasets/{studio.dataset}/pictures/val/1",
    ]  # fmt: skip
    for way in ways:
        answer = client.get(page, params={"given": way})
        assert answer.status_code == 200, way
        assert answer.text.count('<ul class="bars">') == 1
        assert "28 × 28" in answer.text
    assert client.post(page, data={"given": str(path)}).status_code == 200


@pytest.mark.parametrize(
    "given",
    ["/etc/passwd", "http://example.org/cat.png", "file:///etc/passwd", "cat.png", "upload:../../x", "upload:nothing",
     "/datasets/none/pictures/val/0", "/api/v1/uploads/x/files/../../../../etc/passwd", "http://169.254.169.254/latest"],
)  # fmt: skip
def test_what_may_not_be_named_is_refused_in_words(client: TestClient, studio: Studio, given: str) -> None:
    answer = client.get(f"/models/{studio.model}/classify", params={"given": given})
    assert answer.status_code == 422
    assert "The picture was not classified." in answer.text
    api = client.post(f"/api/v1/models/{studio.model}/predict", params={"source": given})
    assert api.status_code in (403, 404, 422)


def test_the_api_predicts_a_file_or_a_named_picture(client: TestClient, studio: Studio) -> None:
    path = next(iter(sorted(studio.pictures.glob("both/*.png"))))
    address = f"/api/v1/models/{studio.model}/predict"
    sent = client.post(address, content=path.read_bytes(), params={"top": 2}).json()
    named = client.post(address, params={"source": str(path), "top": 2}).json()
    assert len(sent["top"]) == 2
    assert sent["top"] == named["top"]
    assert client.post(address).json()["errors"][0]["field"] == "body"
    assert client.post(address, content=b"no picture").status_code == 422
