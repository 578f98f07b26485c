"""The README: its sessions are run, and must say what it shows, but for the numbers; its claims are checked."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHARED = ROOT.parent / "shared"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="needs the photos and weights in ../shared")


def block(mark: str) -> str:
    """Return the block of text behind the comment ``<!-- mark -->``."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, re.S)
    assert found is not None, f"README.md has no block {mark}"
    return found.group(1)


def skeleton(text: str) -> list[str]:
    """Return the lines without what differs from machine to machine: numbers, stars of best epochs, spaces."""
    lines = (re.sub(r"[\d.,:·]+", "#", line).replace("*", "").split() for line in text.splitlines())
    return [" ".join(word for word in line if word != "#") for line in lines if line]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a checkout that has been set up, with ../shared beside it.

    All sessions run in it, one after the other as a reader would: what one has made ready is there for the next.
    """
    place = tmp_path_factory.mktemp("readme")
    folder = place / "checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "glasshouse").symlink_to(Path(sys.executable).with_name("glasshouse"))
    if SHARED.exists():
        (place / "shared").symlink_to(SHARED)
    return folder


def test_the_korean_readme_shows_the_same_sessions() -> None:
    korean = (ROOT / "README.ko.md").read_text(encoding="utf-8")
    sessions = [re.findall(r"^```\w+\n.*?^```", text, re.M | re.S) for text in (README, korean)]
    assert sessions[0] == sessions[1]


def run(command: str, folder: Path) -> str:
    environment = {**os.environ, "GLASSHOUSE_HOME": str(folder / "home"), "COLUMNS": "200"}
    done = subprocess.run(
        command, shell=True, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
@pytest.mark.system
def test_the_demo_says_what_the_readme_shows_and_keeps_its_promise(checkout: Path) -> None:
    told = run(".venv/bin/glasshouse demo --no-studio", checkout)
    assert skeleton(told) == skeleton(block("demo"))
    accuracy = re.search(r"Accuracy +([\d.]+) %.*?of (\d+) test pictures", told)
    assert accuracy is not None
    assert float(accuracy.group(1)) >= 97
    assert int(accuracy.group(2)) >= 350


@pytest.mark.real
@pytest.mark.slow
@needs_shared
def test_the_session_on_photos_says_what_the_readme_shows(checkout: Path) -> None:
    session = block("photos")
    told = ""
    for command in re.findall(r"^\$ ((?:.*\\\n)*.*)", session, re.M):
        told += f"$ {command}\n" + run(command, checkout)
    assert skeleton(told) == skeleton(session)
    accuracy = re.search(r"Accuracy +([\d.]+) %", told)
    assert accuracy is not None
    assert float(accuracy.group(1)) >= 97.5


@pytest.mark.real
@pytest.mark.slow
@needs_shared
def test_the_python_of_the_readme_runs(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("GLASSHOUSE_HOME", str(checkout / "home"))
    code = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
    assert len(code) == 1
    words: dict[str, object] = {}
    exec(compile(code[0], "README.md", "exec"), words)
    assert words["learner"].evaluate().accuracy >= 0.975  # type: ignore[attr-defined]


def test_what_the_readme_says_was_measured_stands_in_the_benchmarks() -> None:
    """Rounded as there; what others published, and how large the data are, is not ours to measure."""
    measured = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").replace(",", "")
    known = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", measured)]
    table = README[README.index("## Measured") : README.index("## Where to read on")]
    rows = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) == 4
    for here, beside in rows:
        for number in re.findall(r"\d+(?:\.\d+)?", here + ("" if "published" in beside else beside)):
            places = len(number.partition(".")[2])
            assert any(round(one, places) == float(number) for one in known), f"{number} was not measured"


def test_the_commands_of_the_readme_exist() -> None:
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in re.findall(r"make (\w+)", README):
        assert f"\n{name}:" in targets, f"make {name}"
    known = subprocess.run(
        [sys.executable, "-m", "glasshouse.cli.main", "--help"], capture_output=True, text=True
    ).stdout
    for name in re.findall(r"glasshouse (train|resume|predict|evaluate|demo|studio|code|dataset)\b", README):
        assert f" {name} " in known, f"glasshouse {name}"
