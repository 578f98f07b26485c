"""Pages hand their templates declared contexts: what a template names is a field of a dataclass beside its route."""

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from jinja2 import meta, nodes

from glasshouse.web.datasets.made import Frame as DatasetFrame
from glasshouse.web.framework.language import WEB
from glasshouse.web.framework.templating import environment
from glasshouse.web.models.frame import Frame

OF_EVERY_PAGE = {"user", "maker", "theme", "here", "address"}
# A function that shows a template, and the place of the template's name among its arguments.
SHOWN_BY = {"page": 1, "render": 1, "live": 1, "tab_page": 4, "framed": 3}
ROUTES = sorted(path for path in WEB.rglob("*.py") if "templates" not in path.parts)


def module_of(path: Path) -> ModuleType:
    return import_module(".".join(("glasshouse", "web", *path.relative_to(WEB).with_suffix("").parts)))


def shown_in(path: Path) -> Iterator[tuple[str, frozenset[str], str]]:
    """Yield each template that a module shows, the names of its contexts' classes, and the function that shows it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    makes = {
        one.name: returned for one in tree.body if isinstance(one, ast.FunctionDef) and (returned := of(one.returns))
    }
    for function in (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)):
        values = {target.id: one.value for one in ast.walk(function) if isinstance(one, ast.Assign)
                  for target in one.targets if isinstance(target, ast.Name)}  # fmt: skip
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SHOWN_BY:
                template, *rest = call.args[SHOWN_BY[call.func.id] :] or [ast.Constant(None)]
                if isinstance(template, ast.Constant) and isinstance(template.value, str):
                    made = [class_of(one, values, makes) for one in rest]
                    yield template.value, frozenset(name for name in made if name), call.func.id


def of(annotation: ast.expr | None) -> str:
    return annotation.id if isinstance(annotation, ast.Name) else ""


def class_of(given: ast.expr | None, values: dict[str, ast.expr], makes: dict[str, str]) -> str:
    """Return the name of the class that an expression makes, of what is made in this module; empty if it is none."""
    if isinstance(given, ast.Name):
        again = {name: value for name, value in values.items() if name != given.id}
        return class_of(values.get(given.id), again, makes)
    if isinstance(given, ast.Lambda):
        return class_of(given.body, values, makes)
    if isinstance(given, ast.Call) and isinstance(given.func, ast.Name):
        if given.func.id == "replace":
            return class_of(given.args[0], values, makes)
        return makes.get(given.func.id, given.func.id)
    return ""


def named_in(template: str) -> set[str]:
    """Return what a template takes from its context, with those that it extends and includes."""
    env = environment("en")
    assert env.loader is not None
    tree = env.parse(env.loader.get_source(env, template)[0])
    kinds = (nodes.Include, nodes.Extends)
    parts = {one.template.value for one in tree.find_all(kinds) if isinstance(one.template, nodes.Const)}
    found = meta.find_undeclared_variables(tree).union(*(named_in(one) for one in parts))
    return found - set(env.globals) - made_in(tree)


def made_in(tree: nodes.Template) -> set[str]:
    """Return the names that a template makes itself: values, macros, and what it imports."""
    names = {one.name for one in tree.find_all(nodes.Name) if one.ctx in ("store", "param")}
    names |= {one.name for one in tree.find_all(nodes.Macro)}
    for found in tree.find_all(nodes.FromImport):
        names |= {one if isinstance(one, str) else one[1] for one in found.names}
    return names


CASES = [(path, *shown) for path in ROUTES for shown in shown_in(path)]


def test_the_pages_are_found() -> None:
    assert len({template for _, template, _, _ in CASES}) > 40


@pytest.mark.parametrize(
    ("path", "template", "kinds", "by"), CASES, ids=[f"{path.parent.name}-{case[0]}" for path, *case in CASES]
)
def test_a_template_names_only_what_its_context_declares(
    path: Path, template: str, kinds: frozenset[str], by: str
) -> None:
    module = module_of(path)
    contexts = [kind for name in kinds if is_dataclass(kind := getattr(module, name, None))]
    contexts += {"framed": [Frame], "tab_page": [DatasetFrame]}.get(by, [])
    assert len(contexts) > (by in ("framed", "tab_page")), "its context is made where this test does not see it"
    declared = {one.name for kind in contexts for one in fields(kind)}
    assert named_in(template) - OF_EVERY_PAGE - declared == set()
    assert all(kind.__dataclass_params__.frozen for kind in contexts)


def test_what_no_context_declares_is_seen() -> None:
    assert "shown" not in named_in("message.html")
    assert {"title", "message", "details"} <= named_in("message.html")
