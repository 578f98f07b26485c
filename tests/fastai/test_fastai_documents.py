"""docs/from-fastai.md: its program and every row of names run, on both sides; the Korean page has the same."""

import re
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from glasshouse.networks.build import build
from pictures import picture, save

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "from-fastai.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(.+)` \| `(.+)` \|$", re.M)
START = """
import glasshouse as gh
from glasshouse.fastai.vision.all import *
path = Path("pets")
files = get_image_files(path)
labels = [file.name[:3] for file in files]
picture = path / "Cat_1.jpg"
file = "mobilenet_v2.safetensors"
def is_cat(name):
    return name[0].isupper()
"""


def program() -> str:
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    return str(block)


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with what the page finds beside it: pictures, a table and a file of weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLASSHOUSE_HOME", str(tmp_path / "home"))
    names = [f"{name}_{number}.jpg" for name in ("Cat", "dog") for number in range(16)]
    for seed, name in enumerate(names):
        save(Path("pets", name), picture(seed, 40, 40, tint=name[0].isupper()))
    Path("pets", "labels.csv").write_text("name,label\n" + "".join(f"{name},{name[:3]}\n" for name in names))
    state = build("MobileNetV2", 1000, 3, 32, 32).module.state_dict()
    save_file({key: value.contiguous() for key, value in state.items()}, tmp_path / "mobilenet_v2.safetensors")
    return tmp_path


def small(code: str) -> str:
    """Return the page's code for pictures that are quick to train on."""
    return code.replace("224", "32")


def test_the_program_of_the_page_runs(beside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(small(program()), "from-fastai.md", "exec"), {"__name__": "__main__"})
    told = capsys.readouterr().out
    assert re.search(r"Is this a cat\?: (True|False)\. Probability: 0\.\d{4}\n(True|False)\n$", told)


@pytest.mark.parametrize("side", [0, 1], ids=["fastai", "learner"])
def test_every_row_of_names_runs(beside: Path, side: int) -> None:
    names: dict[str, Any] = {}
    exec(small(START), names)
    if side == 0:  # one page's lines follow one another; pictures lie in class folders for the first of them
        names["parent_label"] = lambda file: file.name[:3]
    else:
        for one in names["files"]:
            save(Path("folders", one.name[:3], one.name), picture(names["files"].index(one), 40, 40))
    rows = ROW.findall(PAGE[: PAGE.index("## What differs")])
    assert len(rows) == 32
    for row in rows:
        code = small(row[side])
        if code.startswith("data = "):
            code = code.replace("(path", '("folders"')
        exec(compile(code, row[side], "exec"), names)


def test_the_korean_page_has_the_same_code_and_rows() -> None:
    korean = (DOCS / "from-fastai.ko.md").read_text(encoding="utf-8")
    assert ROW.findall(korean) == ROW.findall(PAGE) and program() in korean
    rows = [re.findall(r"^\|", text, re.M) for text in (korean, PAGE)]
    assert len(rows[0]) == len(rows[1])
