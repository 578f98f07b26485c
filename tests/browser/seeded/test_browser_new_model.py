"""New model as it is dialled: what the page shows before anything is trained follows each field."""

import re
from typing import Any

import pytest
from axe_check import grave_faults
from seeded_studio import Seeded


@pytest.fixture
def form(page: Any, seeded: Seeded) -> Any:
    """The page with all settings open."""
    page.goto(f"/models/new?preset=own&dataset={seeded.dataset}")
    page.get_by_role("heading", name="Course of the training").wait_for()
    page.get_by_text("Rarely needed", exact=True).click()
    return page


def test_the_search_leaves_the_networks_that_have_its_words(form: Any) -> None:
    select = form.get_by_label("Network", exact=True)
    every = select.locator("option").count()
    search = form.get_by_role("searchbox", name="Search the networks")
    search.fill("resnet 18")
    names = [one.split(" ")[0] for one in select.locator("option").all_inner_texts()]
    assert 0 < len(names) < every
    assert all("resnet" in one.lower() for one in names)
    assert select.input_value() == names[0]
    search.fill("")
    assert select.locator("option").count() == every


@pytest.mark.parametrize("kind", [0, 1], ids=["safetensors", "torch"])
def test_a_file_of_weights_is_sent_and_what_fits_is_told(form: Any, seeded: Seeded, kind: int) -> None:
    form.get_by_label("Network", exact=True).select_option("Dense128")
    form.get_by_label(re.compile("^Or a file of weights")).set_input_files(seeded.weights[kind])
    # A child process loads torch to look into the file: 6 s alone, 37 s beside eight busy processes.
    form.get_by_text(re.compile(r"Fits: (\d+) of \1 tensors")).wait_for(timeout=180_000)
    start = form.get_by_label("Start from", exact=True)
    assert start.locator("option:checked").inner_text() == f"Uploaded file: {seeded.weights[kind].name}"
    form.get_by_label("Network", exact=True).select_option("LeNet")
    form.get_by_role("alert").get_by_text("are not of LeNet").wait_for()


def test_a_file_that_holds_no_weights_is_told_in_words(form: Any, seeded: Seeded) -> None:
    damaged = {"name": "mine.safetensors", "mimeType": "application/octet-stream", "buffer": b"no weights at all"}
    form.get_by_label(re.compile("^Or a file of weights")).set_input_files(damaged)
    told = form.locator("#fit").get_by_role("alert")
    told.wait_for()
    assert "mine.safetensors" in told.inner_text()


def test_a_sweep_is_counted_as_it_is_written(form: Any) -> None:
    form.get_by_text("This trains one model.").wait_for()
    form.get_by_label("Learning rate", exact=True).fill("0.1 0.01 0.001")
    form.get_by_label("Batch size", exact=True).fill("16 32")
    form.get_by_text("This trains 6 models: 3 rates × 2 batch sizes.").wait_for()
    form.get_by_label("Learning rate", exact=True).fill("0.1")
    form.get_by_text("This trains 2 models: 1 rate × 2 batch sizes.").wait_for()
    form.get_by_label("Learning rate", exact=True).fill("fast")
    form.locator("#plan .wrong").wait_for()


def test_the_schedule_is_drawn_anew(form: Any) -> None:
    drawing = form.get_by_role("img", name="The learning rate over the training")
    before = drawing.inner_html()
    form.get_by_label("Schedule", exact=True).select_option("step")
    form.wait_for_function("old => document.querySelector('#schedule svg')?.innerHTML !== old", arg=before)
    stepped = drawing.inner_html()
    form.get_by_label("Warm-up", exact=True).fill("5")
    form.wait_for_function("old => document.querySelector('#schedule svg')?.innerHTML !== old", arg=stepped)
    form.get_by_label("Gamma", exact=True).fill("-1")
    form.locator("#schedule .note.bad").wait_for()


def test_augmented_pictures_follow_what_is_dialled(form: Any) -> None:
    seen = "() => document.querySelector('#augmented td:nth-child(2) img')?.src"
    form.get_by_label("Rotation", exact=True).fill("90")
    form.get_by_role("button", name="Show it on my pictures").click()
    changed = form.get_by_role("img", name="changed", exact=True)
    changed.first.wait_for()
    turned = form.evaluate(seen)
    assert turned != form.get_by_role("img", name="As it is", exact=True).first.get_attribute("src")
    form.get_by_label("Mirror up and down", exact=True).check()
    form.get_by_label("Brightness", exact=True).fill("0.9")
    form.get_by_label("Brightness", exact=True).blur()
    form.wait_for_function(f"old => ({seen})() && ({seen})() !== old", arg=turned)


