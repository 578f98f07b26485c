"""Do the tests notice a fault? Small faults are put into the core, one at a time, and its tests are run.

    python benchmarks/mutations.py [--each 6] [--seed 1] [--minutes 15] [--only data/splitting/split] [--json]

A fault is a comparison moved, a sign or a constant changed, a statement deleted, a result dropped, a condition negated.
It is put into a copy of the sources, and the tests that mirror the module run there, with a time limit. A fault that no
test notices survived: a test is missing, or the fault changes nothing (``mutations_equal.py`` lists such, with why).
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mutations_equal import EQUAL
from mutations_made import Mutation, mutations

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "src/glasshouse"
PRELOADED = ("numpy", "scipy.special", "torch", "PIL.Image", "sqlalchemy", "pydantic", "pytest", "hypothesis")
MEMORY = 12 * 2**30  # bytes of address space of one run

# A module, and the tests that run when it is changed: the nearest first, since the first failure ends the run.
MODULES: dict[str, tuple[str, ...]] = {
    "data/splitting/split": ("data/test_data_split.py", "data/test_data_quotas.py"),
    "data/splitting/quotas": ("data/test_data_quotas.py", "data/test_data_split.py"),
    "data/splitting/groups": ("data/test_data_split.py", "data/test_data_prepare.py"),
    "data/splitting/twins": ("data/test_data_twins.py",),
    "data/draws": ("data/test_data_draws.py", "data/test_data_batches.py", "data/test_data_augment.py"),
    "data/batches": ("data/test_data_batches.py",),
    "data/augment": ("data/test_data_augment.py",),
    "data/augmentation/warp": ("data/test_data_warp.py", "data/test_data_augment.py"),
    "data/augmentation/colour": ("data/test_data_augment.py",),
    "data/augmentation/boxes": ("data/test_data_boxes.py", "data/test_data_augment.py"),
    "data/augmentation/erasing": ("data/test_data_augment.py",),
    "data/augmentation/mixing": ("data/test_data_augment.py",),
    "training/objective": ("training/test_training_parts.py", "training/test_training_loop.py"),
    "training/schedules": ("training/test_training_schedules.py",),
    "training/optimizers": ("training/test_training_optimizers.py", "training/test_training_parts.py"),
    "evaluation/baselines": ("evaluation",),
    "evaluation/intervals": ("evaluation",),
    "evaluation/metrics": ("evaluation",),
    "evaluation/report": ("evaluation",),
    "evaluation/report_html": ("evaluation",),
    "evaluation/report_markdown": ("evaluation",),
    "evaluation/report_text": ("evaluation",),
    "evaluation/wording": ("evaluation",),
    "export/inference": ("export/test_export_predictor.py",),
    "networks/fitting": ("networks/test_networks_weights.py",),
    "store/queue": ("store/test_store_queue.py", "store/test_store_leases.py"),
    "recipe/augmentation": ("test_recipe.py", "test_recipe_meaning.py"),
    "recipe/checking": ("test_recipe.py", "test_recipe_meaning.py"),
    "recipe/dataset": ("test_recipe.py", "test_recipe_meaning.py"),
    "recipe/document": ("test_recipe.py", "test_recipe_meaning.py"),
    "recipe/fields": ("test_recipe_declared.py", "test_recipe_fields.py"),
    "recipe/part": ("test_recipe.py", "test_recipe_meaning.py"),
    "recipe/training": ("test_recipe.py", "test_recipe_meaning.py"),
}


@dataclass
class Result:
    """What became of a module's mutations: how many were tried, and which survived."""

    tried: int = 0
    survived: tuple[Mutation, ...] = ()
    note: str = ""


def copied(to: Path) -> Path:
    """Copy what the tests need, with ../shared beside it; return the copy."""
    tree = to / "tree"
    for name in ("src", "tests", "docs"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tree / name)
    if (ROOT.parent / "shared").exists():
        (to / "shared").symlink_to((ROOT.parent / "shared").resolve())
    return tree


def prepare_process(tree: Path) -> None:
    """Load once what is slow to load, so that each run is a fork of this process; glasshouse itself is not loaded."""
    os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE", PYTHONDONTWRITEBYTECODE="1")
    os.environ["PYTHONPATH"] = str(tree / "src")
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(tree / "src"))
    for name in PRELOADED:
        __import__(name)


