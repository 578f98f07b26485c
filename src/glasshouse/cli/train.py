"""``glasshouse train``: from pictures to a measured classifier, in a run's folder."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from glasshouse.cli.recipe_options import given_fields, idle_notes
from glasshouse.cli.streams import json_text

if TYPE_CHECKING:
    from glasshouse.evaluation.verdict import NextStep, Verdict
    from glasshouse.events import Event
    from glasshouse.recipe import TrainingRecipe

__all__ = ["follow_run", "train"]

FILES = (".json", ".model")  # of layers: Network.to_dict as JSON, or what Network.save wrote


def _option(help_text: str, metavar: str | None = None) -> Any:
    return typer.Option(help=help_text, metavar=metavar, show_default=True)


def train(
    context: typer.Context,
    size: Annotated[str | None, _option("Source: pixels; the network's own size by default.", "N")] = None,
    color: Annotated[Literal["rgb", "gray"] | None, _option("Source: three channels or one (rgb).")] = None,
    valid: Annotated[float | None, _option("Source: part for validation (0.25).", "X")] = None,
    recipe: Annotated[Path | None, _option("A recipe in JSON; other options override it.", "FILE")] = None,
    out: Annotated[Path | None, _option("The run's folder (runs/<data>-<network>-<n>).", "RUN")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train a network on pictures, and report how good it is on pictures that it did not learn from.

    Ctrl-C stops between two steps; glasshouse resume RUN goes on, with the numbers of an undisturbed run.
    """
    from glasshouse.training.run_folder import RunFolder, next_run

    begun = time.monotonic()
    given = given_fields(context)
    if out is not None:
        RunFolder.check_free(out)
    fields = _fields(recipe, given)
    source = {"size": size, "color": color, "valid": valid, "seed": given.get("seed")}
    pictures, network = fields.get("data"), fields.get("network")
    if pictures is not None and isinstance(network, str | dict):
        fields["data"] = _dataset(Path(str(pictures)), network, source)
    whole = _checked(fields)
    for note in idle_notes(whole, given):
        print(f"note: {note}", file=sys.stderr)
    run = out if out is not None else next_run(Path(str(pictures or "data")).name, whole.network_name)
    _train(whole, run, begun, as_json)


def follow_run(events: "Iterator[Event]", run: Path, begun: float, as_json: bool) -> None:
    """Show a training on stderr, then its result: on stdout as JSON, or as words."""
    from glasshouse.training.display import show_training

    try:
        finished = show_training(events, sys.stderr)
    except KeyboardInterrupt:
        print(f"\nStopped; everything so far is kept. Go on with:\n  glasshouse resume {run}", file=sys.stderr)
        raise typer.Exit(130) from None
    seconds = time.monotonic() - begun
    if as_json:
        print(json_text(_document(run, seconds)))
    elif finished is not None:
        _tell(run, seconds)


def _train(recipe: "TrainingRecipe", run: Path, begun: float, as_json: bool) -> None:
    from glasshouse.training.loop import train

    follow_run(train(recipe, run), run, begun, as_json)


def _fields(file: Path | None, given: Mapping[str, object]) -> dict[str, Any]:
    """Return the fields of the recipe file with the options that were given, by dotted names, put over them."""
    fields = _recipe_file(file) if file is not None else {}
    for name, value in given.items():
        part, _, inner = name.rpartition(".")
        if not part:
            fields[name] = value
            continue
        base = fields.get(part)
        fields[part] = {**(base if isinstance(base, dict) else {}), inner: value}
    weights, network = fields.get("weights"), given.get("network")
    if isinstance(weights, str):
        from glasshouse.networks.shelf.listing import weights_by_name

        fields["weights"] = weights_by_name(weights)
    if isinstance(network, str) and Path(network).suffix in FILES:
        from glasshouse.layers.files import read_description

        fields["network"] = read_description(Path(network))
    return fields


def _recipe_file(file: Path) -> dict[str, Any]:
    from glasshouse.errors import Problem, RecipeError

    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError("the training recipe", [Problem("file", f"cannot read {file}: {error}")]) from None
    if not isinstance(fields, dict):
        raise RecipeError("the training recipe", [Problem("file", f"{file}: expected a JSON object")])
    return fields


