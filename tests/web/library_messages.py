"""The texts of the library that may reach a person in the Studio, gathered from its sources as templates.

Every string of a few words in the rooms is taken, but for what is named below. ``python tests/web/library_messages.py``
prints those that have no Korean text yet.
"""

import ast
import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic_core._pydantic_core import list_all_errors

import glasshouse
from glasshouse.web.framework.translation import PLACEHOLDER

SOURCES = Path(glasshouse.__file__).parent
ROOMS = (
    "integrity",
    "recipe",
    "data",
    "evaluation",
    "export",
    "training",
    "networks",
    "layers",
    "explanation",
    "search",
    "store",
    "jobs",
)
WORDS = re.compile(r"[A-Za-z]{3,}")
MARKUP = re.compile(r"<[a-zA-Z]|^(SELECT|UPDATE|INSERT|DELETE|ALTER|CREATE|BEGIN|[A-Z]\w*\[)|Tensor ")
PYDANTIC = [
    "bool_parsing",
    "bool_type",
    "dict_type",
    "finite_number",
    "float_parsing",
    "float_type",
    "greater_than",
    "greater_than_equal",
    "int_from_float",
    "int_parsing",
    "int_type",
    "json_invalid",
    "less_than",
    "less_than_equal",
    "list_type",
    "missing",
    "model_type",
    "string_pattern_mismatch",
    "string_too_long",
    "string_too_short",
    "string_type",
    "too_long",
    "too_short",
    "tuple_type",
    "value_error",
    "string_unicode",
    "int_parsing_size",
]
SYSTEM = (  # what the operating system says, and how pydantic lists words
    "No such file or directory",
    "Permission denied",
    "No space left on device",
    "Is a directory",
    "Not a directory",
    "File name too long",
    "File exists",
    "Read-only file system",
    "Input/output error",
    "Disk quota exceeded",
    "Too many open files",
    "Directory not empty",
    "Not Found",
    *("picture", "pictures", "dataset", "model", "job", "upload", "run"),  # words that stand in messages
    *("queued", "running", "waiting", "done", "failed", "aborted"),
    "'{these}' or '{last}'",
    "Input should be {expected}",
)

NEVER_SHOWN = {  # files whose texts no page prints, and why
    "data/preparing/progress.py": "command line and notebooks",
    "data/gallery.py": "notebooks",
    "data/image_data.py": "the Learner level",
    "data/augmentation/keras_generator.py": "the Learner level",
    "evaluation/intervals.py": "programmer errors",
    "evaluation/report_html.py": "notebooks",
    "evaluation/report_markdown.py": "files",
    "evaluation/report_text.py": "command line",
    "evaluation/wording.py": "the report's own forms; the page has its own words",
    "explanation/follow_html.py": "notebooks",
    "explanation/sentences.py": "the page has its own words (follow.po)",
    "explanation/weight_story.py": "notebooks",
    "explanation/updates.py": "formulas; the page has its own words",
    "export/card.py": "a file of the model",
    "export/listing.py": "command line",
    "layers/activations.py": "formulas",
    "layers/arrays.py": "the Layers level",
    "layers/compiling.py": "the Layers level",
    "layers/diagram.py": "the Layers level",
    "layers/files.py": "the Layers level",
    "layers/history.py": "command line and notebooks",
    "layers/holding.py": "the Layers level",
    "layers/network.py": "the Layers level",
    "layers/settings.py": "the Layers level",
    "layers/summary.py": "the Layers level",
    "layers/training.py": "the Layers level",
    "layers/classics/taking.py": "the Layers level",
    "networks/vision.py": "a signature",
    "recipe/setting.py": "the pages have their texts (recipe.po)",
    "store/migrations.py": "SQL",
    "training/curves.py": "notebooks",
    "training/display.py": "command line",
    "training/finder.py": "the Learner level",
    "training/learner.py": "the Learner level",
    "training/loop.py": "command line",
    "training/run_folder.py": "command line",
    "jobs/job_log.py": "the log of a job",
    "jobs/shutdown.py": "the worker's log",
    "jobs/only_studio.py": "command line",
    "web/framework/options.py": "what is found and replaced in messages",
    "store/versions.py": "the logs of workers and jobs",
}
NEVER_SAID = re.compile(  # single texts that no page prints: for programmers, logs, and texts to be found in others
    r"<(Dataset|Split|Model|Learner|Network|Follow) |^confusion: |^log_loss: |^measure: |enter a phase|"
    r"extraneous bytes|^Premature end|can't allocate|not enough memory|weights only load failed|"
    r"^more than 1 value per channel$|^without overflow$|^\^\(train\||^fold \(|^fold (\{fold\}/|1/|$)|"
    r"^(cuda|cudnn|hip) error|"
    r"no cuda gpus|^out of memory|^python -m|trainings at once|^end when|what this computer is|^later Glasshouse|"
    r"^The GPU failed$|, Deep |et al\.|Zisserman|^Tan, Le|^Chollet|^see timm|has no compute|has no change|"
    r"^This model takes rows|"
    r"^(attachment|path,truth|default-src)|"
    r"^PRAGMA|^GPU $|^worker: |^--(valid|test) |^ and $|^evaluate \{|^batch \{|^\{name\}error: |"
    r"^Input should be $|^Moment |^a \{kind\}; expected|^expected a path, bytes|not a Head; build|"
    r"give one picture without N|"
    r"^the language of comments|stands in another file already|^subprocess|"
    r"^not in a class folder of $|^there is no such file under $|"
    r"^network trash folder$|^temporary items$|^system volume information$|"
    r"^The job is begun again by itself|^The process was ended by|"
    r"^a reader (failed|ended)|"
    r"^the Studio's home$|^wilson|^There is no Studio at|The job's process ends|^The job stops|^LeCun"
)


