"""The linear head in a script: the solver as it is in ``training/linear_head.py``, and what is done with it."""

import inspect
import re

from glasshouse.ladder.story import Story
from glasshouse.training import linear_head

__all__ = ["SOLVER_IMPORTS", "fit_lines", "judge_lines", "solver_lines"]

Say = dict[str, str]
SOLVER_IMPORTS = ["from collections.abc import Callable, Iterator"]
FUNCTIONS = (linear_head.log_softmax, linear_head.lbfgs, linear_head.solve, linear_head.strengths_tried)


def solver_lines(say: Say) -> list[str]:
    """Text of the functions that find the head."""
    lines = [
        f"# {say['solver'].replace(chr(10), chr(10) + '# ')}",
        "Array = NDArray[np.float64]",
        "Slope = Callable[[Array], tuple[float, Array]]",
        f"STRENGTHS = {linear_head.STRENGTHS!r}",
    ]
    for function in FUNCTIONS:
        told = say[f"solver-{function.__name__}"]
        text = re.sub(r'"""(?s:.*?)"""', lambda _, told=told: f'"""{told}"""', inspect.getsource(function), count=1)  # type: ignore[misc]
        lines += ["", "", *text.rstrip("\n").split("\n")]
    return [*lines, "", ""]


def fit_lines(story: Story, say: Say, bias: bool) -> list[str]:
    """Text that leaves ``weights`` (K, F), ``biases`` (K,), and the loss in ``losses``."""
    rest = "" if bias else ", bias=False"
    return [
        f"# {say['fit-head'].replace(chr(10), chr(10) + '# ')}",
        "y = train.labels",
        *_shares(story, say),
        f'rows = np.sort(np.argsort(y, kind="stable")[:: -(-len(y) // {linear_head.MOST})])',
        "folds, strength = fold_count(y[rows], train.groups[rows]), 0.1",
        'with threadpool_limits(1, "blas"):',
        "    if folds > 1:",
        "        fold = fold_numbers(y[rows], train.groups[rows], [train.paths[row] for row in rows], folds)",
        "        some = views.numpy()[:, rows]",
        f"        tried = list(strengths_tried(some, y[rows], w[rows], len(data.classes), fold{rest}))",
        "        for strength, loss, _ in tried:",
        f'            print(f"{say["printed-strength"]}")',
        "        strength = min(tried, key=lambda one: one[1])[0]",
        "    x = views.numpy().reshape(-1, views.shape[2])",
        "    y, w = np.tile(y, len(views)), np.tile(w, len(views))",
        f"    found = solve(x, y, w, len(data.classes), strength{rest})",
        "    log_p = log_softmax(x @ found[:-1] + found[-1])",
        "weights = torch.from_numpy(np.ascontiguousarray(found[:-1].T)).float()",
        *(["biases = torch.from_numpy(found[-1]).float()"] if bias else []),
        "losses = [float(-(w * log_p[np.arange(len(y)), y]).mean())]",
        "",
    ]


def judge_lines(story: Story, say: Say, call: str) -> list[str]:
    """Text that judges the head by ``call``, if there are pictures to judge by."""
    judged = f"[(losses[0], *{call})]" if "val" in story.dataset.splits else "[(losses[0],)]"
    return ["", f"history, best_epoch = {judged}, 1", f'print(f"{say["printed-scores"]}")', ""]


def _shares(story: Story, say: Say) -> list[str]:
    given = story.recipe.objective.class_weights
    if given == "none":
        return ["w = np.ones(len(y))"]
    if isinstance(given, dict):
        weights = [given.get(name, 1.0) for name in story.dataset.classes]
        return [f"w = np.array({weights!r}, np.float64)[y]  # {say['class-weights']}"]
    return [
        "counts = np.bincount(y, minlength=len(data.classes))",
        f"w = (len(y) / (len(data.classes) * np.maximum(1, counts)))[y]  # {say['class-weights']}",
    ]
