"""Public names: every module lists its own in ``__all__``, sorted, and each of them is there."""

import ast
import re
from pathlib import Path

import pytest

import glasshouse

PACKAGE = Path(glasshouse.__file__).parent
MODULES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py" or (path.parent != PACKAGE and "__all__" in path.read_text(encoding="utf-8"))
]


def public_names(source: str) -> list[str]:
    """Return what ``__all__`` lists, which is a plain list of texts."""
    found = [
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]
    ]
    assert len(found) == 1, "one __all__"
    names = ast.literal_eval(found[0])
    assert isinstance(names, list) and all(isinstance(name, str) for name in names)
    return names


def by_kind(name: str) -> tuple[int, list[object]]:
    """Constants, then classes, then functions, each by the alphabet with numbers as numbers: the order of ruff."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def defined(source: str) -> set[str]:
    """Return the names that a module has at its top: defined, assigned or imported."""
    names = set()
    for statement in ast.parse(source).body:
        parts = [statement] if isinstance(statement, ast.FunctionDef | ast.ClassDef) else ast.walk(statement)
        for node in parts:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.alias):
                names.add((node.asname or node.name).split(".")[0])
    return names


def test_they_are_sorted_and_there() -> None:
    for path in MODULES:
        source = path.read_text(encoding="utf-8")
        names = public_names(source)
        assert names == sorted(set(names), key=by_kind), path
        assert set(names) <= defined(source), path


def test_those_of_the_package_are_sorted_and_can_be_fetched() -> None:
    assert glasshouse.__all__ == sorted(set(glasshouse.__all__))
    assert dir(glasshouse) == glasshouse.__all__
    for name in glasshouse.__all__:
        assert getattr(glasshouse, name) is not None, name
    with pytest.raises(AttributeError, match=r"no attribute 'lern'; it has .*Learner"):
        glasshouse.lern  # noqa: B018


def test_names_in_disorder_are_noticed() -> None:
    assert sorted(["b", "A", "a10", "a2", "LIMIT", "B"], key=by_kind) == ["LIMIT", "A", "B", "a2", "a10", "b"]
