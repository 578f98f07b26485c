"""The seconds of a search: what is left of them, and what a candidate will take, by what others took."""

from dataclasses import dataclass, field

from glasshouse.events import Event, Progress, RunStarted, StepDone
from glasshouse.search.candidates import Candidate
from glasshouse.search.plan import SearchPlan
from glasshouse.training.interrupts import Stopped

__all__ = ["Budget", "OutOfTimeError", "Sizes", "Stopwatch"]

MARGIN = 1.25  # of estimates, on a machine that others use too
LAST = 1.6  # of the last training, without which nothing is judged
GRACE = 2.0  # seconds after the minutes in which the winner may still be finished
OVERHEAD = 6.0  # seconds that a run takes beside its pictures, until one has been measured
BACKWARD = 3.5  # one training step by one look, until one has been measured
HEAD_EPOCHS = 0.005  # of one picture, in all epochs of a head that is trained in steps
READ = 0.005  # reading one picture from the source, at another size
PATIENCE = 5  # steps before a training's own estimate is believed
SHARE = 0.15  # of the whole time that a first impression of a candidate may take


class OutOfTimeError(Stopped):
    """What was begun cannot be finished in the time that is left."""


@dataclass(frozen=True)
class Sizes:
    """Numbers of pictures: for training, for validation; ``side`` of the dataset's pictures, in pixels."""

    train: int
    val: int
    side: int = 224


@dataclass
class Speed:
    """Seconds of one network: of a look at a picture, of fitting a head to one view of one, of training on one."""

    look: float | None = None
    head: float | None = None
    step: float | None = None


@dataclass
class Budget:
    """What is left of the minutes, and what was measured so far.

    The minutes are ``deadline``; candidates end so early before it that the winner can be trained and judged.
    """

    plan: SearchPlan
    sizes: Sizes
    speeds: dict[tuple[str, int | None], Speed] = field(default_factory=dict)  # by network and side of the pictures
    overhead: float = OVERHEAD

    def __post_init__(self) -> None:
        self.begun = self.plan.clock() if self.plan.begun is None else self.plan.begun
        self.deadline = self.begun + self.plan.seconds

    def spent(self) -> float:
        """Return the seconds since the search began."""
        return self.plan.clock() - self.begun

    def left(self) -> float:
        """Return the seconds until the minutes are up."""
        return self.deadline - self.plan.clock()

    @property
    def remaining(self) -> float | None:
        """The seconds until the minutes are up, None without a limit."""
        return None if self.deadline == float("inf") else max(0.0, self.left())

    def speed(self, network: str, side: int | None = None) -> Speed:
        return self.speeds.setdefault((network, side), Speed())

    def expected(self, candidate: Candidate, folds: int) -> float | None:
        """Return the seconds that scoring a candidate on this many folds will take; None if nothing is known of it."""
        pictures = self.sizes.train / candidate.part
        look = self._look(candidate)
        if look is None:
            return None
        if candidate.frozen:
            work = look * candidate.looks * pictures + 2 * self._fitting(candidate, pictures)
            return work + self._reading(candidate) + self.overhead
        step = self._step(candidate, look)
        return folds * (step * candidate.epochs * pictures + self.overhead) + look * pictures

    def final(self, candidate: Candidate, part: int = 1) -> float:
        """Return the seconds that training it on all training pictures (or a part), and judging it, will take."""
        look = self._look(candidate) or 0.0
        train, val = self.sizes.train / part, self.sizes.val
        if candidate.frozen:
            fresh = candidate.views if candidate.part > part else 0
            once = look * fresh * train + self._fitting(candidate, train)
        else:
            once = self._step(candidate, look) * candidate.epochs * train
        again = once * (1 + val / max(1, train)) + self.overhead if self.plan.refit else 0.0
        return LAST * (once + look * val + self.overhead + again)

    def fits(self, candidate: Candidate, folds: int, leader: Candidate | None) -> bool:
        """Whether there seems to be time to score a candidate, and to train it or the leader afterwards."""
        if self.deadline == float("inf") or leader is None:
            return True
        expected = self.expected(candidate, folds)
        if expected is None:
            return self.left() > self._reserve(leader) + 2 * self.overhead
        last = max(self._reserve(leader), self._reserve(candidate))
        return MARGIN * expected + last < self.left()

    def last_part(self, leader: Candidate) -> int:
        """Return the part of the training pictures that there is time to train the leader on: 1 in so many."""
        fits = self.final(leader) / LAST <= self.left() + GRACE
        return 1 if fits or leader.part == 1 else leader.part

    def check(self, leader: Candidate | None) -> None:
        """See that candidates still have time: the winner's last training is kept free.

        Raises:
            OutOfTimeError: they have none.
        """
        if self.left() <= (0.0 if leader is None else self._reserve(leader)):
            raise OutOfTimeError

    def check_end(self) -> None:
        """See that the winner may still be finished.

        Raises:
            OutOfTimeError: the minutes and the grace are over.
        """
        if self.left() <= -GRACE:
            raise OutOfTimeError

    def _reserve(self, leader: Candidate) -> float:
        """Return the seconds that are kept free for the last training, on as many pictures as it was tried on."""
        return self.final(leader, leader.part)

    def _look(self, candidate: Candidate) -> float | None:
        known = self._measured(candidate, "look")
        if known is None and (step := self._measured(candidate, "step")) is not None:
            return step / BACKWARD
        if known is None and candidate.pretrained:  # other networks of the shelf are about as quick
            found = (s.look * self._larger(candidate.side, side) for (_, side), s in self.speeds.items() if s.look)
            return max(found, default=None)
        return known

    def _step(self, candidate: Candidate, look: float) -> float:
        if candidate.strategy == "features":  # steps of the head alone, on features that are there
            return HEAD_EPOCHS
        return self._measured(candidate, "step") or BACKWARD * look

    def _measured(self, candidate: Candidate, what: str) -> float | None:
        """Return the seconds a picture that a network took at this size of pictures, or took at another one, scaled."""
        known: float | None = getattr(self.speed(candidate.of_network, candidate.side), what)
        if known is not None:
            return known
        for (network, side), speed in self.speeds.items():
            if network == candidate.of_network and (found := getattr(speed, what)) is not None:
                return float(found) * self._larger(candidate.side, side)
        return None

    def _larger(self, side: int | None, than: int | None) -> float:
        """Return how many times the pixels of another size a size has."""
        return ((side or self.sizes.side) / (than or self.sizes.side)) ** 2

    def _reading(self, candidate: Candidate) -> float:
        """Return the seconds that reading all pictures at another size takes, none once that was done."""
        if candidate.side is None or any(side == candidate.side and s.look for (_, side), s in self.speeds.items()):
            return 0.0
        return READ * (self.sizes.train + self.sizes.val)

    def _fitting(self, candidate: Candidate, pictures: float) -> float:
        return (self.speed(candidate.of_network, candidate.side).head or 0.0) * candidate.views * pictures


