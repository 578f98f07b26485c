"""Dataset creation against Pillow in one process, side by side: python benchmarks/dataset_creation.py [FOLDER].

Both read the same JPEG photographs, resize them to the same pixels (antialiased bilinear, squashed) and write them to
disk. Glasshouse also hashes each file, looks for near-twins, deals the pictures out and takes mean and deviation.
The two take turns; medians and ranges of all turns are printed as Markdown, with the machine and the versions.

With ``--further`` it is compared with decoding alone on the same threads: what each further picture costs, from a
quarter of the pictures to all of them, and how long a new process takes to the first picture beside ``import torch``.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from glasshouse.data.checking.reading import worker_threads
from glasshouse.data.decoding.picture import decode
from glasshouse.data.decoding.values import Scaler
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


def decoding(files: list[Path]) -> float:
    """Return the seconds that reading and decoding the files takes, on as many threads as dataset creation has."""
    start = time.perf_counter()
    with ThreadPoolExecutor(worker_threads()) as pool:
        for _ in pool.map(
            lambda file: decode(file.read_bytes(), "rgb", 10**9, Scaler(None)).shape, files, chunksize=16
        ):
            pass
    return time.perf_counter() - start


def copied(files: list[Path], source: Path, folder: Path) -> Path:
    """Link a part of the pictures below ``folder``, in their classes."""
    for file in files:
        place = folder / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(file)
    return folder


FIRST = """
import sys, time
from glasshouse.data.prepare import prepare_dataset
from glasshouse.recipe import DatasetRecipe
from glasshouse.data.checking import survey
filed = survey._file
def first(*what):
    print(time.time())
    raise KeyboardInterrupt
survey._file = first
try:
    list(prepare_dataset(DatasetRecipe(source=sys.argv[1], width=256, height=256), sys.argv[2]))
except KeyboardInterrupt:
    pass
"""


def to_the_first(code: str, *words: str) -> float:
    """Return the seconds from the start of a new process to the time that it prints."""
    start = time.time()
    told = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True).stdout
    return float(told.split()[0]) - start


def further(options: argparse.Namespace) -> None:
    """Print what each further picture costs beside decoding alone, and the time to the first."""
    every = sorted(p for p in options.source.rglob("*") if p.is_file())
    few = every[::4]
    whole: dict[str, list[float]] = {"all": [], "few": [], "decoding all": [], "decoding few": []}
    first: dict[str, list[float]] = {"first": [], "torch": []}
    with tempfile.TemporaryDirectory() as name:
        small = copied(few, options.source, Path(name) / "few")
        for turn in range(options.turns + 1):
            taken = {
                "all": seconds(glasshouse, options.source, options.size)[0],
                "few": seconds(glasshouse, small, options.size)[0],
                "decoding all": decoding(every),
                "decoding few": decoding(few),
            }
            started = {
                "first": to_the_first(FIRST, str(options.source), f"{name}/out"),
                "torch": to_the_first("import time, torch; print(time.time())"),
            }
            if turn:  # the first is for the page cache and the imports
                for times, found in ((whole, taken), (first, started)):
                    for key, value in found.items():
                        times[key].append(value)
    more = len(every) - len(few)
    middle = {key: statistics.median(times) for key, times in whole.items()}
    made = more / (middle["all"] - middle["few"])
    decoded = more / (middle["decoding all"] - middle["decoding few"])
    side = options.size
    print(f"{len(few):,} to {len(every):,} pictures of {side}x{side}, {options.turns} turns. {machine()}\n")
    print(f"each further picture: {made:,.0f} a second, decoding alone {decoded:,.0f}: {made / decoded:.2f} of it")
    starts = {key: statistics.median(times) for key, times in first.items()}
    print(f"first picture after {starts['first']:.2f} s, import torch alone {starts['torch']:.2f} s")


def main() -> None:
    """Run both in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, nargs="?", default=SHARED)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--further", action="store_true", help="compare with decoding alone")
    options = parser.parse_args()
    if options.further:
        further(options)
        return
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
