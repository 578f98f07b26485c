"""The verdict on a finished model: which next step the numbers call for, with what gain, and when nothing does."""

from typing import Any

import pytest

from glasshouse.evaluation.verdict import DOUBLED, PRETRAINED, WORTH, ClassFacts, Facts, facts_of, judge
from glasshouse.messages import Message


def even(wrong: int, count: int = 450, classes: int = 10) -> list[ClassFacts]:
    """Classes of equal size, with the mistakes dealt out evenly."""
    each = count // classes
    return [ClassFacts(f"c{k}", each - wrong // classes - (k < wrong % classes), each, 60) for k in range(classes)]


FROM_SCRATCH = {"scratch": True, "photos": True, "weights_at_hand": True}
CASES: list[tuple[str, Facts, str]] = [
    ("scratch on photos, weights at hand", Facts(even(150), **FROM_SCRATCH), "pretrained"),
    ("scratch, no weights at hand", Facts(even(150), scratch=True, photos=True), "pictures"),
    ("scratch on small pictures", Facts(even(60), scratch=True, weights_at_hand=True), "pictures"),
    ("pretrained already", Facts(even(60), photos=True, weights_at_hand=True), "pictures"),
    ("still getting better", Facts(even(60), gained=0.2), "epochs"),
    ("knows its pictures by heart", Facts(even(9), train_loss=0.01, valid_loss=0.6, gained=0.0), "pictures"),
    ("sure of most of its mistakes", Facts(even(20), sure_mistakes=18), "labels"),
    ("right on nearly all", Facts(even(4), sure_mistakes=1), "good"),
    ("right on all", Facts(even(0)), "good"),
]


@pytest.mark.parametrize(("facts", "kind"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_step_that_would_help_most_comes_first(facts: Facts, kind: str) -> None:
    found = judge(facts)
    assert found is not None and found.step.kind == kind
    gains = [one.low + one.high for one in (found.step, *found.others)]
    assert gains == sorted(gains, reverse=True)
    assert all(0 <= one.low <= one.high <= found.wrong / found.count + 0.2 for one in (found.step, *found.others))
    assert all(one.high >= WORTH for one in (found.step, *found.others) if one.kind != "good")


def test_few_classes_with_most_of_the_mistakes_are_named_with_their_gain() -> None:
    rows = [ClassFacts(f"c{k}", 44, 45, 60) for k in range(8)]
    rows += [ClassFacts("parachute", 42, 45, 60), ClassFacts("gas pump", 42, 45, 60)]
    found = judge(Facts(rows[2:]))
    assert found is not None and found.step.classes == ("parachute", "gas pump")
    assert "6 of its 12 mistakes are of these classes: parachute, gas pump" in found.message
    assert found.step.low == pytest.approx(6 / 360 * DOUBLED[0]) and found.step.high == pytest.approx(
        6 / 360 * DOUBLED[1]
    )
    assert isinstance(found.message, Message) and found.message.values["wrong"] == "12"


def test_the_gain_of_a_pretrained_start_is_the_share_of_mistakes_that_it_removes() -> None:
    found = judge(Facts(even(160, 450), **FROM_SCRATCH))
    assert found is not None
    assert (found.step.low, found.step.high) == pytest.approx([160 / 450 * share for share in PRETRAINED])
    assert found.step.low <= (160 / 450 - 0.048) <= found.step.high, "what was measured on such pictures"


def test_a_wide_interval_is_a_remark_and_nothing_scored_has_no_verdict() -> None:
    few, many = judge(Facts(even(4, 40))), judge(Facts(even(40, 4000)))
    assert few is not None and len(few.remarks) == 1 and "40 pictures" in few.remarks[0]
    assert many is not None and not many.remarks
    assert judge(Facts([ClassFacts("a", 0, 0, 5)])) is None


def epoch(number: int, loss: float, accuracy: float) -> dict[str, Any]:
    return {"epoch": number, "train_loss": loss / 4, "valid_loss": loss, "valid_accuracy": accuracy}


def test_facts_come_from_what_a_run_holds() -> None:
    report = {"classes": ["a", "b"], "confusion": [[8, 2], [1, 9]]}
    falling = [epoch(n, 1 / n, 0.5 + 0.04 * n) for n in range(1, 9)]
    facts = facts_of(report, {"strategy": "scratch", "augmentation": {"rotation": 0.0}}, falling, {"a": 30, "b": 40},
                     photos=True, weights_at_hand=True)  # fmt: skip
    assert facts.classes == [ClassFacts("a", 8, 10, 30), ClassFacts("b", 9, 10, 40)] and facts.scratch
    assert not facts.augmented and facts.gained == pytest.approx(0.08) and facts.valid_loss == 1 / 8
    rising = [*falling, epoch(9, 0.9, 0.9), epoch(10, 0.9, 0.9), epoch(11, 0.9, 0.9)]
    assert facts_of(report, {}, rising, {}, photos=False, weights_at_hand=False).gained == 0
    tuned = {"strategy": "fine-tune", "weights": "pretrained", "augmentation": {"horizontal_flip": True}}
    again = facts_of(report, tuned, [], {}, photos=True, weights_at_hand=True, sure_mistakes=2)
    assert not again.scratch and again.augmented and again.sure_mistakes == 2


def test_a_verdict_is_plain_json() -> None:
    found = judge(Facts(even(60)))
    assert found is not None
    told = found.to_dict()
    assert set(told) == {"accuracy", "interval", "count", "wrong", "message", "step", "others", "remarks"}
    assert told["step"]["kind"] == "pictures" and told["wrong"] == 60
