"""The verdict on a finished model: one sentence, and the one next step that would help most, judged from its numbers.

Each step has an expected gain: the share of the mistakes that it removes, from experience, times the mistakes that it
can act on. The thresholds are named below with where they come from; none of them is more than a rule of thumb, and a
gain is always said as a range.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from glasshouse.evaluation.intervals import wilson
from glasshouse.messages import Message, joined

__all__ = ["ClassFacts", "Facts", "Kind", "NextStep", "Verdict", "facts_of", "judge"]

Kind = Literal["pretrained", "epochs", "pictures", "augmentation", "labels", "good"]

WORTH = 0.005  # of accuracy: a step whose best case is less is not worth a person's time
PRETRAINED = (0.5, 0.9)  # of the mistakes of a network from scratch on photographs; measured: 35.5 % became 4.8 %
DOUBLED = (0.15, 0.35)  # of a class's mistakes, by twice its pictures: error falls like n to the power -0.25 to -0.6
VARIED = (0.05, 0.25)  # of the mistakes of a network that knows its own pictures by heart, by varying these
MISLABELLED = (0.2, 0.6)  # of the mistakes of which a model was sure: how many are wrong labels
LONGER = (0.2, 0.8)  # of what the last quarter of the epochs brought, by as many epochs again
SURE = 0.95  # probability from which on a model is sure of an answer
BY_HEART = 0.5  # training loss over validation loss, below which a network knows its own pictures much better
CONCENTRATED = 0.4  # of the mistakes, in few classes: then these classes are the trouble
FEW_CLASSES = 0.25  # of all classes, at most, that may be called few; two in any case
FALLING = 0.03  # of the validation loss, by which it still fell over the last quarter
UNSURE = 0.05  # half the interval, from which on there are too few pictures to say much


@dataclass(frozen=True)
class ClassFacts:
    """A class: how many of its ``count`` pictures were right, and on how many it learned."""

    name: str
    right: int
    count: int
    training: int

    @property
    def wrong(self) -> int:
        return self.count - self.right


@dataclass(frozen=True)
class Facts:
    """What a verdict rests on: pictures that the model did not learn from, and how it learned.

    ``scratch``: it began with random weights; ``photos``: on pictures for which published weights are of use, and
    ``weights_at_hand``: some are on this machine. ``train_loss`` and ``valid_loss`` are of the kept epoch, ``gained``
    is the accuracy that the last quarter of the epochs brought while the validation loss still fell, else 0.
    ``sure_mistakes`` counts the mistakes of which it was sure; None where single answers are not known.
    """

    classes: Sequence[ClassFacts]
    scratch: bool = False
    photos: bool = False
    weights_at_hand: bool = False
    augmented: bool = False
    train_loss: float | None = None
    valid_loss: float | None = None
    gained: float = 0.0
    sure_mistakes: int | None = None

    @property
    def count(self) -> int:
        return sum(one.count for one in self.classes)

    @property
    def wrong(self) -> int:
        return sum(one.wrong for one in self.classes)


@dataclass(frozen=True)
class NextStep:
    """What to do next: a ``kind``, a sentence, and the accuracy that it may bring, from ``low`` to ``high``.

    ``classes`` are those of which more pictures would help.
    """

    kind: Kind
    message: str
    low: float = 0.0
    high: float = 0.0
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """``message`` is the one sentence, ``step`` the step that would help most, ``others`` further ones.

    ``remarks`` are what to keep in mind; accuracy and interval are of ``count`` pictures.
    """

    accuracy: float
    interval: tuple[float, float]
    count: int
    wrong: int
    message: str
    step: NextStep
    others: tuple[NextStep, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it, with the sentences in English."""
        return {
            "accuracy": self.accuracy, "interval": list(self.interval), "count": self.count, "wrong": self.wrong,
            "message": str(self.message), "step": _step(self.step), "others": [_step(one) for one in self.others],
            "remarks": [str(one) for one in self.remarks],
        }  # fmt: skip


def judge(facts: Facts) -> Verdict | None:
    """Return the verdict on a model; None if nothing was scored.

    >>> facts = Facts([ClassFacts("cat", 40, 50, 100), ClassFacts("dog", 50, 50, 100)])
    >>> found = judge(facts)
    >>> found.step.kind, found.step.classes
    ('pictures', ('cat',))
    """
    if not facts.count:
        return None
    accuracy, interval = 1 - facts.wrong / facts.count, wilson(facts.count - facts.wrong, facts.count)
    steps = [one for one in _steps(facts) if one.high >= WORTH]
    steps.sort(key=lambda one: one.low + one.high, reverse=True)
    good = NextStep("good", Message("Good enough: no step promises more than {points} points. Use it.",
                                    points=f"{100 * WORTH:g}"))  # fmt: skip
    first, *others = steps or [good]
    remarks = [] if interval[1] - interval[0] < 2 * UNSURE else [
        Message("On {count} pictures chance alone moves the accuracy by about {points} points; more validation "
                "pictures would make the number firmer.", count=f"{facts.count:,}",
                points=f"{50 * (interval[1] - interval[0]):.0f}")
    ]  # fmt: skip
    return Verdict(accuracy, interval, facts.count, facts.wrong, _sentence(facts, accuracy), first, tuple(others),
                   tuple(remarks))  # fmt: skip


