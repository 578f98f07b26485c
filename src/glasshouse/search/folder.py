"""The folder of a search: its settings, what each candidate answered, their runs, and the result."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from glasshouse.errors import DamagedRunError, RunError
from glasshouse.search.candidates import Candidate, Score
from glasshouse.search.scoring import Answers
from glasshouse.training.writing import write_atomically

__all__ = ["Record", "SearchFolder", "Settings"]


@dataclass(frozen=True)
class Settings:
    """What a search was asked for; ``candidates`` None is a search by time."""

    data: str
    fingerprint: str
    candidates: int | None
    refit: bool
    seed: int


@dataclass(frozen=True)
class Record:
    """A candidate that was scored: its number from 1, its score, the seconds it took, its run's folder."""

    number: int
    score: Score
    pictures: int
    seconds: float
    run: str


class SearchFolder:
    """One search on disk: ``search.json``, ``candidates.jsonl``, ``answers/``, ``candidates/``, ``winner/``,
    ``result.json``, and in ``sizes/`` the pictures at other sizes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, settings: Settings) -> None:
        """Make the folder, or go on with the search that is in it.

        Raises:
            RunError: it holds something else, or a search with other settings.
        """
        file = self.path / "search.json"
        if not file.exists():
            if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
                raise RunError("{path} exists and is no search; choose another folder", path=self.path)
            write_atomically(file, (json.dumps(asdict(settings), indent=2) + "\n").encode())
            return
        found = self._settings(file)
        other = [name for name, value in asdict(settings).items() if found.get(name) != value and name != "data"]
        if other:
            name = other[0]
            raise RunError(
                "{path} holds a search with {name} {name2}, not {settings}; go on with the same settings, or choose "
                "another folder",
                path=self.path, name=name, name2=found.get(name), settings=getattr(settings, name),
            )  # fmt: skip

    def records(self) -> list[Record]:
        """Return what has been scored, in order; a line that was torn by a crash is passed over."""
        file = self.path / "candidates.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [record for line in lines if (record := _record(line)) is not None]

    def add(self, record: Record, answers: Answers) -> None:
        """Keep a candidate's answers, then its line."""
        arrays = {"rows": answers.rows, "log_p": answers.log_p, "right": answers.right}
        write_atomically(self._answers(record.number), save(arrays))
        lines = [*self.records(), record]
        write_atomically(self.path / "candidates.jsonl", "".join(_line(one) for one in lines).encode())

    def answers(self, number: int) -> Answers:
        """Return what the candidate of that number answered.

        Raises:
            DamagedRunError: its file is missing or damaged.
        """
        file = self._answers(number)
        try:
            found = load_file(file)
            return Answers(found["rows"], found["log_p"], found["right"].astype(np.bool_))
        except (OSError, SafetensorError, KeyError) as error:
            raise DamagedRunError(
                "{file} is damaged: {error}; delete {path} and search anew", file=file, error=error, path=self.path
            ) from None

    def run(self, number: int, fold: int = 1) -> Path:
        """Return the folder of a candidate's run; those of further folds are beside it."""
        return self.path / "candidates" / (f"{number:03d}" if fold == 1 else f"{number:03d}-fold-{fold}")

    def at_side(self, side: int) -> Path:
        """Return the folder of the dataset whose pictures have this many pixels a side."""
        return self.path / "sizes" / f"{side}x{side}"

    def final(self, name: str, number: int) -> Path:
        """Return the folder of the run of the best candidate on all pictures: ``winner`` or ``refit``.

        Where one of another candidate is there, of a search that has gone on since, the folder bears the number.
        """
        known = self.finals()
        place = name if known.get(name, number) == number else f"{name}-{number:03d}"
        write_atomically(self.path / "finals.json", (json.dumps({**known, place: number}, indent=2) + "\n").encode())
        return self.path / place

    def finals(self) -> dict[str, int]:
        """Return of which candidate each of these runs is, by the name of its folder."""
        file = self.path / "finals.json"
        found: dict[str, int] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return found

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Keep what ``glasshouse search --json`` prints."""
        write_atomically(self.path / "result.json", (json.dumps(result, indent=2) + "\n").encode())

    def _answers(self, number: int) -> Path:
        return self.path / "answers" / f"{number:03d}.safetensors"

    def _settings(self, file: Path) -> dict[str, Any]:
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DamagedRunError("{file} is damaged: {error}", file=file, error=error) from None
        return found if isinstance(found, dict) else {}


def _line(record: Record) -> str:
    score = record.score
    data = {"number": record.number, "fields": dict(score.candidate.fields),
            "network": score.candidate.of_network, "accuracy": score.accuracy, "loss": score.loss,
            "whole": score.whole, "part": score.candidate.part, "pictures": record.pictures, "seconds": record.seconds,
            "run": record.run, "side": score.candidate.side}  # fmt: skip
    return json.dumps(data, ensure_ascii=False) + "\n"


def _record(line: str) -> Record | None:
    try:
        data = json.loads(line)
        candidate = Candidate(data["fields"], data["network"], data.get("part", 1), data.get("side"))
        score = Score(candidate, data["accuracy"], data["loss"], data["whole"])
        return Record(data["number"], score, data["pictures"], data["seconds"], data["run"])
    except (ValueError, KeyError, TypeError):
        return None