@cache
def templates() -> dict[str, str]:
    """Return each template and the first place where it stands."""
    found: dict[str, str] = dict.fromkeys(SYSTEM, "the system")
    for one in list_all_errors():
        if one["type"] in PYDANTIC:
            found[one["message_template_python"].removeprefix("Input should be ")] = "pydantic"
    shapes: dict[str, tuple[str, str]] = {}
    for text, place in itertools.chain(_of_rooms(), _of_raises()):
        if _is_message(text):
            shapes.setdefault(PLACEHOLDER.sub("{}", text), (text, place))
    return found | dict(shapes.values())


def _of_rooms() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for file in sorted((SOURCES / room).rglob("*.py")):
            name = file.relative_to(SOURCES).as_posix()
            if name not in NEVER_SHOWN:
                tree = ast.parse(file.read_text(encoding="utf-8"))
                yield from _in(tree, name)


def _of_raises() -> Iterator[tuple[str, str]]:
    """Yield what the ladder and the web raise; their other strings are code, and texts that pages ask for."""
    for file in sorted([*(SOURCES / "ladder").rglob("*.py"), *(SOURCES / "web").rglob("*.py"), SOURCES / "errors.py"]):
        tree, name = ast.parse(file.read_text(encoding="utf-8")), file.relative_to(SOURCES).as_posix()
        for node in ast.walk(tree):
            called = isinstance(node, ast.Call) and _name(node.func).endswith(("Error", "Problem", "named", "Remark"))
            raised = isinstance(node, ast.Raise) or (file.name == "errors.py" and isinstance(node, ast.Assign))
            if called or raised:
                yield from _in(node, name)
        if name.startswith("web/") and name not in NEVER_SHOWN:
            asked = {text for text, _ in _in_calls(tree, name)}
            yield from (one for one in _in(tree, name) if len(WORDS.findall(one[0])) > 5 and one[0] not in asked)


