"""GPUs that failed: set aside, tried by a small computation in its own process, and used again when it succeeds.

Each failure in a row doubles the pause before the next trial, so a card that passes the trial and then fails again is
not given one job after another.
"""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from glasshouse.jobs.process_start import module_command

__all__ = ["Health", "start_trial"]

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0  # seconds
TRIAL_SECONDS = 90.0

Trial = Callable[[str], "subprocess.Popen[bytes]"]


@dataclass
class _Trouble:
    reason: str
    due: float
    trial: "subprocess.Popen[bytes] | None" = None


class Health:
    """Which GPUs may be used; ``trial`` starts the process that tries one."""

    def __init__(self, trial: Trial | None = None) -> None:
        self._trial = trial or start_trial
        self._troubles: dict[str, _Trouble] = {}
        self._failures: dict[str, int] = {}

    def failed(self, gpu: str, reason: str) -> None:
        """Set a GPU aside."""
        self._failures[gpu] = self._failures.get(gpu, 0) + 1
        self._troubles[gpu] = _Trouble(reason, time.monotonic() + self._pause(gpu))

    def worked(self, gpu: str) -> None:
        """Take note that a job on the GPU came to its end."""
        self._failures.pop(gpu, None)

    def trouble(self, gpu: str | None) -> str | None:
        """Return why the GPU is set aside, None if it may be used."""
        found = self._troubles.get(gpu or "")
        return None if found is None else found.reason

    def look(self) -> None:
        """Start the trials that are due, and take note of those that ended."""
        for gpu, trouble in list(self._troubles.items()):
            if trouble.trial is None:
                if time.monotonic() >= trouble.due:
                    trouble.due = time.monotonic() + TRIAL_SECONDS
                    trouble.trial = self._trial(gpu)
                continue
            if trouble.trial.poll() is None and time.monotonic() > trouble.due:
                trouble.trial.kill()
                trouble.trial.wait()
            if trouble.trial.poll() == 0:
                del self._troubles[gpu]
            elif trouble.trial.poll() is not None:
                self.failed(gpu, trouble.reason)

    def end(self) -> None:
        """End the trials that run."""
        for trouble in self._troubles.values():
            if trouble.trial is not None and trouble.trial.poll() is None:
                trouble.trial.kill()
                trouble.trial.wait()

    def _pause(self, gpu: str) -> float:
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (self._failures[gpu] - 1))


def start_trial(gpu: str) -> "subprocess.Popen[bytes]":
    """Start a process that computes a little on one GPU and exits with 0 if the result is right."""
    return subprocess.Popen(  # noqa: S603
        module_command("trial"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": gpu},
    )  # fmt: skip
