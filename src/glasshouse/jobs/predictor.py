"""The predictor: ``python -m glasshouse.jobs.predictor HOME``. It keeps models loaded and answers about one picture.

See ``store.predictor`` for what is said on the wire. It listens on 127.0.0.1 only, to who knows the home's secret, and
ends when nobody asked for ten minutes or its worker is gone.
"""

import base64
import json
import os
import sys
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from functools import partial
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from glasshouse.data.decoding.encoding import encode
from glasshouse.errors import BusyError, GlasshouseError, InputError, PictureError
from glasshouse.jobs.explain_picture import ExplainAnswers
from glasshouse.jobs.follow_picture import FollowAnswers
from glasshouse.jobs.process_start import store_of_worker
from glasshouse.jobs.reader import prepared_row, readers_of_predictor
from glasshouse.jobs.reasons import reason_of
from glasshouse.messages import with_parts
from glasshouse.store.database import Store
from glasshouse.store.places import is_inside
from glasshouse.store.predictor import predictor_file, predictor_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glasshouse.export.predictor import Model

__all__ = ["Predictor", "main"]

IDLE_SECONDS = 600.0
LOADED = 3  # models
LARGEST = 65 * 2**20  # bytes of a question


class Predictor:
    """Models in memory, the latest asked first; one picture is computed at a time, after a child has read it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked = time.monotonic()
        self._models: OrderedDict[tuple[str, float], Model] = OrderedDict()
        self._lock = threading.Lock()
        self._readers = readers_of_predictor()
        self._follower = FollowAnswers(store.home, self.model, self.prepared)
        self._explainer = ExplainAnswers(store.home, self.model, self.prepared)

    def answer(self, question: dict[str, Any], picture: bytes) -> dict[str, Any]:
        """Return the prediction as a dictionary, or ``problem`` and ``message``."""
        self.asked = time.monotonic()
        begin = time.perf_counter()
        try:
            if question.get("kind") == "explain":
                return self._explainer.answer(question, picture)
            if question.get("kind"):
                return self._follower.answer(question, picture)
            with self._lock:
                chosen = str(question.get("checkpoint") or ""), str(question.get("data") or "")
                model = self._model(str(question["model"]), *chosen)
            if question.get("warm"):
                return {"seconds": time.perf_counter() - begin}
            row = prepared_row(self._readers, model, picture, str(question.get("who", "")))
            with self._lock:
                (prediction,) = model.predict_rows(row[None], int(question["top"]), question.get("coverage"))
            told = {**prediction.to_dict(), "seconds": time.perf_counter() - begin}
            return {**told, **(_seen(row) if question.get("seen") else {})}
        except BusyError as error:
            return {"problem": "busy", "message": str(error), "mine": error.mine}
        except PictureError as error:
            return {"problem": "picture", "message": str(error)}
        except GlasshouseError as error:
            return {"problem": "input", "message": str(error)}
        except Exception as error:  # noqa: BLE001 (the next question must be answered)
            return {"problem": "failure", "message": reason_of(error)}

    def model(self, folder: str) -> "Model":
        """Return the model in ``folder``, loaded once."""
        with self._lock:
            return self._model(folder)

    def prepared(self, model: "Model", picture: bytes, who: str) -> "NDArray[np.uint8]":
        """Return a picture as the network gets it, read in its own process."""
        return prepared_row(self._readers, model, picture, who)

    def warm(self) -> None:
        """Load what the first question needs, here and in the process that reads pictures."""
        import glasshouse.export.bundle  # noqa: F401

        with suppress(GlasshouseError):
            self._readers.ask("ready", {}, seconds=60.0)

    def end(self) -> None:
        """End the processes that read pictures."""
        self._readers.end()

    def _model(self, folder: str, checkpoint: str = "", data: str = "") -> "Model":
        """Return the model in ``folder``, or that of one of its checkpoints; ``data`` is its dataset's folder."""
        from glasshouse.export.bundle import load_model
        from glasshouse.training.checkpoint_model import checkpoint_model

        place = self._place(folder)
        file = place / "checkpoints" / f"{Path(checkpoint).name}.safetensors"
        file = file if checkpoint else place / "model" / "model.json"
        key = (str(file), file.stat().st_mtime if file.exists() else 0.0)
        if key not in self._models:
            made = partial(checkpoint_model, place, file.stem, self._place(data) if data else None)
            self._models[key] = made() if checkpoint else load_model(place)
            while len(self._models) > LOADED:
                self._models.popitem(last=False)
        self._models.move_to_end(key)
        return self._models[key]

    def _place(self, folder: str) -> Path:
        place = (self.store.home / folder).resolve()
        if not is_inside(place, self.store.home):
            raise InputError("{folder} is no model of this Studio.", folder=folder)
        return place


def _seen(row: "NDArray[np.uint8]") -> dict[str, Any]:
    """Return the picture as the network gets it."""
    return {"seen": base64.b64encode(encode(row, "png", 100)).decode("ascii"), "size": [row.shape[1], row.shape[0]]}


def main(home: str) -> int:
    """Listen until nobody asks any more."""
    store = store_of_worker(home)
    predictor = Predictor(store)
    with Listener(("127.0.0.1", 0), backlog=64) as listener:
        beside = predictor_file(store).with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps({"port": listener.address[1], "pid": os.getpid()}), encoding="utf-8")
        beside.rename(predictor_file(store))
        threading.Thread(target=_watch, args=(predictor, os.getppid()), daemon=True).start()
        threading.Thread(target=predictor.warm, daemon=True).start()
        key = predictor_key(store)
        while True:
            connection = cast("Connection[bytes, bytes]", listener.accept())
            threading.Thread(target=_serve, args=(predictor, connection, key), daemon=True).start()


def _serve(predictor: Predictor, connection: "Connection[bytes, bytes]", key: bytes) -> None:
    with suppress(OSError, EOFError, AuthenticationError, ValueError, KeyError), connection:
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
        question, _, picture = connection.recv_bytes(LARGEST).partition(b"\n")
        answer = predictor.answer(json.loads(question), picture)
        connection.send_bytes(json.dumps(with_parts(answer) if "problem" in answer else answer).encode())


def _watch(predictor: Predictor, parent: int) -> None:
    while time.monotonic() - predictor.asked < IDLE_SECONDS and os.getppid() == parent:
        time.sleep(1.0)
    place: Path = predictor_file(predictor.store)
    with suppress(OSError, ValueError):
        if json.loads(place.read_text(encoding="utf-8"))["pid"] == os.getpid():
            place.unlink()
    predictor.end()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
