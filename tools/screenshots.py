"""Make the README's pictures anew: ``python tools/screenshots.py`` trains LeNet on digits in a Studio and looks at it.

Needs Chromium and the development requirements; takes about a minute. Numbers and curves are of that training.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SAMPLE = {"source": "sample:digits", "width": 28, "height": 28, "color": "gray", "valid": 0.2, "test": 0.2}
TRAINING = {"name": "LeNet on digits", "recipe": {"network": "LeNet", "epochs": 12}}
MINUTES = 10


def main() -> None:
    """Start a Studio in a folder of its own, train, take the pictures, and end it."""
    with tempfile.TemporaryDirectory() as home:
        words = ["studio", "--home", home, "--port", "0", "--no-browser", "--no-token"]
        studio = subprocess.Popen(
            [sys.executable, "-m", "glasshouse.cli.main", *words], stderr=subprocess.PIPE, text=True
        )
        try:
            assert studio.stderr is not None
            address = next(line for line in studio.stderr if "is open at" in line).split()[5]
            with sync_playwright() as started:
                browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                look(browser, address)
                browser.close()
        finally:
            studio.terminate()
            studio.wait(120)


def look(browser: Any, address: str) -> None:
    """Train and keep ``studio-model.png`` and ``studio-follow.png``."""
    page = browser.new_context(
        viewport={"width": 1280, "height": 1000}, locale="en-US", color_scheme="light", base_url=address
    ).new_page()
    page.set_default_timeout(120_000)
    model = trained(page)
    for name, path, sign in (
        ("model", "", "[data-plot=loss] .dot.train"),
        ("follow", "/follow", "#weight"),
    ):
        page.goto(f"/models/{model}{path}")
        page.locator(sign).first.wait_for()
        page.screenshot(path=str(IMAGES / f"studio-{name}.png"), animations="disabled")


def trained(page: Any) -> str:
    """Have the Studio make the dataset and train the model; return its id."""
    dataset = page.request.post("/api/v1/datasets", data={"name": "Digits", "recipe": SAMPLE}).json()["id"]
    answer = page.request.post("/api/v1/models", data={**TRAINING, "dataset_id": dataset}).json()
    model: str = answer["items"][0]["id"]
    end = time.monotonic() + 60 * MINUTES
    while (state := page.request.get(f"/api/v1/models/{model}").json()["job"]["state"]) != "done":
        if state in ("failed", "aborted") or time.monotonic() > end:
            raise SystemExit(f"The training is {state} and not done.")
        time.sleep(1)
    return model


if __name__ == "__main__":
    main()
