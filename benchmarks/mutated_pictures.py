"""Thousands of damaged pictures of every format, read as a user reads them: what comes of each, counted.

    python benchmarks/mutated_pictures.py [--times 20] [--seed 0]

Every whole picture of ``tests/mutated_pictures.py`` is broken in each of its ways, ``--times`` times by other random
numbers; ``glasshouse dataset create`` and ``glasshouse predict`` then read all of them, each as a process of its own.
Prints a table in Markdown, and the pictures that were read for longest. Exit code 1 where a process failed, a picture
had neither an answer nor a reason, a line was printed that is not ours, or one picture took more than ten seconds.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.export.bundle import save_model
from glasshouse.export.reading import read_pictures
from glasshouse.networks.build import build
from mutated_pictures import WAYS, broken, whole_pictures

PROGRAM = [sys.executable, "-m", "glasshouse.cli.main"]
LONGEST = 10.0  # seconds a picture
OURS = ("picture", "Reading", "Writing", "\r", "There are")  # how our own lines on stderr begin or what they hold


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ways = write(folder / "pictures", given.times, given.seed)
        outcomes = {"dataset create": created(folder), "predict": predicted(folder)}
        slow = slowest(folder / "pictures")
    faults = [fault for _, found in outcomes.values() for fault in found]
    faults += [f"{path}: {seconds:.1f} s" for seconds, path in slow if seconds > LONGEST]
    print(table(ways, {name: counts for name, (counts, _) in outcomes.items()}))
    print(f"\nThe slowest: {', '.join(f'{path} {seconds:.2f} s' for seconds, path in slow[:3])}")
    for fault in faults[:50]:
        print(f"FAULT {fault}")
    return 1 if faults else 0


def write(folder: Path, times: int, seed: int) -> Counter[str]:
    """Write the broken pictures as ``CLASS/WAY/NAME``, and some whole ones; return how many there are of each way."""
    counts: Counter[str] = Counter()
    for number, (name, data) in enumerate(whole_pictures().items()):
        for turn in range(times):
            for way, bad in broken(data, f"{seed} {turn} {name}"):
                place = folder / ("even", "odd")[number % 2] / way / f"{name} {turn}.jpg"
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(bad)
                counts[way] += 1
        whole = folder / ("even", "odd")[number % 2] / "whole" / f"{name}.jpg"
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(data)
        counts["whole"] += 1
    return counts


def created(folder: Path) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Return (way, outcome) counts of ``dataset create``, and what is wrong."""
    words = ["dataset", "create", str(folder / "pictures"), "--out", str(folder / "out"), "--size", "32", "--json"]
    done = subprocess.run([*PROGRAM, *words, "--no-twins", "--valid", "0"], capture_output=True, text=True)
    if done.returncode:
        return Counter(), [f"dataset create ended with {done.returncode}: {done.stderr[-400:]}"]
    summary = json.loads(done.stdout)
    counts = Counter((_way(one["path"]), "reason") for one in summary["rejected"])
    faults = [f"dataset create: {one['path']} without a reason" for one in summary["rejected"] if not one["reason"]]
    left_out = {one["path"] for one in summary["rejected"]}
    paths = [path.relative_to(folder / "pictures").as_posix() for path in (folder / "pictures").rglob("*.jpg")]
    counts.update((_way(path), "read") for path in paths if path not in left_out)
    read = sum(split["count"] for split in summary["splits"].values())
    faults += [] if read + len(left_out) == len(paths) else [f"{len(paths)} files, {read} read, {len(left_out)} told"]
    return counts, faults + _foreign_lines("dataset create", done.stderr)


def predicted(folder: Path) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Return (way, outcome) counts of ``predict`` with a network that was never trained, and what is wrong."""
    module = build("LeNet", 2, 3, 32, 32, seed=0).module
    save_model(folder / "model", network={"name": "LeNet", "dropout": None}, module=module,
               preprocessing=Preprocessing(32, 32), classes=("even", "odd"))  # fmt: skip
    words = ["predict", str(folder / "model"), str(folder / "pictures"), "--json"]
    done = subprocess.run([*PROGRAM, *words], capture_output=True, text=True)
    if done.returncode:
        return Counter(), [f"predict ended with {done.returncode}: {done.stderr[-400:]}"]
    answers = json.loads(done.stdout)
    faults = [f"predict: {one['path']} without a reason" for one in answers if not (one["label"] or one["error"])]
    counts = Counter(
        (_way(str(Path(one["path"]).relative_to(folder / "pictures"))), "reason" if one["error"] else "read")
        for one in answers
    )
    return counts, faults + _foreign_lines("predict", done.stderr)


def slowest(folder: Path) -> list[tuple[float, str]]:
    """Return (seconds, path) of the pictures that are read for longest, one by one."""
    found = []
    for path in sorted(folder.rglob("*.jpg")):
        begin = time.perf_counter()
        list(read_pictures([path], Preprocessing(32, 32), 1))
        found.append((time.perf_counter() - begin, path.relative_to(folder).as_posix()))
    return sorted(found, reverse=True)[:10]


def _way(path: str) -> str:
    return path.split("/")[1]


def _foreign_lines(command: str, shown: str) -> list[str]:
    lines = [line for line in shown.splitlines() if line.strip()]
    return [f"{command} printed: {line[:200]}" for line in lines if not any(word in line for word in OURS)]


def table(ways: Counter[str], outcomes: dict[str, Counter[tuple[str, str]]]) -> str:
    """Return the counts as a table in Markdown."""
    lines = ["| damage | files | " + " | ".join(f"{name}: read, told why not, neither" for name in outcomes) + " |"]
    lines.append("|---|---|" + "---|" * len(outcomes))
    for way in ("whole", *WAYS):
        cells = [
            f"{(read := counts[way, 'read']):,}, {(told := counts[way, 'reason']):,}, {ways[way] - read - told:,}"
            for counts in outcomes.values()
        ]
        lines.append(f"| {way} | {ways[way]:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
