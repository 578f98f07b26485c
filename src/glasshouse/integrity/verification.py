"""What verifying a dataset, a run or a model found: a line for each file, for people and as JSON."""

from dataclasses import dataclass
from typing import Any, Literal

from glasshouse.messages import Message, with_parts

__all__ = ["FileCheck", "State", "Verification"]

State = Literal["whole", "damaged", "unchecked"]


@dataclass(frozen=True)
class FileCheck:
    """One file: ``whole``, ``damaged`` (``reason`` says how), or ``unchecked`` (it has no checksum; what else can be
    checked was)."""

    name: str
    state: State
    reason: str = ""


@dataclass(frozen=True)
class Verification:
    """What was found of the ``kind`` (``dataset``, ``run`` or ``model``) at ``path``.

    ``problems`` are facts in two places that disagree, each with both values; ``notes`` say what is worth knowing.
    """

    path: str
    kind: Literal["dataset", "run", "model"]
    files: tuple[FileCheck, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no file is damaged and nothing disagrees."""
        return not self.problems and not self.damaged

    @property
    def damaged(self) -> tuple[FileCheck, ...]:
        """The files that are damaged or missing."""
        return tuple(file for file in self.files if file.state == "damaged")

    def to_dict(self) -> dict[str, Any]:
        """Return what ``glasshouse verify --json`` prints."""
        files = [{"name": file.name, "state": file.state, "reason": file.reason} for file in self.files]
        told = {"files": files, "problems": list(self.problems), "notes": list(self.notes)}
        found: dict[str, Any] = with_parts({"path": self.path, "kind": self.kind, "ok": self.ok, **told})
        return found

    def __str__(self) -> str:
        wide = max((len(file.name) for file in self.files), default=0)
        lines = [f"{file.name:{wide}}  {file.state}{': ' if file.reason else ''}{file.reason}" for file in self.files]
        lines += [Message("Disagrees: {problem}", problem=problem) for problem in self.problems]
        lines += [Message("Note: {note}", note=note) for note in self.notes]
        return "\n".join([*lines, self._verdict()])

    def _verdict(self) -> str:
        if not self.ok:
            named = ", ".join(file.name for file in self.damaged)
            return Message("{path} is damaged{it}", path=self.path, it=f": {named}" if named else "")
        unchecked = sum(file.state == "unchecked" for file in self.files)
        if unchecked:
            return Message(
                "{path}: nothing wrong was found; {unchecked} without a checksum",
                path=self.path,
                unchecked=_files(unchecked),
            )
        return Message("{path} is whole", path=self.path)


def _files(count: int) -> str:
    return Message("1 file") if count == 1 else Message("{count} files", count=count)
