"""Use it: the page's buttons copy, and its line of curl gets an answer from the running Studio."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from axe_check import grave_faults
from seeded_studio import Seeded


def test_the_lines_are_shown_and_curl_is_answered(page: Any, seeded: Seeded, tmp_path: Path) -> None:
    page.goto(f"/models/{seeded.first}")
    page.get_by_role("link", name="Use it").click()
    page.get_by_role("heading", name="What goes in, and what comes out").wait_for()
    assert grave_faults(page) == []
    assert page.get_by_role("button", name="Copy").count() == 6  # that of JavaScript is folded away
    line = page.locator("#use-curl").inner_text()
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    shutil.copy(next(seeded.pictures.glob("both/*.png")), tmp_path / "picture.jpg")
    done = subprocess.run(
        ["bash", "-c", f"TOKEN=any; {line}"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    assert answer.get("label") in ("both", "left", "none", "right") or "top" in answer, answer
