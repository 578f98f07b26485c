"""How the processes of the worker find the store: the home by argument, the rest by environment."""

import os
import sys
from pathlib import Path

from glasshouse.store.database import Store, open_store

__all__ = ["DATABASE", "FOLDERS", "child_environment", "module_command", "store_of_worker"]

DATABASE, FOLDERS = "GLASSHOUSE_DATABASE", "GLASSHOUSE_FOLDERS"


def store_of_worker(home: str | Path) -> Store:
    """Open the store that the Studio's environment describes."""
    folders = tuple(Path(folder) for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder)
    return open_store(home, os.environ.get(DATABASE) or None, folders)


def child_environment(url: str | None, folders: tuple[Path, ...]) -> dict[str, str]:
    """Return what to add to the environment of a worker: a URL may hold a password, so it is no argument."""
    return {DATABASE: url or "", FOLDERS: os.pathsep.join(map(str, folders))}


def module_command(module: str, *words: str) -> list[str]:
    """Return the command that runs a module of Glasshouse in a fresh process."""
    return [sys.executable, "-m", f"glasshouse.jobs.{module}", *words]
