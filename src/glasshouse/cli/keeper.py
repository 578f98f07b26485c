"""The worker process beside the web server: started, started again when it dies, stopped at the end."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from glasshouse.jobs.locks import is_held
from glasshouse.jobs.process_start import child_environment, module_command
from glasshouse.jobs.shutdown import BUSY, GONE, OUTDATED, worker_lock
from glasshouse.store.database import Store
from glasshouse.store.jobs import list_jobs
from glasshouse.store.records import JobState

__all__ = ["Keeper"]

GOODBYE = 90.0  # seconds for running jobs to keep their work
PAUSE, LONGEST = 2.0, 60.0  # seconds before the worker is started again: at first, and when it dies at once each time
LIVED = 30.0  # seconds after which a worker did not die at once


class Keeper:
    """Keeps a worker process beside the web server, and starts it again when it dies."""

    def __init__(self, store: Store, database: str | None, jobs: int | None) -> None:
        words = [str(store.home), "--parent", str(os.getpid()), *(["--trainings", str(jobs)] if jobs else [])]
        self.store = store
        self._command = module_command("worker", *words)
        self._environment = {**os.environ, **child_environment(database, store.folders)}
        self._child: subprocess.Popen[bytes] | None = None
        self._pause = PAUSE
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Start the worker."""
        self._spawn()
        self._thread.start()

    def stop(self) -> int:
        """Have the worker put its jobs aside; return how many wait."""
        self._ending.set()
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(GOODBYE)
            except subprocess.TimeoutExpired:
                self._child.kill()
        return len(list_jobs(self.store, states=[JobState.QUEUED, JobState.RUNNING]))

    def _spawn(self) -> None:
        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "start_new_session": True}
        self._began = time.monotonic()
        self._child = subprocess.Popen(self._command, env=self._environment, **options)  # noqa: S603

    def _keep(self) -> None:
        while not self._ending.wait(0.5):
            if self._child is None or self._child.poll() is None:
                continue
            code = self._child.returncode
            if code in (GONE, OUTDATED):  # it has said why
                print("No new job is begun until the Studio is started again.", file=sys.stderr)
                return
            if code == BUSY:
                print("That worker does the jobs; this Studio's own is started when it has ended.", file=sys.stderr)
                self._wait_for_room()
            else:
                self._pause = PAUSE if time.monotonic() - self._began > LIVED else min(2 * self._pause, LONGEST)
                print(f"The worker had ended; it is started again in {self._pause:.0f} s.", file=sys.stderr)
            if self._ending.wait(self._pause):
                return
            self._spawn()

    def _wait_for_room(self) -> None:
        """Wait until no other worker of this computer works on the home; without a word, since it was said once."""
        import socket

        lock = worker_lock(self.store, socket.gethostname())
        while is_held(lock) and not self._ending.wait(2.0):
            pass
