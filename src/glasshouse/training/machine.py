"""The machine that a run was made on, as far as the last digits of its numbers depend on it."""

import os
import platform
from pathlib import Path

__all__ = ["machine_facts"]


def machine_facts() -> dict[str, str]:
    """Return system, machine, processor and its number of cores, as texts."""
    return {
        "system": platform.system(), "machine": platform.machine(), "processor": _processor(),
        "cores": str(os.cpu_count() or 1),
    }  # fmt: skip


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
