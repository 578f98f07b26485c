"""The rooms: each imports only those above it, there is no circle, and what must be quick loads no torch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from names_in_order import by_kind

SOURCE = Path(__file__).resolve().parent.parent / "src" / "glasshouse"
ROOMS = (
    "messages", "errors", "events", "integrity", "autodiff", "dezero", "layers", "recipe", "networks", "data", "keras",
    "evaluation", "uncertainty", "export", "training", "explanation", "ladder", "search", "fastai", "store", "jobs",
    "serving", "web", "notebook", "cli",
)  # fmt: skip
WITHOUT_TORCH = (
    "messages",
    "errors",
    "events",
    "autodiff",
    "dezero",
    "keras",
    "recipe",
    "evaluation",
    "uncertainty",
    "ladder",
    "fastai",
    "store",
    "jobs",
    "serving",
    "web",
    "cli",
)
ON_TORCH = {"glasshouse.autodiff.torch_arrays", "glasshouse.autodiff.torch_windows"}  # arrays of torch, where chosen
FILES = sorted(path for path in SOURCE.rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


def imports_of(path: Path, *, late: bool = True) -> Iterator[str]:
    """Yield the full name of every module that the file imports (late: within functions too)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if late else _at_import(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = _absolute(path, node)
            names = [f"{home}.{alias.name}" for alias in node.names]
            if not set(names) <= MODULES:  # "from package import module" takes nothing of the package itself
                yield home
            yield from names


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = path.relative_to(SOURCE.parent).parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _at_import(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or typing_only:
            continue
        yield child
        yield from _at_import(child)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_room_imports_only_rooms_above_it(path: Path) -> None:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    if parts == ("__init__",):
        return
    own = parts[0]
    assert own in ROOMS, f"{own} is no room of the design; add it to docs/architecture.md first"
    for name in imports_of(path):
        words = name.split(".")
        if words[0] == "glasshouse" and len(words) > 1 and words[1] in ROOMS:
            assert ROOMS.index(words[1]) <= ROOMS.index(own), f"{own} imports {words[1]}, a room below it"
            assert {own, words[1]} != {"web", "jobs"}, "web and jobs meet in the store"


def test_there_is_no_import_circle() -> None:
    modules = {module_of(path): path for path in FILES}
    graph = {
        name: {found for found in imports_of(path) if found in modules and found != name}
        for name, path in modules.items()
        if name != "glasshouse"
    }
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"import circle: {' -> '.join([*above[above.index(name) :], name])}"
        if name not in done:
            for other in sorted(graph.get(name, ()) - {"glasshouse"}):
                visit(other, (*above, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def both_ways(room: str, imported: dict[tuple[str, ...], list[str]]) -> list[tuple[str, str]]:
    """Return the pairs of folders (or files beside them) of a room that import each other; keys are paths in it."""
    units = {parts[0] for parts in imported}
    found = {(parts[0], name.split(".")[2]) for parts, names in imported.items() for name in names
             if name.startswith(f"glasshouse.{room}.")}  # fmt: skip
    return sorted((a, b) for a, b in found if a < b and b in units and (b, a) in found)


def test_two_folders_that_import_each_other_are_seen() -> None:
    imported = {
        ("classify", "page"): ["glasshouse.web.results.page"],
        ("results", "page"): ["glasshouse.web.context.live", "glasshouse.web.classify.page"],
        ("context", "live"): [],
    }
    assert both_ways("web", imported) == [("classify", "results")]


@pytest.mark.parametrize("room", ["data", "web"])
def test_no_two_folders_of_a_room_import_each_other(room: str) -> None:
    files = {
        path.relative_to(SOURCE / room).with_suffix("").parts: path for path in FILES if SOURCE / room in path.parents
    }
    assert both_ways(room, {parts: list(imports_of(path)) for parts, path in files.items()}) == []


def test_torchvision_and_timm_are_imported_by_one_module_each() -> None:
    found = {
        (name.split(".")[0], module_of(path))
        for path in FILES
        for name in imports_of(path)
        if name.split(".")[0] in ("timm", "torchvision")
    }
    assert found == {("torchvision", "glasshouse.networks.vision"), ("timm", "glasshouse.networks.timm_networks")}


def test_no_module_uses_pickle_or_eval() -> None:
    for path in FILES:
        assert not {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"} & set(imports_of(path)), path
        calls = [
            n.func.id
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        ]
        assert not {"eval", "exec"} & set(calls), path


RUN = "import sys; sys.argv = [{words}]\nfrom glasshouse.cli.main import main\ntry: main()\nexcept SystemExit: pass"
HEAVY = "('torch', 'timm', 'sklearn', 'pyarrow', 'PIL')"


@pytest.mark.parametrize(
    "code",
    [
        "import glasshouse; dir(glasshouse)",
        "import glasshouse.recipe, glasshouse.events, glasshouse.errors",
        "import glasshouse.autodiff",
        "import glasshouse.evaluation",
        RUN.format(words="'glasshouse', '--help'"),
        RUN.format(words="'glasshouse', 'train', '--help'"),
    ],
)
def test_torch_is_not_loaded_by(code: str) -> None:
    check = f"{code}\nimport sys\nheavy = [n for n in {HEAVY} if n in sys.modules]\nassert not heavy, heavy"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_no_module_of_a_quick_room_loads_torch(room: str) -> None:
    names = sorted(name for name in MODULES if f"{name}.".startswith(f"glasshouse.{room}.") and name not in ON_TORCH)
    assert names
    code = (
        f"import importlib, sys\nfor name in {names}:\n    importlib.import_module(name)\n"
        "    heavy = {'torch', 'timm', 'torchvision', 'sklearn'} & set(sys.modules)\n"
        "    assert not heavy, (name, heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr.splitlines()[-1]


def test_the_public_names_are_all_there() -> None:
    import glasshouse

    assert dir(glasshouse) == glasshouse.__all__
    for name in glasshouse.__all__:
        assert getattr(glasshouse, name) is not None, name
    with pytest.raises(AttributeError, match="no attribute 'Lerner'"):
        glasshouse.Lerner  # noqa: B018


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_public_names_are_listed_sorted_and_exist(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "__all__"
        and isinstance(node.value, ast.List)
    ]
    if not listed:
        assert path.name in ("__init__.py", "__main__.py"), f"{path}: no __all__"
        return
    assert len(listed[0]) == len(set(listed[0]))
    assert listed[0] == sorted(listed[0], key=by_kind), f"{path}: __all__ is not sorted"
    defined = {name for node in tree.body for name in _defined(node)}
    missing = set(listed[0]) - defined
    assert not missing, f"{path}: __all__ names {missing}, which are not there"


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.If | ast.Try):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from _defined(child)
