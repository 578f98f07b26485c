"""The map of the code names every room and every subject, and what it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "glasshouse"
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:[\w-]+/)+(?:[\w-]+\.(?:py|js|md))?|[\w-]+\.py)`", MAP)))
# a file of each subject; folders of a run
ELSEWHERE = {"api.py", "page.py", "checkpoints/", "explanations/", "exports/", "model/"}


def folders(room: str) -> list[str]:
    return sorted(path.parent.name for path in (SOURCE / room).glob("*/__init__.py"))


def test_every_room_is_on_the_map() -> None:
    rooms = [path.parent.name for path in SOURCE.glob("*/__init__.py")]
    assert len(rooms) > 10
    assert [room for room in rooms if f"`{room}/`" not in MAP] == []


@pytest.mark.parametrize("room", ["data", "web"])
def test_every_subject_is_on_the_map(room: str) -> None:
    assert len(folders(room)) > 5
    assert [name for name in folders(room) if f"`{name}/`" not in MAP] == []


@pytest.mark.parametrize("name", [name for name in NAMED if name not in ELSEWHERE])
def test_what_the_map_names_is_there(name: str) -> None:
    places = [SOURCE / name, ROOT / name, SOURCE / "web" / name, SOURCE / "data" / name]
    alone = "/" not in name and any(SOURCE.rglob(name))
    assert alone or any(place.exists() for place in places), f"docs/architecture.md names {name}"


def test_web_and_data_keep_few_files_beside_their_folders() -> None:
    assert len(list((SOURCE / "web").glob("*.py"))) <= 8
    assert len(list((SOURCE / "data").glob("*.py"))) <= 12
