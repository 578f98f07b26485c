"""Everything that is tried against Glasshouse, run and counted: writes the table of docs/reliability.md.

    python benchmarks/reliability.py [--long] [--only kills mutations] [--dry]

A battery is a set of tests, or a script of this folder. Of tests it is counted what they did: requests that were sent,
processes that were killed, tests that were run (``reliability_counts.py``). Each battery prints one line of JSON,
``{"battery": ..., "tried": n, "failed": n, "note": ...}``; a battery whose files are not there is passed over. Rows of
batteries that did not run stay as they are. About five minutes on two cores; ``--long`` tries much more, for hours.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from glasshouse import __version__

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"
CASES = ROOT.parent / "shared" / "cases"
BEGIN, END = "<!-- table: benchmarks/reliability.py -->", "<!-- end of table -->"
PAIRS_BEGIN, PAIRS_END = "<!-- pairs: benchmarks/reliability.py -->", "<!-- end of pairs -->"
HEAD = "| what is tried | how often | failed | how |\n|---|---|---|---|\n"


@dataclass(frozen=True)
class Battery:
    """What is tried: ``tests`` are patterns of files below tests/, else ``run`` does it and returns the line."""

    name: str
    words: str
    tests: tuple[str, ...] = ()
    only: str = ""  # pytest -k
    counts: str = "tests"  # what is counted of tests: tests, requests or kills
    long: Mapping[str, str] = field(default_factory=dict)  # environment of the long form
    run: Callable[[bool], dict[str, object] | None] | None = None


def of_tests(battery: Battery, long: bool) -> dict[str, object] | None:
    """Run a battery of tests; None where there are no such files."""
    files = sorted(str(path.relative_to(ROOT)) for pattern in battery.tests for path in (ROOT / "tests").glob(pattern))
    if not files:
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counts.json"
        environment = {**os.environ, **(battery.long if long else {}), "RELIABILITY_COUNTS": str(out)}
        environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), environment.get("PYTHONPATH", "")])
        words = [sys.executable, "-m", "pytest", "-q", "-p", "reliability_counts", *files]
        words += ["-k", battery.only] if battery.only else []
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
        if not out.exists():
            return line(battery.name, 0, 1, f"could not run: {(done.stdout + done.stderr)[-300:]}")
        found = json.loads(out.read_text())
    if found["failed"]:
        print(done.stdout[-6000:], file=sys.stderr)
    skipped = f"; {found['skipped']} skipped here" if found["skipped"] else ""
    skipped += f"; failed: {', '.join(found['names'])}" if found["failed"] else ""
    tests = f"{found['tests']} tests" if battery.counts != "tests" else "tests"
    return line(battery.name, found[battery.counts], found["failed"], f"{tests} of {', '.join(short(files))}{skipped}")


def short(files: list[str]) -> list[str]:
    """Return files by name, or where there are many, their folders."""
    return [f"`{name}`" for name in files] if len(files) < 4 else sorted({f"`{Path(name).parent}`" for name in files})


def line(battery: str, tried: int, failed: int, note: str) -> dict[str, object]:
    return {"battery": battery, "tried": tried, "failed": failed, "note": note}


def script(name: str, *words: str) -> subprocess.CompletedProcess[str] | None:
    path = Path(__file__).with_name(name)
    if not path.exists():
        return None
    return subprocess.run([sys.executable, str(path), *words], cwd=ROOT, capture_output=True, text=True)


def mutations(long: bool) -> dict[str, object] | None:
    done = script(
        "mutations.py", "--json", *(["--each", "20", "--minutes", "240"] if long else ["--each", "1", "--minutes", "3"])
    )
    return done and {**last_line("mutations", done), "battery": "mutations"}


def last_line(battery: str, done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return the last line of JSON that a script printed."""
    for text in reversed(done.stdout.splitlines()):
        if text.startswith("{"):
            return dict(json.loads(text))
    return line(battery, 0, 1, f"could not run: {done.stderr[-300:]}")


def pictures(long: bool) -> dict[str, object] | None:
    done = script("mutated_pictures.py", "--times", "20" if long else "1")
    if done is None:
        return None
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in done.stdout.splitlines() if row.startswith("|")]
    files = sum(int(row[1].replace(",", "")) for row in rows[2:])
    failed = sum(text.startswith("FAULT") for text in done.stdout.splitlines()) or int(not files)
    ways = len(rows) - 3
    note = f"{files:,} files, damaged in {ways} ways, by `dataset create` and by `predict`: `mutated_pictures.py`"
    return line("pictures", files * (len(rows[0]) - 2) if rows else 0, failed, note)


def cases(long: bool) -> dict[str, object] | None:
    found = sorted(CASES.glob("[0-9]*.py"))
    if not found:
        return None
    ends = [subprocess.run([sys.executable, str(path)], cwd=ROOT, capture_output=True).returncode for path in found]
    wrong = [path.stem for path, end in zip(found, ends) if end]
    note = "situations from public reports, each as a small program" + (f"; {', '.join(wrong)}" if wrong else "")
    return line("cases", len(found), len(wrong), note)


