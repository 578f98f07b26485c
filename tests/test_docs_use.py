"""The documents on using a model and on a server: blocks of Python and lines of the terminal run, options exist."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from glasshouse.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.M | re.S)
NOT_HERE = ("serve", "users", "studio")  # which wait for requests, or for a password


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def lines(name: str) -> list[list[str]]:
    """The commands of Glasshouse in a document's blocks and in its sentences, without what is before them."""
    text = "\n".join(code for kind, code in BLOCK.findall(read(name)) if kind == "sh")
    found = re.findall(r"^(?:.* )?(?:/opt/glasshouse/bin/)?glasshouse (.+)$", text, re.M)
    found += re.findall(r"run --rm studio (.+)$", text, re.M)
    found += re.findall(r"`glasshouse ([^`]+)`", read(name))
    return [shlex.split(one) for one in found]


def test_the_blocks_of_use_your_model_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words: dict[str, object] = {}
    ran = []
    for kind, code in BLOCK.findall(read("use-your-model.md")):
        if kind == "python":
            exec(compile(code, code[:40], "exec"), words)
            continue
        for line in code.splitlines():
            program, *arguments = shlex.split(line)
            if program == "glasshouse" and arguments[0] not in NOT_HERE:
                done = CliRunner().invoke(app, arguments)
                assert done.exit_code == 0, (line, done.output, done.exception)
                ran.append(arguments[0])
    assert ran == ["predict", "predict", "export", "pack", "reproduce"]
    assert words["answer"].label == words["classes"][words["probabilities"][0].argmax()]  # type: ignore[attr-defined, index]
    assert "## As an ONNX file" in (tmp_path / "run" / "model" / "card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["use-your-model.md", "server.md"])
def test_the_korean_document_has_the_same_code_and_chapters(name: str) -> None:
    korean = read(name.replace(".md", ".ko.md"))
    assert BLOCK.findall(korean) == BLOCK.findall(read(name))
    heads = [re.findall(r"^#+ |^\|", text, re.M) for text in (korean, read(name))]
    assert heads[0] == heads[1]


@pytest.mark.parametrize("name", ["use-your-model.md", "server.md", "server.ko.md"])
def test_every_command_and_option_exists(name: str) -> None:
    found = lines(name)
    assert len(found) > 4
    for arguments in found:
        command = get_command(app)
        while hasattr(command, "commands") and arguments:
            assert arguments[0] in command.commands, (name, arguments)
            command, arguments = command.commands[arguments[0]], arguments[1:]
        known = {option for one in command.params for option in one.opts}
        assert {word for word in arguments if word.startswith("--")} <= known, (name, arguments)


def test_the_document_on_servers_names_files_and_settings_as_they_are() -> None:
    text = read("server.md")
    for name in re.findall(r"container/[\w.-]+|compose\.yaml", text):
        assert (ROOT / name).is_file(), name
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    unit = (ROOT / "container" / "glasshouse.service").read_text(encoding="utf-8")
    for setting in ("DATABASE_PASSWORD", "GLASSHOUSE_OPTIONS"):
        assert setting in text and f"${{{setting}" in compose
    assert "--allow-host studio.example.org" in text and "--allow-host studio.example.org" in unit
    assert "ARG PIP_EXTRA_INDEX_URL" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
