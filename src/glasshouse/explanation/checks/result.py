"""The result of the checks of a method on a model, as it is shown with every explanation and kept as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from glasshouse.messages import Message, with_messages, with_parts

__all__ = ["Check", "CheckTest", "not_checked"]


@dataclass(frozen=True)
class CheckTest:
    """One test: ``value`` with its 95 % interval ``low`` to ``high``, and the ``limit`` that it is held against.

    ``name`` is randomization, deletion, insertion, completeness or mosaics; ``reason`` says in words what was found;
    ``beside`` are numbers that are reported and decide nothing.
    """

    name: str
    value: float
    low: float
    high: float
    limit: float
    passed: bool
    reason: str
    beside: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse explain --json``."""
        return {**asdict(self), "beside": dict(self.beside)}


@dataclass(frozen=True)
class Check:
    """All tests of a method on a model; ``passed`` is None if nothing was checked, and ``reason`` says why.

    ``pictures`` is on how many validation pictures it was checked, ``dataset`` the fingerprint of their dataset.
    """

    method: str
    passed: bool | None
    reason: str = ""
    tests: tuple[CheckTest, ...] = ()
    pictures: int = 0
    dataset: str = ""
    seed: int = 0

    @property
    def state(self) -> str:
        """``passed``, ``failed`` or ``not checked``."""
        return "not checked" if self.passed is None else "passed" if self.passed else "failed"

    @property
    def shown(self) -> bool:
        """Whether a map of this method may be shown: one that failed is named, and not drawn."""
        return self.passed is not False

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse explain --json``; `from_dict` reads it."""
        tests = [test.to_dict() for test in self.tests]
        return dict(with_parts({**asdict(self), "tests": tests}))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote.

        Raises:
            KeyError, TypeError: it is something else.
        """
        known = with_messages(dict(data))
        return cls(**{**known, "tests": tuple(CheckTest(**test) for test in known["tests"])})

    def __str__(self) -> str:
        lines = [f"{self.state}: {self.reason}" if self.reason else self.state]
        lines += [f"  {'passed' if test.passed else 'failed'}  {test.name}: {test.reason}" for test in self.tests]
        return "\n".join(lines)


def not_checked(method: str, reason: Message, pictures: int = 0) -> Check:
    """Return the result in the place of one that could not be had."""
    return Check(method, None, reason, pictures=pictures)