KILLS = {"GLASSHOUSE_KILLS": "40"}
BATTERIES = (
    Battery("hostile", "requests with hostile values in every place that takes one", ("web/test_web_hostile*.py",),
            counts="requests"),
    Battery("requests", "requests after the API's own description, and with values nobody should send",
            ("web/test_web_property*.py",), counts="requests"),
    Battery("roles", "every route, requested by everybody", ("web/test_web_routes_who*.py",), counts="requests"),
    Battery("pictures", "damaged pictures of every format", run=pictures),
    Battery("archives", "hostile archives, models and weights",
            ("data/test_data_archive*.py", "export/test_export_bundle*.py", "export/test_export_hostile*.py",
             "networks/test_networks_weights*.py", "networks/test_networks_foreign*.py")),
    Battery("damage", "flipped bits and cut files in what is kept", ("**/test_*integrity*.py", "**/test_*verif*.py",
                                                                     "data/test_data_dataset.py")),
    Battery("kills", "blows with SIGKILL to a working Studio, in all ways", ("jobs/test_jobs_kills*.py",),
            counts="kills", long=KILLS),
    Battery("trainings", "trainings that are killed or interrupted, and end with the bits of a calm run",
            ("training/test_training_*.py",), only="interrupted or killed"),
    Battery("pairs", "settings in pairs, against plain formulas", ("**/test_*pairs*.py", "**/test_*together*.py"),
            only="not forms_at_once"),
    Battery("faults", "faults of a user's settings, reported in words", ("training/test_training_diagnosis*.py",
                                                                      "export/test_export_hostile*.py")),
    Battery("mutations", "small faults in the core's own code, which its tests must notice", run=mutations),
    Battery("cases", "cases", run=cases),
)  # fmt: skip


def row(battery: Battery, found: Mapping[str, object]) -> str:
    return f"| {battery.words} | {found['tried']:,} | {found['failed']:,} | {found['note']} |"


def pairs() -> str:
    """Return the list of pairs: what the tests of that battery are called with."""
    battery = next(one for one in BATTERIES if one.name == "pairs")
    files = [str(path) for pattern in battery.tests for path in (ROOT / "tests").glob(pattern)]
    if not files:
        return ""
    words = [sys.executable, "-m", "pytest", "-q", "--collect-only", *files]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout
    names: dict[str, list[str]] = {}
    for test, values in re.findall(r"::test_(\w+)(?:\[(.*)\])?$", told, re.M):
        names.setdefault(test.replace("_", " "), []).append(values)
    return "".join(f"- {test}{': ' if any(several) else ''}{', '.join(several)}\n" for test, several in names.items())


def condition() -> str:
    """Say what it was run with, without a date."""
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M) if os.name == "posix" else []
    computer = f"{os.cpu_count()} cores of {names[0].strip()}" if names else f"{os.cpu_count()} cores"
    return (
        f"Glasshouse {__version__}, Python {platform.python_version()}, "
        f"torch {version('torch')}, {platform.system()}, {computer}."
    )


def written(page: str, rows: Mapping[str, str]) -> str:
    """Return the page with ``rows`` (by their first cell) in the place of the earlier ones; the others stay."""
    old = page[page.index(BEGIN) : page.index(END)]
    kept = {text.split("|")[1].strip(): text for text in old.splitlines() if text.startswith("|")}
    every = [rows.get(one.words, kept.get(one.words, "")) for one in BATTERIES]
    return between(page, BEGIN, END, f"{condition()}\n\n{HEAD}" + "".join(f"{text}\n" for text in every if text))


def between(page: str, begin: str, end: str, text: str) -> str:
    """Return the page with ``text`` between two marks."""
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n\n{text}\n{end}{rest.partition(end)[2]}"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--long", action="store_true", help="try much more: 40 kills, 20 turns of damage, all faults"
    )
    names = [battery.name for battery in BATTERIES]
    arguments.add_argument("--only", nargs="*", default=names, choices=names, metavar="BATTERY", help=", ".join(names))
    arguments.add_argument("--dry", action="store_true", help="print the lines, write nothing")
    options = arguments.parse_args()
    rows, failed = {}, 0
    for battery in BATTERIES:
        if battery.name not in options.only:
            continue
        found = battery.run(options.long) if battery.run else of_tests(battery, options.long)
        if found is None:
            print(f"{battery.name}: not here, passed over", file=sys.stderr, flush=True)
            continue
        print(json.dumps(found), flush=True)
        rows[battery.words] = row(battery, found)
        failed += bool(found["failed"])
    if not options.dry:
        page = written(PAGE.read_text(encoding="utf-8"), rows)
        if "pairs" in options.only:
            page = between(page, PAIRS_BEGIN, PAIRS_END, pairs())
        PAGE.write_text(page, encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
