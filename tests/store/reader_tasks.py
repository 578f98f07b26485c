"""Tasks that behave badly, for a reader of the tests: ``python -m reader_tasks PARENT MEMORY``."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glasshouse.errors import PictureError, Problem, RecipeError
from glasshouse.store.reader import serve


def echo(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    print("what a library says is no answer")
    return {**asked, "process": os.getpid()}, blob[::-1]


def sleep(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    time.sleep(600)
    return None, b""


def spin(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    while True:
        pass


def fill(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    return len(bytearray(asked["bytes"])), b""


def crash(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    os.abort()


def wrong(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    if asked["kind"] == "recipe":
        raise RecipeError("the dataset", [Problem("width", "too wide")])
    if asked["kind"] == "picture":
        raise PictureError("not a picture")
    raise KeyError(59)


def leave(asked: Mapping[str, Any], blob: bytes) -> tuple[Any, bytes]:
    Path(os.environ["TMPDIR"], "left.bin").write_bytes(blob)
    return os.environ["TMPDIR"], b""


if __name__ == "__main__":
    serve({"echo": echo, "sleep": sleep, "spin": spin, "fill": fill, "crash": crash, "wrong": wrong, "leave": leave})
