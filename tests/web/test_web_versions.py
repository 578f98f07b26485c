"""A dataset is edited in the Studio: its table is downloaded, changed, and sent back; the API takes single edits."""

import csv
import io
from collections.abc import Iterator

import pytest
from sent_form import Sent
from starlette.testclient import TestClient

from glasshouse.store.datasets import get_dataset
from glasshouse.web.app import create_app
from studio_seed import Studio, alone


@pytest.fixture(scope="module")
def client(studio: Studio) -> Iterator[TestClient]:
    with alone(), TestClient(create_app(studio.store), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def test_the_table_goes_out_and_comes_back_as_a_version(client: TestClient, studio: Studio) -> None:
    place = f"/datasets/{studio.dataset}"
    rows = list(csv.DictReader(io.StringIO(client.get(f"{place}/table.csv").content.decode("utf-8-sig"))))
    rows[0]["class"] = next(row["class"] for row in rows if row["class"] != rows[0]["class"])
    rows[1]["class"] = "new <i>"
    text = io.StringIO()
    sheet = csv.DictWriter(text, list(rows[0]))
    sheet.writeheader()
    sheet.writerows(rows)
    page = client.get(f"{place}/versions").text
    assert "Nothing was edited" in page and 'value="Corners · 2"' in page
    sent = client.post(
        f"{place}/versions", data={"name": "", "why": "looked"}, files={"file": ("t.csv", text.getvalue())}
    )
    assert sent.status_code == 303
    made = get_dataset(studio.store, sent.headers["location"].rpartition("/")[2])
    edits = made.recipe["edits"]
    assert sorted((list(edit["pictures"].values()), edit["label"], edit["why"]) for edit in edits) == sorted(
        [([rows[0]["path"]], rows[0]["class"], "looked"), ([rows[1]["path"]], "new <i>", "looked")]
    )
    assert (made.name, made.job.arguments["parent"]) == ("Corners · 2", studio.dataset)


def test_what_is_wrong_with_a_table_is_told_by_its_line(client: TestClient, studio: Studio) -> None:
    place = f"/datasets/{studio.dataset}/versions"
    wrong = client.post(place, files={"file": ("t.csv", b"path,label\nnone.png,left\n")}, data={"why": "a <b>"})
    assert wrong.status_code == 422 and "line 2: the dataset has no picture none.png" in wrong.text
    assert 'value="a &lt;b&gt;"' in wrong.text
    korean = client.post(
        place, files={"file": ("t.csv", b"path,label\nnone.png,left\n")}, headers={"Accept-Language": "ko"}
    )
    assert "데이터 세트에 없는 이미지: none.png" in korean.text
    assert client.post(place, data={"why": ""}).status_code == 422
    api = client.post(f"/api/v1{place}", json={"edits": [{"path": "none.png", "label": "left"}]})
    assert api.status_code == 422 and "none.png" in api.text


def test_a_copy_of_an_edited_dataset_keeps_its_edits_unless_a_person_declines(
    client: TestClient, studio: Studio
) -> None:
    rows = csv.DictReader(io.StringIO(client.get(f"/datasets/{studio.dataset}/table.csv").content.decode("utf-8-sig")))
    edits = [{"path": next(rows)["path"], "exclude": True}]
    edited = client.post(f"/api/v1/datasets/{studio.dataset}/versions", json={"edits": edits}).json()["id"]
    made = get_dataset(studio.store, edited)
    form = Sent(client.get(f"/datasets/new?clone={edited}").text).values
    assert (form["edited"], form["edits"]) == (edited, "yes")
    again = client.post("/datasets/new", data=form)
    copy = get_dataset(studio.store, again.headers["location"].rpartition("/")[2])
    assert copy.recipe["edits"] == made.recipe["edits"]
    del form["edits"]
    shown = client.get("/datasets/new", params=form).text
    assert "edits" not in Sent(shown).values and Sent(shown).values["edited"] == edited
    plain = client.post("/datasets/new", data=form)
    assert not get_dataset(studio.store, plain.headers["location"].rpartition("/")[2]).recipe.get("edits")
    assert "edited" not in Sent(client.get(f"/datasets/new?clone={studio.dataset}").text).values
    unedited = client.post("/datasets/new", data={**form, "edited": studio.dataset, "edits": "yes"})
    assert not get_dataset(studio.store, unedited.headers["location"].rpartition("/")[2]).recipe.get("edits")
    gone = client.post("/datasets/new", data={**form, "edited": "none", "edits": "yes"})
    assert gone.status_code == 422 and "There is no dataset none" in gone.text
