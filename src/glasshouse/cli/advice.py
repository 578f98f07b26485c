"""Messages in the words of the command that gives them: an option of another command is said to be one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import typer

__all__ = ["advised", "foreign_options", "running_command"]

_OPTION = re.compile(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*")
_NAMED = re.compile(  # an option whose command is before it, such as `glasshouse studio --folder DIR`
    r"\b(?:dataset (?:create|show)|train|resume|evaluate|predict|code|networks|studio|(?:users|weights) \w+)\b"
    r"[^.;,()]*?(--[a-z]+(?:-[a-z]+)*)"
)
_SOURCE = "dataset create"


def advised(text: str, words: Sequence[str], app: typer.Typer) -> str:
    """Return ``text``, and what to do with options in it that the command of the ``words`` typed does not have."""
    commands = options_of(app)
    name = running_command(words, commands)
    found = foreign_options(text, name, commands)
    return f"{text}\n{_explained(found, name, commands)}" if found else text


def foreign_options(text: str, name: str, commands: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the options that ``text`` advises and the command ``name`` does not have, as they come."""
    own = commands.get(name, frozenset())
    told = set(_NAMED.findall(text))
    return [one for one in dict.fromkeys(_OPTION.findall(text)) if one not in own and one not in told]


def options_of(app: typer.Typer) -> dict[str, frozenset[str]]:
    """Return the options of each command, by its name: ``dataset create``."""
    found: dict[str, frozenset[str]] = {}

    def visit(command: Any, name: str) -> None:
        inner = getattr(command, "commands", None)
        for word, one in (inner or {}).items():
            visit(one, f"{name} {word}".strip())
        if inner is None:
            options = (getattr(param, "opts", ()) for param in command.get_params(typer.Context(command)))
            found[name] = frozenset(word for words in options for word in words if word.startswith("--"))

    visit(typer.main.get_command(app), "")
    return found


def running_command(words: Sequence[str], commands: Mapping[str, frozenset[str]]) -> str:
    """Return the command that the words typed begin with, "" where they begin with none."""
    two, one = " ".join(words[:2]), " ".join(words[:1])
    return next((name for name in (two, one) if name in commands), "")


def _explained(found: Sequence[str], name: str, commands: Mapping[str, frozenset[str]]) -> str:
    if all(one in commands[_SOURCE] for one in found):
        verb = "is an option" if len(found) == 1 else "are options"
        text = f"({' and '.join(found)} {verb} of `glasshouse dataset create`: make the dataset with it first"
        then = f", then give its folder: `glasshouse {name} --data DIR`" if "--data" in commands.get(name, ()) else ""
        return f"{text}{then}.)"
    where = "; ".join(f"{one}: {', '.join(_having(one, commands)) or 'Python only'}" for one in found)
    return f"(Not options of this command; they are of: {where}.)"


def _having(option: str, commands: Mapping[str, frozenset[str]]) -> list[str]:
    return [f"glasshouse {name}" for name, options in commands.items() if option in options]