def _checked(fields: dict[str, Any]) -> "TrainingRecipe":
    from glasshouse.errors import Problem, RecipeError
    from glasshouse.recipe import TrainingRecipe

    try:
        return TrainingRecipe(**fields)
    except RecipeError as error:
        hints = {"data": "needed; say which pictures: --data DIR_OR_SOURCE",
                 "network": "needed; say which network: --network NAME (glasshouse networks lists them)"}  # fmt: skip
        problems = [Problem(p.field, hints[p.field] if p.field not in fields and p.field in hints else p.message)
                    for p in error.problems]  # fmt: skip
        raise RecipeError("the training recipe", problems) from None


def _dataset(place: Path, network: str | dict[str, Any], options: dict[str, Any]) -> str:
    """Return the folder of the dataset at ``place``; of a source one is made in the cache, and found again."""
    if (place / "dataset.json").is_file():
        given = [f"--{name}" for name in ("size", "color", "valid") if options[name] is not None]
        if given:
            print(f"note: {', '.join(given)} concern sources; {place} is a dataset already", file=sys.stderr)
        return str(place)
    from glasshouse.data.image_data import ImageData

    size = options["size"] or _own_size(network)
    print(f"Pictures  {place}, prepared at {size}", file=sys.stderr)
    fields = {name: options[name] for name in ("color", "valid", "seed") if options[name] is not None}
    dataset = ImageData.from_folder(place, size=size, **fields).dataset
    advice = {"--group": "series", "--min-per-class": "imbalance"}  # of findings, which were reported while it was made
    told = [one for one, kind in advice.items() if any(one in w.message for w in dataset.warnings if w.kind == kind)]
    for option in told:
        print(f"note: {option} is an option of `glasshouse dataset create`: make the dataset with it first, then "
              "`glasshouse train --data DIR`", file=sys.stderr)  # fmt: skip
    return str(dataset.path)


def _own_size(network: str | dict[str, Any]) -> str:
    """Return the size of pictures that a network was made for."""
    if isinstance(network, str):
        from glasshouse.networks.catalogue import find

        entry = find(network)
        return f"{entry.width}x{entry.height}"
    from glasshouse.errors import Problem, RecipeError
    from glasshouse.layers.classifier import Classifier

    try:
        _, height, width = Classifier.of(network).shape
    except RecipeError as error:
        named = [Problem(f"network.{problem.field}", problem.message) for problem in error.problems]
        raise RecipeError("the training recipe", named) from None
    return f"{width}x{height}"


def _document(run: Path, seconds: float) -> dict[str, Any]:
    """Return what ``train --json`` prints: the report on the validation pictures, or nulls if there are none."""
    names = ("accuracy", "interval", "loss", "count", "split", "baselines")
    report = run / "report-val.json"
    scores = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    return {**{name: scores.get(name) for name in names}, "seconds": seconds, "run": str(run)}


def _tell(run: Path, seconds: float) -> None:
    scores = _document(run, seconds)
    if scores["accuracy"] is not None:
        low, high = scores["interval"]
        print(f"\nAccuracy  {100 * scores['accuracy']:.2f} %  (95 % interval {100 * low:.1f} to {100 * high:.1f} %) "
              f"on {scores['count']:,} validation pictures; loss {scores['loss']:.4f}")  # fmt: skip
        for baseline in scores["baselines"]:
            print(f"          {100 * baseline['accuracy']:.2f} %  {baseline['name']}, for comparison")
    if (verdict := _verdict(run)) is not None:
        print(f"Verdict   {verdict.message}\n          {verdict.step.message}{_gain(verdict.step)}")
    print(f"Time      {seconds:.1f} s\nKept in   {run}")
    print(f"Next      glasshouse evaluate {run}\n          glasshouse predict {run} PICTURE")


def _verdict(run: Path) -> "Verdict | None":
    from glasshouse.data.dataset import open_dataset
    from glasshouse.errors import GlasshouseError
    from glasshouse.training.run_folder import RunFolder
    from glasshouse.training.run_verdict import verdict_of_run

    try:
        return verdict_of_run(run, open_dataset(RunFolder.open(run).recipe.data))
    except GlasshouseError:  # the dataset went away meanwhile: the run is kept all the same
        return None


def _gain(step: "NextStep") -> str:
    return f" ({100 * step.low:+.1f} to {100 * step.high:+.1f} points)" if step.high else ""