def run_tests(tree: Path, tests: Sequence[str], seconds: float) -> tuple[str, float]:
    """Run tests in a fork; return ``passed``, ``failed`` or ``too long``, and the processor seconds used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = _tests(tree, tests, seconds)
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    deadline, status = time.monotonic() + 6 * seconds + 60, None
    while status is None:
        found, code = os.waitpid(pid, os.WNOHANG)
        if found:
            status = code
        elif time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
        else:
            time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if os.WIFSIGNALED(status):
        return "too long" if os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXCPU) else "failed", used
    return "failed" if os.WEXITSTATUS(status) else "passed", used


def _tests(tree: Path, tests: Sequence[str], seconds: float) -> int:
    import hypothesis
    import pytest

    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(tree)
    log = os.open(tree.parent / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile("mutations", phases=phases, deadline=None, database=None, derandomize=True)
    hypothesis.settings.load_profile("mutations")
    chosen = [str(tree / "tests" / name) for name in tests]
    words = ["-x", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider"]
    words += ["-m", "not slow and not system and not real", *chosen]
    return int(pytest.main(words))


def tried(tree: Path, module: str, each: int, draw: random.Random, until: float) -> Result:
    """Try up to ``each`` mutations of a module."""
    path = tree / PACKAGE / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    found = [m for m in mutations(source) if (module, m.words) not in EQUAL]
    tests = MODULES[module]
    end, calm = run_tests(tree, tests, 300)
    if end != "passed":
        print((tree.parent / "log.txt").read_text(errors="replace")[-4000:], file=sys.stderr)
        return Result(note="its tests do not pass as they are")
    result = Result()
    for mutation in draw.sample(found, min(each, len(found))):
        if time.monotonic() > until:
            result.note = "stopped by the time limit"
            break
        path.write_text(mutation.applied(source), encoding="utf-8")
        end, _ = run_tests(tree, tests, 3 * calm + 10)
        result.tried += 1
        if end == "passed":
            result.survived = (*result.survived, mutation)
            print(f"survived: {module}:{mutation.line}: {mutation.words}", file=sys.stderr, flush=True)
    path.write_text(source, encoding="utf-8")
    return result


def table(results: dict[str, Result]) -> str:
    lines = ["| module | faults | noticed | survived |", "|---|---|---|---|"]
    for module, result in results.items():
        note = f" ({result.note})" if result.note else ""
        noticed = result.tried - len(result.survived)
        lines.append(f"| {module}{note} | {result.tried} | {noticed} | {len(result.survived)} |")
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--each", type=int, default=6, help="faults a module")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--minutes", type=float, default=15, help="no fault is begun after this time")
    arguments.add_argument("--only", nargs="*", default=sorted(MODULES), choices=sorted(MODULES), metavar="MODULE")
    arguments.add_argument("--json", action="store_true", help="print one line of JSON instead of the table")
    options = arguments.parse_args()
    until = time.monotonic() + 60 * options.minutes
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(Path(folder))
        prepare_process(tree)
        random.Random(options.seed).shuffle(options.only)  # so that a short run sees other modules with another seed
        for module in options.only:
            if time.monotonic() > until:
                break
            results[module] = tried(tree, module, options.each, random.Random(f"{options.seed} {module}"), until)
            print(f"{module}: {results[module].tried} tried", file=sys.stderr, flush=True)
    count = sum(result.tried for result in results.values())
    survived = [f"{name}: {m.words}" for name, result in results.items() for m in result.survived]
    broken = [name for name, result in results.items() if result.note.startswith("its tests")]
    note = (
        f"{len(results)} modules, up to {options.each} faults each, seed {options.seed}; {len(EQUAL)} known to be equal"
    )
    line = {"battery": "mutations", "tried": count, "failed": len(survived) + len(broken), "note": note}
    results = {name: results[name] for name in sorted(results)}
    print(json.dumps({**line, "survived": survived, "broken": broken}) if options.json else table(results))


if __name__ == "__main__":
    main()
