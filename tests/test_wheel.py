"""A built wheel, installed alone: what it carries is all that the Studio and a training need."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import glasshouse

ROOT = Path(__file__).resolve().parent.parent
STUDIO = """
import sys
from fastapi.testclient import TestClient
import glasshouse
from glasshouse.web.app import create_app
assert "site-packages" in glasshouse.__file__ and glasshouse.__file__.startswith(sys.argv[1]), glasshouse.__file__
with TestClient(create_app("home"), base_url="http://127.0.0.1") as client:
    page = client.get("/", headers={"Accept-Language": "ko"})
    assert page.status_code == 200 and "데이터 세트" in page.text
    style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert client.get(style).status_code == 200
    assert client.get("/api/v1/openapi.json").json()["info"]["version"] == glasshouse.__version__
"""


def run(place: Path, *words: str | Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([str(word) for word in words], cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the packages that are installed here, and Glasshouse from its wheel."""
    place = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("*.pyc", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, place)
    run(
        place,
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        ".",
        ".",
    )
    (wheel,) = place.glob("*.whl")
    assert wheel.name.startswith(f"glasshouse_studio-{glasshouse.__version__}-")
    venv.create(place / "env", with_pip=False)
    python = place / "env" / "bin" / "python"
    own = Path(run(place, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    others = [sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("site-packages"))]
    (own / "others.pth").write_text("".join(f"{path}\n" for path in dict.fromkeys(others)))
    run(place, sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index",
        "--ignore-installed", wheel)  # fmt: skip
    return python


@pytest.mark.slow
def test_the_wheel_opens_the_studio(python: Path, tmp_path: Path) -> None:
    run(tmp_path, python, "-c", STUDIO, python.parent.parent)


@pytest.mark.slow
def test_the_wheel_trains_the_sample(python: Path, tmp_path: Path) -> None:
    told = run(tmp_path, python.with_name("glasshouse"), "demo", "--no-studio")
    accuracy = re.search(r"Accuracy +([\d.]+) %", told)
    assert accuracy is not None and float(accuracy[1]) > 95, told
