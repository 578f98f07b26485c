"""The executor for this computer: a job is a child process in its own session, so it outlives its worker."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from glasshouse.jobs.killed import Killed, memory_limit, oom_count, peak_of
from glasshouse.jobs.locks import is_held
from glasshouse.jobs.process_start import module_command
from glasshouse.store.database import Store
from glasshouse.store.records import JobRecord

__all__ = ["Local", "adopt", "is_alive", "job_lock", "start"]


@dataclass
class Local:
    """A process that does a job; ``child`` is None where another worker started it.

    ``ooms`` are the processes that the kernel had ended for lack of memory when it began, ``peak`` the most bytes that
    it held, once it has ended; None if that is not known.
    """

    pid: int
    born: float
    child: "subprocess.Popen[bytes] | None" = None
    code: int | None = None
    ooms: int | None = None
    peak: int | None = None

    def ended(self) -> bool:
        """Whether it is gone; ``code`` is then its exit code, None if that cannot be known."""
        if self.child is None:
            return not is_alive(self.pid, self.born)
        if self.child.returncode is None:
            try:
                pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            except ChildProcessError:  # it was waited for elsewhere
                self.child.poll()
            else:
                if pid:
                    self.child.returncode = os.waitstatus_to_exitcode(status)
                    self.peak = peak_of(usage)
        self.code = self.child.returncode
        return self.code is not None

    def killed(self) -> Killed:
        """Return what is known of its end by a signal."""
        now = oom_count()
        counted = None if now is None or self.ooms is None else now > self.ooms
        return Killed(-(self.code or 0), counted, self.peak, memory_limit())

    def stop(self) -> None:
        """Ask it to keep its work and end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it, and the processes that it started."""
        self._send(signal.SIGKILL, group=True)

    def _send(self, number: int, *, group: bool = False) -> None:
        if self.child is None and not is_alive(self.pid, self.born):
            return
        with suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)


def start(store: Store, job: JobRecord, gpu: str | None = None) -> Local:
    """Start the process of a job; what it prints goes to ``work/JOB/log.txt``."""
    folder = store.path(f"work/{job.id}")
    folder.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ) if gpu is None else {**os.environ, "CUDA_VISIBLE_DEVICES": gpu}
    ooms = oom_count()
    with (folder / "log.txt").open("ab") as log:
        child = subprocess.Popen(  # noqa: S603
            module_command("child", str(store.home), job.id, str(job.attempt)),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment,
        )  # fmt: skip
    return Local(child.pid, _born(child.pid), child, ooms=ooms)


def adopt(store: Store, job: JobRecord) -> Local | None:
    """Return the process of a running job that another worker started, or None if it is gone.

    One that lives and does not hold the job's lock works on another home, of which this one is a copy.
    """
    if job.pid is None or job.born is None or not is_alive(job.pid, job.born):
        return None
    return None if is_held(job_lock(store, job.id)) is False else Local(job.pid, job.born)


def job_lock(store: Store, job_id: str) -> Path:
    """Return the file that the process of a job holds while it lives."""
    return store.path(f"work/{job_id}") / "lock"


def is_alive(pid: int, born: float) -> bool:
    """Whether the process ``pid`` that began at ``born`` still works."""
    try:
        process = psutil.Process(pid)
        return bool(abs(process.create_time() - born) < 1) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _born(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0
