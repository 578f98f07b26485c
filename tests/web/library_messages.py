"""The templates of what the library may say to a person in the Studio, gathered from its sources.

A template is the constant text that an error, a :class:`Message` or one of ``CALLS`` is given.
``python tests/web/library_messages.py`` prints those that have no Korean text yet.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic_core._pydantic_core import list_all_errors

import glasshouse
from glasshouse.messages import PLACEHOLDER

SOURCES = Path(glasshouse.__file__).parent
WORDS = re.compile(r"[A-Za-z]{3,}")
CALLS = ("Message", "Problem", "Rejected", "Finding", "Notice", "FileCheck", "Remark", "named")
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
    *("{value} %", "{low}–{high} %"),  # signs, which Korean writes otherwise
)

NEVER_SHOWN = {  # files whose texts no page prints, and why
    "data/preparing/progress.py": "command line and notebooks",
    "data/gallery.py": "notebooks",
    "data/image_data.py": "the Learner level",
    "data/augmentation/keras_generator.py": "the Learner level",
    "evaluation/intervals.py": "programmer errors",
    "evaluation/named_metrics.py": "the Learner level",
    "evaluation/report_html.py": "notebooks",
    "evaluation/report_text.py": "command line",
    "explanation/follow_html.py": "notebooks",
    "explanation/sentences.py": "the page has its own words (follow.po)",
    "explanation/weight_story.py": "notebooks",
    "explanation/updates.py": "formulas; the page has its own words",
    "export/listing.py": "command line",
    "layers/activations.py": "formulas",
    "layers/arrays.py": "the Layers level",
    "layers/batches.py": "the Layers level",
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
    "training/curves.py": "notebooks",
    "training/display.py": "command line",
    "training/finder.py": "the Learner level",
    "training/learner.py": "the Learner level",
    "jobs/job_log.py": "the log of a job",
    "jobs/shutdown.py": "the worker's log",
    "jobs/only_studio.py": "command line",
    "web/framework/options.py": "what is found and replaced in messages",
    "store/versions.py": "the logs of workers and jobs",
}
OTHER_ROOMS = ("autodiff", "cli", "fastai", "keras", "notebook.py")  # which the Studio does not show
FOR_PROGRAMMERS = re.compile(
    r"^(confusion|log_loss|measure): |not a Head; build|^expected a path, bytes|^This model takes|^enter a phase|"
    r"^a \{kind\}; expected a path|give one picture without N|^the language of comments|"
    r"^There is nothing at /\{kind\}s\."
)


@cache
def templates() -> dict[str, str]:
    """Return each template and the first place where it stands."""
    found: dict[str, str] = dict.fromkeys(SYSTEM, "the system")
    for one in list_all_errors():
        if one["type"] in PYDANTIC:
            found[one["message_template_python"].removeprefix("Input should be ")] = "pydantic"
    for name, tree in trees():
        for call in calls(tree):
            alone = getattr(call.func, "id", "") == "Message"  # whose text may be one word; others take names too
            for node in call.args:
                for text in constants(node):
                    if (
                        (alone or " " in text)
                        and WORDS.search(PLACEHOLDER.sub("", text))
                        and not FOR_PROGRAMMERS.search(text)
                    ):
                        found.setdefault(text, f"{name}:{node.lineno}")
    return found


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    """Return the name and the tree of each file whose messages the Studio may show."""
    files = ((file, file.relative_to(SOURCES).as_posix()) for file in sorted(SOURCES.rglob("*.py")))
    shown = [(file, name) for file, name in files if name not in NEVER_SHOWN and not name.startswith(OTHER_ROOMS)]
    return tuple((name, ast.parse(file.read_text(encoding="utf-8"))) for file, name in shown)


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that make an error, a message or something that holds one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CALLS or name.endswith("Error"):
                yield node


def constants(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may be: its own, or one of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from constants(value)


if __name__ == "__main__":
    from glasshouse.web.framework.language import library_texts

    known = library_texts("ko")
    for text, place in templates().items():
        if text not in known:
            print(f"{place} | {text!r}")
