"""The worker's side of the predictor: started when it is wanted, started again when it died."""

import subprocess
import time

from glasshouse.jobs.process_start import module_command
from glasshouse.store.database import Store
from glasshouse.store.predictor import predictor_wanted

__all__ = ["PredictorProcess"]

WANTED_SECONDS = 30.0  # a wish is fresh for so long
AGAIN_SECONDS = 3.0  # between two starts


class PredictorProcess:
    """Keeps at most one predictor."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def look(self) -> None:
        """Start the predictor where it is wanted and not there."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if self._child is None and self._wanted() and time.monotonic() - self._started > AGAIN_SECONDS:
            self._started = time.monotonic()
            with (self.store.home / "predictor.log").open("wb") as log:
                self._child = subprocess.Popen(  # noqa: S603
                    module_command("predictor", str(self.store.home)),
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip

    def end(self) -> None:
        """Stop it; it has nothing to keep."""
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(5)
            except subprocess.TimeoutExpired:
                self._child.kill()
            self._child = None

    def _wanted(self) -> bool:
        try:
            return time.time() - predictor_wanted(self.store).stat().st_mtime < WANTED_SECONDS
        except FileNotFoundError:
            return False
