"""The scripts behind docs/reliability.md: faults are put in where they say, the table is written and keeps its rows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import mutations as battery  # noqa: E402
import mutations_made  # noqa: E402
import reliability  # noqa: E402
from mutations_equal import EQUAL  # noqa: E402

SOURCE = '''
"""A docstring: 1 < 2."""
LIMIT: int = 3

def f(x, *, deep=False):
    """Return 4."""
    if x < LIMIT and not deep:
        raise ValueError(f"{x} is below {LIMIT + 1}")
    total[x] = x + 1
    print(total)
    return total
'''


def test_faults_are_made_where_something_is_computed_and_nowhere_else() -> None:
    words = [one.words for one in mutations_made.mutations(SOURCE)]
    assert words == [
        "3 -> 4 in: LIMIT: int = 3",
        "False -> True in: def f(x, *, deep=False):",
        "x < LIMIT -> (x <= LIMIT) in: if x < LIMIT and not deep:",
        "x < LIMIT and not deep -> (not (x < LIMIT and (not deep))) in: if x < LIMIT and not deep:",
        "x < LIMIT and not deep -> (x < LIMIT or not deep) in: if x < LIMIT and not deep:",
        'raise ValueError(f"{x} is below {LIMIT + 1}") -> pass',
        "total[x] = x + 1 -> pass",
        "x + 1 -> (x - 1) in: total[x] = x + 1",
        "1 -> 2 in: total[x] = x + 1",
        "print(total) -> pass",
        "return total -> return None",
    ]


@pytest.mark.parametrize("module", battery.MODULES)
def test_faults_are_python_and_another_program(module: str) -> None:
    source = (ROOT / battery.PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    found, before = mutations_made.mutations(source), ast.dump(ast.parse(source))
    assert found
    for one in found[::9]:
        assert ast.dump(ast.parse(one.applied(source))) != before, one.words
    for tests in battery.MODULES[module]:
        assert (ROOT / "tests" / tests).exists()


def test_what_is_said_to_change_nothing_is_there_and_has_a_reason() -> None:
    for (module, words), reason in EQUAL.items():
        source = (ROOT / battery.PACKAGE / f"{module}.py").read_text(encoding="utf-8")
        assert words in {one.words for one in mutations_made.mutations(source)}, (module, words)
        assert len(reason) > 10


def test_the_table_takes_new_rows_and_keeps_the_others() -> None:
    page = reliability.PAGE.read_text(encoding="utf-8")
    first, other = reliability.BATTERIES[0], reliability.BATTERIES[2]
    rows = {one.words: reliability.row(one, reliability.line(one.name, 1234, 0, "now")) for one in (first, other)}
    once = reliability.written(page, rows)
    assert f"| {first.words} | 1,234 | 0 | now |" in once
    later = {first.words: reliability.row(first, reliability.line(first.name, 5, 1, "later"))}
    twice = reliability.written(once, later)
    assert f"| {first.words} | 5 | 1 | later |" in twice and f"| {other.words} | 1,234 | 0 | now |" in twice
    assert twice.count(reliability.HEAD) == 1 and reliability.written(twice, later) == twice
    assert twice.partition(reliability.END)[2] == page.partition(reliability.END)[2]


def test_damaged_pictures_are_counted_from_their_own_table(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "| damage | files | create: | predict: |\n|---|---|---|---|\n| whole | 46 | 46, 0, 0 | 46, 0, 0 |\n"
    told += "| cut | 1,000 | 900, 100, 0 | 900, 99, 1 |\n\nThe slowest: x 0.1 s\nFAULT predict: x without a reason\n"
    done = subprocess.CompletedProcess([], 1, told, "")
    monkeypatch.setattr(reliability, "script", lambda *words: done)
    found = reliability.pictures(long=False)
    assert found is not None and (found["tried"], found["failed"]) == (2092, 1)
    assert "damaged in 1 ways" in str(found["note"])
    monkeypatch.setattr(reliability, "script", lambda *words: None)
    assert reliability.pictures(long=False) is None and reliability.mutations(long=False) is None


def test_a_battery_whose_files_are_not_there_is_passed_over() -> None:
    assert reliability.of_tests(reliability.Battery("none", "none", ("nowhere/test_*.py",)), long=False) is None
