"""The container, its compose file, the unit of systemd and the proxy: what they name is there, as they name it.

No engine of containers is needed. container/rehearse.sh does the steps of the Dockerfile in an empty root, which takes
minutes: GLASSHOUSE_REHEARSE=FOLDER pytest tests/test_container.py.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from glasshouse.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
HOST = re.compile(r"(?<![\w.])[\w-]+\.(?:com|io|org|net|dev)\b")


def instructions() -> list[tuple[str, str]]:
    """The words of the Dockerfile with what follows them, lines that go on put together."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word.isupper()]


def composed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def commands() -> Iterator[list[str]]:
    """What the files have Glasshouse do: the words behind ``glasshouse``."""
    yield next(json.loads(rest) for word, rest in instructions() if word == "CMD")
    yield shlex.split(composed()["services"]["studio"]["command"].replace("${GLASSHOUSE_OPTIONS:-}", ""))
    unit = (ROOT / "container" / "glasshouse.service").read_text(encoding="utf-8")
    yield shlex.split(unit.partition("ExecStart=")[2].partition("\n")[0])[1:]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_what_is_started_exists_with_its_options(words: list[str]) -> None:
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    known = {name for option in command.params for name in option.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_all_that_is_copied_is_there_and_goes_into_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    names = [name for word, rest in instructions() if word == "COPY" and "--from" not in rest
             for name in rest.split()[:-1]]  # fmt: skip
    assert "requirements.lock" in names and "src" in names
    for name in names:
        assert (ROOT / name).exists(), name
        assert any(Path(name).match(one) for one in let_in), f".dockerignore keeps {name} out"
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {"README.md", "LICENSE"} <= set(names), "which pyproject.toml names"
    assert 'readme = "README.md"' in project and 'license-files = ["LICENSE"]' in project


def test_it_runs_without_root_from_code_that_is_only_read() -> None:
    last = [word for word, _ in instructions()][::-1].index("FROM")
    final = dict(instructions()[-last:])
    assert final["USER"] == "10001" and final["VOLUME"] == "/var/lib/glasshouse"
    assert "HEALTHCHECK" in final and json.loads(final["ENTRYPOINT"]) == ["glasshouse"]
    studio = composed()["services"]["studio"]
    assert studio["read_only"] and studio["cap_drop"] == ["ALL"] and studio["tmpfs"] == ["/tmp"]
    assert studio["volumes"] == ["home:/var/lib/glasshouse"] and set(composed()["volumes"]) == {"home", "database"}
    assert studio["ports"] == ["127.0.0.1:${GLASSHOUSE_PORT:-8800}:8800"], "HTTPS is the proxy's"
    assert studio["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_no_password_and_no_address_of_a_registry_is_written_down() -> None:
    for name in ("Dockerfile", "compose.yaml", *(f"container/{one.name}" for one in (ROOT / "container").iterdir())):
        hosts = set(HOST.findall((ROOT / name).read_text(encoding="utf-8"))) - {"example.org"}
        assert not hosts, (name, hosts)
    for service in composed()["services"].values():
        secret = [value for key, value in service["environment"].items() if "PASSWORD" in key or "DATABASE" in key]
        assert all("${DATABASE_PASSWORD:?" in value for value in secret)
    assert all("/" not in rest.split()[0] for word, rest in instructions() if word == "FROM")


def test_the_lock_of_the_driver_is_found() -> None:
    line = next(one for one in (ROOT / "container" / "install.sh").read_text().splitlines() if one.startswith("awk"))
    command = line.partition(' >"')[0]
    found = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^\S+==", found, re.M) == ["psycopg-binary==", "psycopg=="] and "--hash=sha256:" in found


def test_the_scripts_can_be_read_by_bash() -> None:
    for script in sorted((ROOT / "container").glob("*.sh")):
        subprocess.run(["bash", "-n", str(script)], check=True)
        assert os.access(script, os.X_OK), script


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this computer")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = (ROOT / "container" / "glasshouse.service").read_text(encoding="utf-8")
    place = tmp_path / "glasshouse.service"
    place.write_text(
        unit.replace("/opt/glasshouse/bin/glasshouse", "/bin/true").replace("User=glasshouse", "User=root")
    )
    done = subprocess.run(["systemd-analyze", "verify", str(place)], capture_output=True, text=True, check=False)
    assert "glasshouse.service" not in done.stderr, done.stderr


@pytest.mark.skipif("GLASSHOUSE_REHEARSE" not in os.environ, reason="takes minutes, root and debootstrap")
def test_the_steps_are_done_in_an_empty_root() -> None:
    script = ROOT / "container" / "rehearse.sh"
    done = subprocess.run([str(script), os.environ["GLASSHOUSE_REHEARSE"]], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "healthy, as user 10001" in done.stdout, done.stderr