def test_cards_tell_time_and_memory(page: Any, seeded: Seeded) -> None:
    page.goto(f"/models/new?dataset={seeded.dataset}")
    card = page.locator(".option", has=page.get_by_role("radio", name="Fast"))
    card.get_by_text(re.compile("about .*memory")).wait_for()
    card.get_by_text(re.compile("measured (here|on)")).wait_for()  # it was reckoned before


def test_an_error_leaves_every_word_where_it_was(form: Any) -> None:
    form.get_by_label("Name", exact=True).fill("A name that stays")
    form.get_by_label("Learning rate", exact=True).fill("0.1 fast")
    form.get_by_label("Rotation", exact=True).fill("12")
    form.get_by_label("Mirror left and right", exact=True).check()
    form.get_by_role("button", name="Create and train").click()
    form.get_by_role("alert").get_by_text("Nothing you typed is lost.").wait_for()
    kept = {name: form.get_by_label(name, exact=True).input_value() for name in ("Name", "Learning rate", "Rotation")}
    assert kept == {"Name": "A name that stays", "Learning rate": "0.1 fast", "Rotation": "12"}
    assert form.get_by_label("Mirror left and right", exact=True).is_checked()
    assert form.get_by_role("radio", name="My own settings").is_checked()
    assert form.get_by_label("Learning rate", exact=True).get_attribute("aria-invalid") == "true"
    assert grave_faults(form) == []


def test_fields_without_effect_are_hidden_as_it_is_dialled(form: Any) -> None:
    momentum, beta = (form.get_by_label(name, exact=True) for name in ("Momentum", "Beta 1"))
    assert beta.is_visible() and not momentum.is_visible()
    form.get_by_label("Optimizer", exact=True).select_option("sgd")
    momentum.wait_for()
    assert not beta.is_visible()
    patience = form.get_by_label("Early stopping", exact=True)
    watches = form.get_by_label("Early stopping watches", exact=True)
    assert not watches.is_visible()
    patience.fill("3")
    watches.wait_for()
    patience.fill("")
    watches.wait_for(state="hidden")
    form.get_by_label("Rotation", exact=True).fill("5")
    fill = form.get_by_label("Fill the border with", exact=True)
    fill.select_option("constant")
    grey = form.get_by_label("Grey level of the border", exact=True)
    grey.wait_for()
    for name in ("rotation", "width_shift", "height_shift", "shear", "zoom"):  # some of them are on in the card
        form.locator(f'[name="augmentation.{name}"]').fill("0")
    grey.wait_for(state="hidden")
    assert not fill.is_visible(), "an idle field counts as left at its default"


def test_own_settings_begin_with_the_chosen_card_and_say_what_was_changed(page: Any, seeded: Seeded) -> None:
    page.goto(f"/models/new?dataset={seeded.dataset}")
    page.get_by_role("radio", name="Accurate").check()
    page.get_by_role("radio", name="My own settings").check()
    epochs = page.get_by_label("Epochs", exact=True)
    begun = epochs.input_value()
    note = page.locator(".field", has=epochs).locator(".changed")
    assert begun == "40" and note.count() == 0
    epochs.fill("7")
    note.wait_for()
    assert note.inner_text() == "changed from 40"
    epochs.fill(begun)
    note.wait_for(state="detached")


def test_the_side_card_follows_the_choice_and_ctrl_enter_creates(page: Any, seeded: Seeded) -> None:
    page.goto(f"/models/new?dataset={seeded.dataset}")
    side = page.get_by_role("complementary", name="What the chosen card takes")
    page.get_by_role("radio", name="Find the best").check()
    page.get_by_label("60 min").check()
    assert re.match(r"Time\s+60 min\s+Accuracy", side.inner_text())
    page.get_by_role("radio", name="Fast").check()
    side.locator("dl:visible").get_by_text(re.compile("about .*memory")).wait_for()
    page.get_by_label("Name", exact=True).fill("By keys")
    with page.expect_request(lambda sent: sent.method == "POST" and sent.url.endswith("/models/new")) as sent:
        page.route("**/models/new", lambda route: route.fulfill(status=200, body="kept"))
        page.get_by_label("Name", exact=True).press("Control+Enter")
    assert "By+keys" in sent.value.post_data
