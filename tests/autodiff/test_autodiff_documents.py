"""What the documents and docstrings show is run here."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import glasshouse.autodiff as autodiff
from names_in_order import by_kind

DOCS = Path(__file__).parents[2] / "docs"
STEPS = sorted(p.name for p in (DOCS / "engine-in-steps" / "en").glob("step*.py"))
MODULES = [f"glasshouse.autodiff.{m.name}" for m in pkgutil.iter_modules(autodiff.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_docstrings(name):
    result = doctest.testmod(importlib.import_module(name), extraglobs={"np": np})
    assert result.failed == 0


def test_every_public_function_and_class_of_the_book_has_an_example():
    for name in ("functions", "layers", "models", "optimizers", "transforms", "datasets"):
        module = importlib.import_module(f"glasshouse.autodiff.{name}")
        for public in module.__all__:
            doc = inspect.getdoc(getattr(module, public)) or ""
            exempt = public in ("rdiv", "rsub", "MNIST")  # MNIST needs files
            assert ">>>" in doc or exempt, f"{name}.{public} has no example"


def test_all_lists_are_sorted_and_true():
    for name in MODULES:
        module = importlib.import_module(name)
        assert list(module.__all__) == sorted(set(module.__all__), key=by_kind)
        assert all(hasattr(module, public) for public in module.__all__)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", STEPS)
def test_the_engine_in_steps(name, language, monkeypatch, capsys):
    source = (DOCS / "engine-in-steps" / language / name).read_text(encoding="utf-8")
    exec(compile(source, name, "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


def without_words(source):
    """The program with its comments, docstrings and texts left out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


@pytest.mark.parametrize("name", STEPS)
def test_both_languages_have_the_same_program(name):
    en, ko = ((DOCS / "engine-in-steps" / language / name).read_text(encoding="utf-8") for language in ("en", "ko"))
    assert without_words(en) == without_words(ko)
    assert re.search("[가-힣]", ko)
    assert not re.search("[가-힣]", en)


def test_there_are_ten_steps_and_both_indexes_name_them():
    assert len(STEPS) == 10
    for index, language in (("README.md", "en"), ("README.ko.md", "ko")):
        text = (DOCS / "engine-in-steps" / index).read_text(encoding="utf-8")
        assert all(f"{language}/{name}" in text for name in STEPS)


def test_the_code_of_the_book_page(capsys):
    pages = [(DOCS / name).read_text(encoding="utf-8") for name in ("from-the-book.md", "from-the-book.ko.md")]
    blocks = [re.findall(r"```python\n(.*?)```", page, re.DOTALL) for page in pages]
    assert blocks[0] == blocks[1]
    assert len(blocks[0]) == 2
    for block in blocks[0]:
        exec(compile(block, "from-the-book.md", "exec"), {"__name__": "__main__"})
    assert "epoch 3 loss" in capsys.readouterr().out


def test_importing_the_engine_loads_no_torch_and_no_drawing():
    code = "import glasshouse.autodiff, sys; print([m for m in ('torch', 'graphlay', 'sklearn') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_engine_imports_nothing_of_glasshouse_but_its_errors():
    for path in Path(autodiff.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not [n for n in names if n.startswith("glasshouse") and n != "glasshouse.errors"], path.name


def test_no_circle_of_imports():
    modules = {p.stem: p for p in Path(autodiff.__path__[0]).glob("*.py") if p.stem != "__init__"}
    needs = {}
    for name, path in modules.items():
        nodes = [
            n
            for n in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(n, ast.ImportFrom) and n.level
        ]
        needs[name] = {n.module for n in nodes if n.module} | {a.name for n in nodes if not n.module for a in n.names}
    while free := [name for name, wanted in needs.items() if not wanted & needs.keys()]:
        for name in free:
            del needs[name]
    assert not needs, f"these import each other in a circle: {sorted(needs)}"
