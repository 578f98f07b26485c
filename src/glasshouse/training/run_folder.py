"""The folder of a run: its recipe, what it said, its checkpoints and its model. All paths in it are relative."""

import fcntl
import json
import os
import platform
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from glasshouse import __version__
from glasshouse.errors import DamagedRunError, DatasetError, RecipeError, ResumeError, RunError
from glasshouse.events import Event, Progress, StepDone
from glasshouse.integrity.blocks import file_entry, file_fault
from glasshouse.integrity.documents import CHECKSUM, checksum_fault, read_object, with_checksum
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.machine import machine_facts
from glasshouse.training.writing import write_atomically

__all__ = ["RunFolder", "next_run"]

SECONDS_BETWEEN_STEPS = 0.1  # of steps and progress in events.jsonl; every other event is written


class RunFolder:
    """One run on disk; ``create`` makes it, ``open`` finds it again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log: IO[bytes] | None = None
        self._told = 0
        self._last_step = 0.0

    @staticmethod
    def check_free(path: Path) -> None:
        """Raise a RunError unless a run can be made at ``path``: it is not there, or an empty folder."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            step = Message("it is no run")
            if (path / "recipe.json").exists():
                step = Message("continue it with: glasshouse resume {path}", path=path)
            raise RunError("{path} exists and is not empty; {step}, or choose another name", path=path, step=step)

    @classmethod
    def create(cls, path: Path, recipe: TrainingRecipe) -> "RunFolder":
        """Make the folder and write the recipe.

        Raises:
            RunError: the folder exists and is not empty, or cannot be made.
        """
        cls.check_free(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(
                "cannot make the run's folder {path}: {strerror}; choose another --out",
                path=path,
                strerror=error.strerror,
            ) from None
        run = cls(path)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        run.write_recipe(recipe, created=created, versions=_versions(), machine=machine_facts())
        return run

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Return the run in the folder at ``path``.

        Raises:
            ResumeError: there is no run in it.
        """
        if not (path / "recipe.json").is_file():
            raise ResumeError(
                "{path} is not the folder of a run: it has no recipe.json; give what train --out made", path=path
            )
        return cls(path)

    @property
    def recipe(self) -> TrainingRecipe:
        """The run's recipe.

        Raises:
            DamagedRunError: it cannot be read as one.
        """
        try:
            return TrainingRecipe.load(self.path / "recipe.json")
        except RecipeError as error:
            raise self._recipe_damaged(str(error)) from None

    def check_recipe(self) -> None:
        """Compare the recipe's bytes with what run.json noted when it was written.

        Raises:
            DamagedRunError: they are others.
        """
        if (fault := self.recipe_fault()) is not None:
            raise self._recipe_damaged(fault)

    def recipe_fault(self) -> str | None:
        """Return how the bytes of recipe.json differ from what was written, None if they do not or it is not known."""
        files = self.facts().get("files")
        entry = files.get("recipe.json") if isinstance(files, dict) else None
        return file_fault((self.path / "recipe.json").read_bytes(), entry)

    def _recipe_damaged(self, fault: str) -> DamagedRunError:
        return DamagedRunError(
            "{path} is damaged: {fault}. Put back a copy of it; a run that was finished has one in {model}",
            path=self.path / "recipe.json",
            fault=fault,
            model=self.model,
        )

    def write_recipe(self, recipe: TrainingRecipe, **facts: Any) -> None:
        """Write the recipe, and its checksum and ``facts`` into run.json."""
        text = recipe.to_json()
        self.write_text("recipe.json", text)
        self.describe(**facts, files={"recipe.json": file_entry(text.encode())})

    @property
    def last(self) -> Path:
        return self.path / "checkpoints" / "last.safetensors"

    @property
    def best(self) -> Path:
        return self.path / "checkpoints" / "best.safetensors"

    @property
    def frozen(self) -> Path:
        """The frozen body of the strategy ``features``, which no checkpoint repeats."""
        return self.path / "checkpoints" / "body.safetensors"

    @property
    def model(self) -> Path:
        return self.path / "model"

    def checkpoint(self, name: str) -> Path:
        """Return the path of the checkpoint of that name, such as ``best`` or ``epoch-0003``."""
        return self.path / "checkpoints" / f"{name}.safetensors"

    def kept(self, epoch: int) -> Path:
        """Return the path of the checkpoint that is kept of ``epoch`` (from 1)."""
        return self.path / "checkpoints" / f"epoch-{epoch:04d}.safetensors"

    def write_text(self, name: str, text: str) -> None:
        """Write a file of the run atomically."""
        write_atomically(self.path / name, text.encode())

    def facts(self) -> dict[str, Any]:
        """Return what run.json holds: created, versions, status, pid and more; empty if it is missing.

        Raises:
            DamagedRunError: it is damaged.
        """
        try:
            found = read_object(self.path / "run.json")
            fault = checksum_fault(found)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            fault = str(error)
        if fault is not None:
            raise DamagedRunError(
                "{path} is damaged: {fault}. It only says when and with what the run was made: delete it, and "
                "the run goes on without that",
                path=self.path / "run.json",
                fault=fault,
            )
        return {name: value for name, value in found.items() if name != CHECKSUM}

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that each epoch tells, by their names."""
        return tuple(str(name) for name in self.facts().get("metrics", ()))

    def describe(self, **facts: Any) -> None:
        """Add or change facts in run.json."""
        whole = with_checksum({**self.facts(), **facts})
        self.write_text("run.json", json.dumps(whole, indent=2, ensure_ascii=False) + "\n")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for this process; the lock goes with the process, however it ends.

        Raises:
            ResumeError: another process holds it.
        """
        with (self.path / ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = self.facts().get("pid")
                raise ResumeError(
                    "{path} is being trained by process {pid}; wait for it or stop it", path=self.path, pid=pid
                ) from None
            except OSError:  # a file system that knows no locks, such as some mounted drives
                pass
            for torn in self.path.glob("checkpoints/.*.part"):  # what a killed process was writing
                torn.unlink(missing_ok=True)
            yield

    @contextmanager
    def log(self, length: int | None = None) -> Iterator[None]:
        """Open events.jsonl for ``record``; what lies behind ``length`` bytes, and a torn last line, is cut off."""
        path = self.path / "events.jsonl"
        path.touch()
        keep = path.stat().st_size if length is None else min(length, path.stat().st_size)
        with path.open("r+b") as file:
            whole = file.read(keep)
            end = whole.rfind(b"\n") + 1
            file.truncate(end)
        self._told = zlib.crc32(whole[:end])
        with path.open("ab") as self._log:
            yield
        self._log = None

    def record(self, event: Event) -> None:
        """Append ``event`` to events.jsonl; of steps and progress, at most ten a second."""
        if self._log is None:
            return
        if isinstance(event, (Progress, StepDone)):
            now = time.monotonic()
            early = isinstance(event, StepDone) and event.step <= 100
            if not early and now - self._last_step < SECONDS_BETWEEN_STEPS:
                return
            self._last_step = now
        line = (event.to_json() + "\n").encode()
        self._log.write(line)
        self._log.flush()
        self._told = zlib.crc32(line, self._told)

    def recorded(self) -> tuple[int, str]:
        """Return the length of events.jsonl in bytes, all of it on the disk, and its CRC-32."""
        if self._log is None:
            return 0, ""
        os.fsync(self._log.fileno())
        return os.fstat(self._log.fileno()).st_size, f"{self._told:08x}"

    def dataset_path(self, given: Path | None = None) -> Path:
        """Return where the dataset lies: as ``given``, as the recipe says, relative to the run, or beside it.

        Raises:
            DatasetError: it is in none of these places; all are named.
        """
        data = Path(self.recipe.data)
        beside = [self.path / data, self.path.parent / data, self.path / data.name, self.path.parent / data.name]
        places = [given] if given is not None else list(dict.fromkeys([data, *beside]))
        for place in places:
            if (place / "dataset.json").is_file():
                return place
        looked = ", ".join(map(str, places))
        raise DatasetError(
            "the dataset {data} of run {path} is missing (looked at {looked}); say where it is: glasshouse "
            "resume {path2} --data DIR",
            data=data,
            path=self.path,
            looked=looked,
            path2=self.path,
        )


def next_run(data: str, network: str, folder: Path = Path("runs")) -> Path:
    """Return a name that is free: runs/<data>-<network>-<n>."""
    plain = re.sub(r"[^\w.-]+", "-", network).strip("-.") or "network"  # a custom name may hold anything
    stem = f"{Path(data).resolve().name or 'data'}-{plain}".lower()
    number = 1
    while (folder / f"{stem}-{number}").exists():
        number += 1
    return folder / f"{stem}-{number}"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "glasshouse": __version__}
    for name in ("torch", "torchvision", "timm", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