def _in_calls(tree: ast.AST, file: str) -> Iterator[tuple[str, str]]:
    """Yield the texts that have Korean ones as pages have them, and the descriptions in the API."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in ("", "gettext", "ngettext", "Query", "Field"):
            yield from _in(node, file)
        elif isinstance(node, ast.keyword) and node.arg in ("description", "summary"):
            yield from _in(node.value, file)


def _in(tree: ast.AST, file: str) -> Iterator[tuple[str, str]]:
    """Yield the templates of a tree: strings, f-strings and their sums, each once."""
    inside = {id(node) for node in itertools.chain(_docstrings(tree), _declarations(tree))}
    for node in ast.walk(tree):
        if id(node) in inside or not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            continue
        pieces = _pieces(node)
        if pieces is None:
            continue
        inside |= {id(part) for part in _taken(node)}
        for text in _texts(pieces):
            yield text, f"{file}:{node.lineno}"


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _declarations(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what declares fields of a recipe for people: texts of the pages and the command line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in ("Setting", "Option"):
            yield from ast.walk(node)


def _pieces(node: ast.AST) -> list[list[str] | ast.expr] | None:
    """Return an expression as the strings that may stand at each place, and the expressions between them."""
    if isinstance(node, ast.Constant):
        return [[node.value]] if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        found: list[list[str] | ast.expr] = []
        for value in node.values:
            inner = value.value if isinstance(value, ast.FormattedValue) else value
            found.append(_choices(inner) or inner)
        return found
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = (_pieces(side) or _choice(side) for side in (node.left, node.right))
        return left + right if any(isinstance(one, list) for one in left + right) else None
    return None


def _choice(node: ast.expr) -> list[list[str] | ast.expr]:
    return [_choices(node) or node]


def _choices(node: ast.expr) -> list[str] | None:
    """Return the strings that a constant, or a choice among constants, may be."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else None
    if isinstance(node, ast.IfExp):
        first, second = _choices(node.body), _choices(node.orelse)
        return first + second if first and second else None
    return None


def _taken(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes whose text stands in the template of ``node`` already."""
    if isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            if _pieces(side) or _choices(side):
                yield side
                yield from _taken(side)
    elif isinstance(node, ast.IfExp):
        for side in (node.body, node.orelse):
            yield side
            yield from _taken(side)
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield value
            if isinstance(value, ast.FormattedValue):
                if value.format_spec:
                    yield from ast.walk(value.format_spec)
                if _choices(value.value):
                    yield from ast.walk(value.value)


def _texts(pieces: list[list[str] | ast.expr]) -> Iterator[str]:
    """Yield each text that the pieces may make, with a name in braces for each expression; names differ."""
    for chosen in itertools.product(*(one if isinstance(one, list) else [one] for one in pieces)):
        used: dict[str, int] = {}
        text = ""
        for one in chosen:
            if isinstance(one, str):
                text += one
                continue
            name = _name(one) or "it"
            used[name] = used.get(name, 0) + 1
            text += f"{{{name}{used[name] if used[name] > 1 else ''}}}"
        yield text


def _name(node: ast.AST) -> str:
    """Return a name for what an expression gives: that of the variable, or of what a function is called with."""
    if isinstance(node, ast.Name):
        return node.id.strip("_")
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_") if node.attr != "__name__" else "kind"
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    if isinstance(node, ast.Call):
        inner = [node.func.value] if isinstance(node.func, ast.Attribute) and not node.args else []
        return next((name for one in [*node.args, *inner] if (name := _name(one))), "") or _name(node.func)
    if isinstance(node, ast.BinOp):
        return _name(node.left) or _name(node.right)
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        return _name(node.generators[0].iter)
    if isinstance(node, ast.IfExp):
        return _name(node.body) or _name(node.orelse)
    if isinstance(node, ast.BoolOp):
        return _name(node.values[0])
    if isinstance(node, ast.Starred | ast.UnaryOp):
        return _name(node.value if isinstance(node, ast.Starred) else node.operand)
    return ""


def _is_message(text: str) -> bool:
    own = PLACEHOLDER.sub("\0", text)
    return " " in own and WORDS.search(own) and not MARKUP.search(text) and not NEVER_SAID.search(text)


if __name__ == "__main__":
    from glasshouse.web.framework.language import library_texts

    known = library_texts("ko")
    for text, place in templates().items():
        if text not in known:
            print(f"{place} | {text!r}")
