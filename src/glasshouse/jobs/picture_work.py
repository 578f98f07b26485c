"""Work on one picture that the predictor does beside its quick answers: begun once, asked for until it is done."""

import threading
from collections.abc import Callable
from typing import Any

from glasshouse.errors import GlasshouseError
from glasshouse.jobs.reasons import reason_of

__all__ = ["PictureWork"]


class PictureWork:
    """What is computed about one picture, in its own thread: ``found``, or the ``problem`` that came instead."""

    def __init__(self, compute: Callable[[Callable[[float], None]], Any]) -> None:
        self.done = 0.0
        self.found: Any = None
        self.problem: dict[str, Any] | None = None
        self.ended = threading.Event()
        threading.Thread(target=self._run, args=(compute,), daemon=True).start()

    def _run(self, compute: Callable[[Callable[[float], None]], Any]) -> None:
        try:
            self.found = compute(self._tell)
        except GlasshouseError as error:
            self.problem = {"problem": "input", "message": str(error)}
        except Exception as error:  # noqa: BLE001 (told to who asks)
            self.problem = {"problem": "failure", "message": reason_of(error)}
        self.ended.set()

    def _tell(self, done: float) -> None:
        self.done = done
