"""Dataset creation against Pillow in one process, side by side: python benchmarks/dataset_creation.py [FOLDER].

Both read the same JPEG photographs, resize them to the same pixels (antialiased bilinear, squashed) and write them to
disk. Glasshouse also hashes each file, looks for near-twins, deals the pictures out and takes mean and deviation.
The two take turns; medians and ranges of all turns are printed as Markdown, with the machine and the versions.
"""

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from glasshouse.data.checking.reading import worker_threads
from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "dogs-vs-cats" / "train"


def pillow(source: Path, out: Path, side: int) -> None:
    """Write all pictures below ``source`` with a plain loop."""
    out.mkdir()
    files = sorted(p for p in source.rglob("*") if p.is_file())
    with (out / "pictures.raw").open("wb") as file:
        for path in files:
            with Image.open(path) as picture:
                small = picture.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
            file.write(np.asarray(small).data)


def glasshouse(source: Path, out: Path, side: int) -> None:
    """Make a dataset with all checks."""
    create_dataset(DatasetRecipe(source=str(source), width=side, height=side), out)


def seconds(job: Callable[[Path, Path, int], None], source: Path, side: int) -> tuple[float, float]:
    """Run one job in a fresh folder; return its wall time and its processor time on all cores."""
    folder = Path(tempfile.mkdtemp())
    start, work = time.perf_counter(), time.process_time()
    try:
        job(source, folder / "out", side)
        return time.perf_counter() - start, time.process_time() - work
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Run both in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, nargs="?", default=SHARED)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--size", type=int, default=224)
    options = parser.parse_args()
    count = sum(p.is_file() for p in options.source.rglob("*"))
    jobs = {"Pillow, one process": pillow, f"glasshouse, {worker_threads()} threads": glasshouse}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for job in jobs.values():
        seconds(job, options.source, options.size)  # the page cache and the imports
    for _ in range(options.turns):
        for name, job in jobs.items():
            times[name].append(seconds(job, options.source, options.size))
    print(f"{count:,} pictures to {options.size}x{options.size}, {options.turns} turns each, in turns. {machine()}\n")
    print("| | pictures a second (median) | range | times Pillow | processor time (median) |\n|---|---|---|---|---|")
    base = statistics.median(wall for wall, _ in times["Pillow, one process"])
    for name, taken in times.items():
        walls = [wall for wall, _ in taken]
        middle, work = statistics.median(walls), statistics.median(work for _, work in taken)
        spread = f"{count / max(walls):,.0f}-{count / min(walls):,.0f}"
        print(f"| {name} | {count / middle:,.0f} | {spread} | {base / middle:.2f} | {work:.2f} s |")


def machine() -> str:
    """Return the hardware and the versions in words."""
    names = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "simplejpeg", "pyarrow", "numpy"))
    load = f", load before {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores{load}. "
        f"Python {platform.python_version()}, Pillow {PIL.__version__}, {packages}."
    )


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    main()