class Stopwatch:
    """Hears the events of one candidate, and tells the budget what its network takes."""

    def __init__(self, budget: Budget, candidate: Candidate, pictures: float) -> None:
        self.budget, self.candidate, self.pictures = budget, candidate, pictures
        self.speed = budget.speed(candidate.of_network, candidate.side)
        self.last = self.begun = budget.plan.clock()
        self.busy = self.heads = 0.0
        self.batch = int(candidate.fields.get("batch_size", 64))
        self.first: StepDone | None = None

    def hear(self, event: Event) -> None:
        """Measure by an event.

        Raises:
            OutOfTimeError: the training itself says that it will not be done in time.
        """
        now = self.budget.plan.clock()
        passed, self.last = now - self.last, now
        if isinstance(event, Progress) and event.stage == "features":
            self.busy += passed
            if event.remaining and event.total > event.done:
                self.speed.look = event.remaining / (event.total - event.done)
        elif isinstance(event, Progress) and event.stage == "head":
            self.busy += passed
            self.heads += passed
        elif isinstance(event, Progress) and event.stage in ("reading", "writing"):
            self.busy += passed
        elif isinstance(event, StepDone) and self.candidate.strategy != "features":
            self.busy += passed
            self._step(event)
        elif isinstance(event, RunStarted):
            self.first = None

    def end(self) -> None:
        """Keep what the candidate took beside its pictures, and its head."""
        if self.heads:
            self.speed.head = self.heads / 2 / (self.candidate.views * self.pictures)
        if self.candidate.frozen:
            self.budget.overhead = max(1.0, self.budget.plan.clock() - self.begun - self.busy)

    def _step(self, event: StepDone) -> None:
        if self.first is None or event.step <= self.first.step:
            self.first = event
            return
        done = event.step - self.first.step
        self.speed.step = (event.seconds - self.first.seconds) / (done * self.batch)
        if done >= PATIENCE and event.remaining is not None:
            self._refuse_long(event.remaining)

    def _refuse_long(self, remaining: float) -> None:
        budget = self.budget
        if budget.deadline == float("inf"):
            return
        whole = budget.plan.seconds
        if remaining > budget.left() or (self.candidate.part > 1 and remaining > SHARE * whole):
            raise OutOfTimeError
