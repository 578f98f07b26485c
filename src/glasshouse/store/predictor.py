"""Asking the predictor: a process beside the Studio that keeps models loaded. Here is where both sides meet.

A question is one message, a line of JSON and then the bytes of a picture; the answer is one line of JSON. The process
is started by the worker when it is wanted, and ends when nobody asked for a while.
"""

import json
import os
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

from glasshouse.errors import BusyError, ConflictError, InputError, PictureError
from glasshouse.messages import with_messages
from glasshouse.store.database import Store
from glasshouse.store.turns import Turns, who_asks

__all__ = ["ask", "predictor_file", "predictor_key", "predictor_wanted", "put_question", "want_predictor", "warm"]

PATIENCE = 60.0  # seconds until the predictor must have answered; the first start loads torch
ANSWER = 90.0  # seconds until an answer begins to come; the process that asks is never held longer
_turns = Turns(16, 8, 32, 16)  # questions at once
_warming: set[str] = set()
_guard = threading.Lock()


def want_predictor(store: Store) -> None:
    """Have the predictor started (or kept), without waiting for it: call it when a page that asks is opened."""
    predictor_wanted(store).touch()


def ask(
    store: Store, folder: str, picture: bytes, top: int = 5, patience: float = PATIENCE, seen: bool = False,
    checkpoint: str = "", data: str | None = None, coverage: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return ``Prediction.to_dict()`` and ``seconds`` for one picture by the model in ``folder`` (such as ``runs/ID``).

    ``checkpoint`` names the one whose weights answer instead; ``data`` is the folder of the run's dataset, which is
    needed while the run has no model.

    With ``coverage`` there is also ``set``, a list of answers; with ``seen`` there is also ``seen``: the picture as the
    network gets it, a PNG in base64, and ``size`` (W, H).

    Raises:
        PictureError: the picture cannot be read.
        InputError: the model cannot be used.
        ConflictError: no predictor answered within ``patience`` seconds: the worker is not running.
        BusyError: too much is asked for at once.
    """
    question = {"model": folder, "top": top, "seen": seen, "checkpoint": checkpoint, "data": data, "coverage": coverage,
                "who": who_asks()}  # fmt: skip
    with _turns.taken(patience):
        return _checked_answer(_answer(store, json.dumps(question).encode(), picture, patience))


def put_question(
    store: Store, question: Mapping[str, Any], picture: bytes = b"", patience: float = PATIENCE
) -> dict[str, Any]:
    """Return the predictor's answer to a question with ``kind``: see ``jobs.following``.

    Raises:
        PictureError, InputError, ConflictError: as ``ask``.
    """
    asked = json.dumps({**question, "who": who_asks()}).encode()
    with _turns.taken(patience):
        return _checked_answer(_answer(store, asked, picture, patience))


def warm(store: Store, folder: str, patience: float = 15.0) -> None:
    """Have the predictor load the model in ``folder``, unless this process waits for that already."""
    with _guard:
        if folder in _warming:
            return
        _warming.add(folder)
    try:
        with suppress(ConflictError):
            _answer(store, json.dumps({"model": folder, "warm": True}).encode(), b"", patience)
    finally:
        with _guard:
            _warming.discard(folder)


def _answer(store: Store, question: bytes, picture: bytes, patience: float) -> dict[str, Any]:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        want_predictor(store)
        answer = None
        with suppress(OSError, EOFError, AuthenticationError, ValueError):
            answer = json.loads(_exchange(store, question, picture))
        if isinstance(answer, dict):
            return dict(with_messages(answer)) if "problem" in answer else answer
        time.sleep(0.1)
    raise ConflictError("The process that classifies did not answer; is the worker of the Studio running?")


def predictor_file(store: Store) -> Path:
    """Return the file in which a running predictor tells its port."""
    return store.home / "predictor.json"


def predictor_wanted(store: Store) -> Path:
    """Return the file whose age tells when the predictor was last wanted."""
    return store.home / "predictor.wanted"


def predictor_key(store: Store) -> bytes:
    """Return the secret by which asker and predictor know each other; made when it is missing."""
    path = store.home / "predictor.key"
    with suppress(FileExistsError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as target:
            target.write(secrets.token_hex(32))
    return path.read_text(encoding="ascii").encode()


def _exchange(store: Store, question: bytes, picture: bytes) -> bytes:
    port = int(json.loads(predictor_file(store).read_text(encoding="utf-8"))["port"])
    with Client(("127.0.0.1", port), authkey=predictor_key(store)) as connection:
        connection.send_bytes(question + b"\n" + picture)  # one message: two would wait for each other
        if not connection.poll(ANSWER):
            raise TimeoutError
        return connection.recv_bytes()


def _checked_answer(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("problem") == "picture":
        raise PictureError(answer["message"])
    if answer.get("problem") == "busy":
        raise BusyError(answer["message"], mine=bool(answer.get("mine")))
    if answer.get("problem"):
        raise InputError(answer["message"])
    return answer
