"""Every option that a message advises exists: in the command that it names, or in the one that gives the message."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from glasshouse.cli.advice import _NAMED, advised, foreign_options, options_of, running_command
from glasshouse.cli.main import app, main
from pictures import write_class_folders

sys.path.insert(0, str(Path(__file__).parent.parent / "web"))
from library_messages import templates

OPTION = re.compile(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*")
QUALIFIED = re.compile(
    r"(dataset create|dataset show|train|resume|evaluate|networks|studio) (?:[A-Z{}_.\w/]+ )*(--[a-z-]+)"
)


@pytest.fixture(scope="module")
def commands() -> Mapping[str, frozenset[str]]:
    """The options of each command; all commands are loaded for it."""
    return options_of(app)


@pytest.fixture(scope="module")
def messages() -> dict[str, str]:
    """The messages that name an option, and where they stand; all sources are read for it."""
    return {text: place for text, place in templates().items() if "--" in text}


def test_the_commands_and_messages_are_seen(commands: Mapping[str, frozenset[str]], messages: dict[str, str]) -> None:
    assert {"dataset create", "train", "studio", "networks"} <= set(commands)
    assert "--pattern" in commands["dataset create"] and "--pattern" not in commands["train"]
    assert len(messages) > 20


def test_every_option_in_a_message_is_one_of_some_command(
    commands: Mapping[str, frozenset[str]], messages: dict[str, str]
) -> None:
    known = frozenset().union(*commands.values())
    assert {text: place for text, place in messages.items() if set(OPTION.findall(text)) - known} == {}


def test_an_option_behind_the_name_of_a_command_is_one_of_it(
    commands: Mapping[str, frozenset[str]], messages: dict[str, str]
) -> None:
    found = [(name, option, text) for text in messages for name, option in QUALIFIED.findall(text)]
    assert found
    assert [(name, option) for name, option, _ in found if option not in commands[name]] == []


@pytest.mark.parametrize("command", ["train", "resume", "evaluate", "predict", "code"])
def test_what_a_command_advises_is_its_own_or_said_to_be_of_another(
    command: str, commands: Mapping[str, frozenset[str]], messages: dict[str, str]
) -> None:
    for text in messages:
        shown = advised(text, command.split(), app)
        for option in foreign_options(text, command, commands):
            added = shown.removeprefix(text)
            assert option in added and "glasshouse" in added, (command, text)
        if not foreign_options(text, command, commands):
            assert shown == text


def test_the_command_is_seen_from_what_was_typed(commands: Mapping[str, frozenset[str]]) -> None:
    assert running_command(["dataset", "create", "x", "--out", "y"], commands) == "dataset create"
    assert running_command(["train", "--data", "x"], commands) == "train"
    assert running_command([], commands) == ""
    assert _NAMED.findall("start it with `glasshouse studio --folder DIR`") == ["--folder"]


def test_training_on_files_without_folders_says_where_pattern_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = write_class_folders(tmp_path / "in", {"cat": 3}) / "cat"
    typed = ["glasshouse", "train", "--data", str(flat), "--network", "LeNet", "--out", str(tmp_path / "run")]
    monkeypatch.setattr(sys, "argv", typed)
    with pytest.raises(SystemExit):
        main()
    told = capsys.readouterr().err
    assert "--pattern is an option of `glasshouse dataset create`" in told
    assert "glasshouse train --data DIR" in told
