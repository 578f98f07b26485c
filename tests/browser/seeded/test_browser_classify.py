"""Classify One and Many with a mouse's, a clipboard's and a keyboard's ways of giving pictures."""

import base64
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from axe_check import grave_faults
from seeded_studio import Seeded

GIVE = """([how, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.codePointAt(0));
  const held = new DataTransfer();
  held.items.add(new File([bytes], name, { type: "image/png" }));
  const [place, event] = how === "drop"
    ? [document.querySelector(".drop"), new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true })]
    : [document.body, new ClipboardEvent("paste", { clipboardData: held, bubbles: true })];
  place.dispatchEvent(event);
}"""


@pytest.fixture
def one(page: Any, seeded: Seeded) -> Any:
    """The page Classify One of the first model."""
    page.goto(f"/models/{seeded.first}/classify")
    page.get_by_text("Drop a picture here, paste one, or choose a file").wait_for()
    return page


def picture(seeded: Seeded, number: int = 0) -> Path:
    return sorted(seeded.pictures.glob("both/*.png"))[number]


def answered(page: Any, name: str) -> None:
    """Wait for the bars of the picture ``name``; the three classes make a hundred."""
    page.get_by_role("img", name=name, exact=True).wait_for()
    bars = [float(one) for one in re.findall(r"([\d.]+) %", " ".join(page.locator(".bars .number").all_inner_texts()))]
    assert len(bars) == 3
    assert sum(bars) == pytest.approx(100, abs=0.5)
    assert page.get_by_role("img", name="What the model sees").evaluate("image => image.naturalWidth") == 28


def test_a_file_is_chosen_and_answered_without_a_new_page(one: Any, seeded: Seeded) -> None:
    one.evaluate("window.stays = true")
    one.get_by_label("Picture", exact=True).set_input_files(picture(seeded))
    answered(one, picture(seeded).name)
    assert one.evaluate("window.stays")
    assert grave_faults(one) == []


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(one: Any, seeded: Seeded, how: str) -> None:
    data = base64.b64encode(picture(seeded, 1).read_bytes()).decode()
    one.evaluate(GIVE, [how, f"{how}ped.png", data])
    answered(one, f"{how}ped.png")


def test_an_address_of_an_upload_and_a_path_of_the_server(one: Any, seeded: Seeded) -> None:
    upload = one.request.post("/api/v1/uploads", data={"name": "one.png"}).json()
    address, data = f"/api/v1/uploads/{upload['id']}/files/one.png", picture(seeded, 2).read_bytes()
    assert one.request.put(f"{address}?offset=0&total={len(data)}", data=data).ok
    assert one.request.post(f"/api/v1/uploads/{upload['id']}/finish", data={}).ok
    given = one.get_by_label("Or an address of this Studio, or a path on the server")
    given.fill(f"{seeded.studio.address}{address}")
    given.press("Enter")
    answered(one, "one.png")
    given.fill(str(picture(seeded, 3)))
    one.get_by_role("button", name="Classify", exact=True).last.click()
    answered(one, picture(seeded, 3).name)
    given.fill("https://example.org/cat.png")
    given.press("Enter")
    one.get_by_role("alert").get_by_text("nothing is fetched from elsewhere").wait_for()


def test_a_damaged_picture_is_told_in_words_and_the_next_one_works(one: Any, seeded: Seeded) -> None:
    damaged = {"name": "torn.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n and no more"}
    one.get_by_label("Picture", exact=True).set_input_files(damaged)
    one.get_by_role("alert").get_by_text("The picture was not classified.").wait_for()
    assert one.locator(".bars").count() == 0
    one.get_by_label("Picture", exact=True).set_input_files(picture(seeded, 4))
    answered(one, picture(seeded, 4).name)
    assert one.get_by_role("alert").filter(has_text="not classified").count() == 0


def test_many_from_a_folder_are_scored_filtered_and_seen_by_class(page: Any, seeded: Seeded) -> None:
    page.goto(f"/models/{seeded.first}/many")
    page.get_by_label("A folder", exact=True).set_input_files(seeded.pictures)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("Name", exact=True).fill("All corners")
    page.get_by_role("button", name="Classify them").click()
    page.get_by_role("heading", name="Compared with the truth").wait_for()
    page.get_by_text("1 to 60 of 91").wait_for()
    which = page.get_by_role("navigation", name="Which answers")
    wrong = which.get_by_role("link", name="Wrong")
    count = int(wrong.locator(".quiet").inner_text())
    wrong.click()
    page.get_by_text(f"1 to {count} of {count}", exact=True).wait_for()
    assert page.locator("table.answers tbody").get_by_text("wrong", exact=True).count() == count
    which.get_by_role("link", name="All").click()
    page.get_by_label("Order", exact=True).select_option("unsure")
    page.wait_for_url("**sort=unsure**")
    sure = [float(text.rstrip(" %")) for text in page.locator('td[data-name="Sure"]').all_inner_texts()]
    assert sure == sorted(sure)
    assert grave_faults(page) == []
    page.get_by_label("Answer", exact=True).select_option("left")
    page.wait_for_url("**answer=left**")
    assert set(page.locator('td[data-name="Answer"]').all_inner_texts()) == {"left"}
    page.get_by_role("link", name="Most confident pictures of each class").click()
    page.get_by_label("Pictures a class").fill("4")
    page.get_by_label("Pictures a class").press("Enter")
    page.wait_for_url("**n=4**")
    galleries = page.locator(".gallery")
    assert [galleries.nth(k).locator("img").count() for k in range(3)] == [4, 4, 4]
    assert page.locator(".gallery img").first.evaluate("async image => (await image.decode(), image.naturalWidth)") > 0
    assert grave_faults(page) == []


def test_many_from_a_zip(page: Any, seeded: Seeded, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as file:
        for path in sorted(seeded.pictures.glob("left/*.png"))[:5]:
            file.write(path, path.name)
    page.goto(f"/models/{seeded.first}/many")
    page.get_by_label("A zip or tar file, or many pictures").set_input_files(tmp_path / "some.zip")
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Classify them").click()
    page.get_by_role("heading", name="Answers", exact=True).wait_for()
    page.get_by_text("1 to 5 of 5").wait_for()
    assert page.get_by_role("link", name="Could not be read").locator(".quiet").inner_text() == "1"
