"""Events: one line of JSON each, and back."""

import json
from dataclasses import MISSING, fields

import pytest

from glasshouse.events import EVENTS, EpochDone, Event, Notice, event_from_json

EXAMPLES = {"str": "말 <b>", "int": 3, "float": 0.25, "bool": True,
            "Sequence": [{"name": "conv1", "gradient": 0.5}]}  # fmt: skip


def example(kind: type[Event]) -> Event:
    values = {
        f.name: EXAMPLES[str(getattr(f.type, "__name__", f.type)).split(" | ")[0]]
        for f in fields(kind)
        if f.default is MISSING
    }
    return kind(**values)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_survives_json(name: str) -> None:
    event = example(EVENTS[name])
    line = event.to_json()
    assert "\n" not in line
    assert json.loads(line)["type"] == name
    assert event_from_json(line) == event


def test_every_event_is_in_the_table() -> None:
    assert set(EVENTS.values()) == set(Event.__subclasses__())


def test_fields_of_a_later_version_are_passed_over() -> None:
    data = {**Notice("k", "m").to_dict(), "colour": "red"}
    assert event_from_json(json.dumps(data)) == Notice("k", "m")


def test_an_epoch_without_validation_has_none() -> None:
    event = EpochDone(1, 10, 0.5, None, None, 0.1, 2.0, best=False)
    assert event_from_json(event.to_json()) == event