def facts_of(
    report: Mapping[str, Any], recipe: Mapping[str, Any], epochs: Sequence[Mapping[str, Any]],
    training: Mapping[str, int], *, photos: bool, weights_at_hand: bool, sure_mistakes: int | None = None,
) -> Facts:  # fmt: skip
    """Return the facts of a run from its report, its recipe, what its epochs said and the pictures it learned from.

    Args:
        report: ``Report.to_dict()`` on the validation pictures.
        recipe: the fields of the TrainingRecipe.
        epochs: ``EpochDone`` events as dictionaries, in order.
        training: training pictures of each class.
    """
    rows = [
        ClassFacts(name, int(line[k]), int(sum(line)), int(training.get(name, 0)))
        for k, (name, line) in enumerate(zip(report["classes"], report["confusion"], strict=True))
    ]
    last = epochs[-1] if epochs else {}
    return Facts(
        rows, recipe.get("strategy", "scratch") == "scratch" and recipe.get("weights", "none") == "none", photos,
        weights_at_hand, _augmented(recipe), last.get("train_loss"), last.get("valid_loss"), _gained(epochs),
        sure_mistakes,
    )  # fmt: skip


def _augmented(recipe: Mapping[str, Any]) -> bool:
    return any(value not in (None, False, 0, 0.0, [], ()) for value in (recipe.get("augmentation") or {}).values())


def _gained(epochs: Sequence[Mapping[str, Any]]) -> float:
    """Return the accuracy that the last quarter of the epochs brought, if the validation loss still fell in it."""
    held = [one for one in epochs if one.get("valid_loss") is not None and one.get("valid_accuracy") is not None]
    if len(held) < 4:
        return 0.0
    before = held[: -max(1, len(held) // 4)]
    lowest, last = min(one["valid_loss"] for one in before), held[-1]
    if last["valid_loss"] > lowest * (1 - FALLING):
        return 0.0
    return max(0.0, float(last["valid_accuracy"]) - max(float(one["valid_accuracy"]) for one in before))


def _steps(facts: Facts) -> list[NextStep]:
    found = (_begin_pretrained(facts), _train_longer(facts), _add_pictures(facts), _vary(facts), _check_labels(facts))
    return [step for step in found if step is not None]


def _begin_pretrained(facts: Facts) -> NextStep | None:
    if not (facts.scratch and facts.photos and facts.weights_at_hand):
        return None
    told = Message("Begin with pretrained weights: a network that has seen a million photographs needs few of yours.")
    return _share("pretrained", facts.wrong / facts.count, PRETRAINED, told)


def _train_longer(facts: Facts) -> NextStep | None:
    if not facts.gained:
        return None
    told = Message("Train longer: the validation loss was still falling at the end.")
    return _share("epochs", facts.gained, LONGER, told)


def _add_pictures(facts: Facts) -> NextStep | None:
    few = _trouble(facts)
    if few:
        names = tuple(one.name for one in few)
        told = Message(
            "Add pictures of these classes: {names}. The gain is that of twice as many.", names=joined(", ", names)
        )
        return _share("pictures", sum(one.wrong for one in few) / facts.count, DOUBLED, told, names)
    if not facts.wrong:
        return None
    told = Message("Add pictures to all classes: the mistakes are spread over them. The gain is that of twice as many.")
    return _share("pictures", facts.wrong / facts.count, DOUBLED, told)


def _vary(facts: Facts) -> NextStep | None:
    if facts.augmented or not _by_heart(facts):
        return None
    told = Message(
        "Vary the training pictures (augmentation): the network knows its own pictures much better than new ones."
    )
    return _share("augmentation", facts.wrong / facts.count, VARIED, told)


def _check_labels(facts: Facts) -> NextStep | None:
    if not facts.sure_mistakes:
        return None
    told = Message(
        "Look at the labels: it was sure of {count} of its mistakes, and some of these are likely wrong labels.",
        count=facts.sure_mistakes,
    )
    return _share("labels", facts.sure_mistakes / facts.count, MISLABELLED, told)


def _share(kind: Kind, error: float, share: tuple[float, float], message: str, classes: tuple[str, ...] = ()
           ) -> NextStep:  # fmt: skip
    return NextStep(kind, message, error * share[0], error * share[1], classes)


def _by_heart(facts: Facts) -> bool:
    if facts.train_loss is None or not facts.valid_loss:
        return False
    return facts.train_loss < BY_HEART * facts.valid_loss


def _trouble(facts: Facts) -> list[ClassFacts]:
    """Return the few classes in which most of the mistakes are made; none if they are spread."""
    most = min(max(2, int(FEW_CLASSES * len(facts.classes))), len(facts.classes) - 1)
    worst = sorted((one for one in facts.classes if one.wrong), key=lambda one: -one.wrong)
    for count in range(1, most + 1):
        if sum(one.wrong for one in worst[:count]) >= CONCENTRATED * facts.wrong > 0:
            return worst[:count]
    return []


def _sentence(facts: Facts, accuracy: float) -> str:
    share = f"{100 * accuracy:.1f}"
    if not facts.wrong:
        return Message("Right on all {count} pictures it never saw.", count=f"{facts.count:,}")
    few = _trouble(facts)
    if not few:
        return Message("Right on {share} % of the pictures it never saw. Its {wrong} mistakes are spread over the "
                       "classes.", share=share, wrong=f"{facts.wrong:,}")  # fmt: skip
    return Message("Right on {share} % of the pictures it never saw. {some} of its {wrong} mistakes are of these "
                   "classes: {names}.", share=share, some=f"{sum(one.wrong for one in few):,}",
                   wrong=f"{facts.wrong:,}", names=joined(", ", [one.name for one in few]))  # fmt: skip


def _step(step: NextStep) -> dict[str, Any]:
    return {"kind": step.kind, "message": str(step.message), "low": step.low, "high": step.high,
            "classes": list(step.classes)}  # fmt: skip
