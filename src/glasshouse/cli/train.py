"""``glasshouse train``: from pictures to a measured classifier, in a run's folder."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from glasshouse.cli.streams import json_text

if TYPE_CHECKING:
    from glasshouse.events import Event
    from glasshouse.recipe import TrainingRecipe

__all__ = ["follow_run", "train"]

FILES = (".json", ".model")  # of layers: Network.to_dict as JSON, or what Network.save wrote
Strategy = Literal["scratch", "fine-tune", "features"]


def _option(help_text: str, metavar: str | None = None) -> Any:
    return typer.Option(help=help_text, metavar=metavar, show_default=True)


def train(
    data: Annotated[Path | None, _option("A dataset's folder, or a source of pictures.", "DIR_OR_SOURCE")] = None,
    network: Annotated[
        str | None, _option("A network's name (glasshouse networks), or a file of layers.", "NAME|FILE")
    ] = None,
    weights: Annotated[str | None, _option("Where the weights begin (none).", "pretrained|none|FILE")] = None,
    strategy: Annotated[Strategy | None, _option("What is trained (scratch).")] = None,
    epochs: Annotated[int | None, _option("Epochs; the strategy has a default.", "N")] = None,
    freeze_epochs: Annotated[int | None, _option("fine-tune: epochs of the head alone (1).", "N")] = None,
    views: Annotated[int | None, _option("features: augmented views of each picture (1).", "N")] = None,
    head: Annotated[
        Literal["linear", "steps"] | None,
        _option("features: solve for the head, or train it in steps (linear, unless --epochs or the like is given)."),
    ] = None,
    learn_from: Annotated[
        str | None,
        _option("Pictures to learn from (train); a fold is left out and judges.", "train|train+val|'fold 1/5'"),
    ] = None,
    batch_size: Annotated[int | None, _option("Pictures a batch (64).", "N")] = None,
    accumulate: Annotated[int | None, _option("Batches a step (1).", "N")] = None,
    lr: Annotated[float | None, _option("Learning rate; the strategy has a default.", "X")] = None,
    optimizer: Annotated[str | None, _option("sgd, adam, adamw (the default) or a relative.", "NAME")] = None,
    momentum: Annotated[float | None, _option("Momentum of sgd and rmsprop (0).", "X")] = None,
    weight_decay: Annotated[float | None, _option("Weight decay (0.01).", "X")] = None,
    schedule: Annotated[str | None, _option("How the rate moves (one-cycle).", "NAME")] = None,
    warmup: Annotated[float | None, _option("Epochs in which the rate rises from 0 (0).", "X")] = None,
    label_smoothing: Annotated[float | None, _option("Label smoothing (0).", "X")] = None,
    class_weights: Annotated[Literal["none", "balanced"] | None, _option("Weight rare classes more (none).")] = None,
    sampling: Annotated[Literal["shuffle", "balanced"] | None, _option("How pictures are drawn (shuffle).")] = None,
    dropout: Annotated[float | None, _option("Dropout, in the place of the network's own.", "X")] = None,
    clip_norm: Annotated[float | None, _option("Clip the gradient to this norm.", "X")] = None,
    ema_decay: Annotated[float | None, _option("Moving average of the weights, such as 0.999 (0: off).", "X")] = None,
    early_stopping: Annotated[int | None, _option("Stop after N epochs without a better loss.", "N")] = None,
    precision: Annotated[Literal["float32", "mixed"] | None, _option("Numbers to compute in (float32).")] = None,
    checkpoint_steps: Annotated[int | None, _option("A checkpoint every N steps too.", "N")] = None,
    keep_every: Annotated[int | None, _option("Keep the checkpoint of every Nth epoch.", "N")] = None,
    device: Annotated[str | None, _option("auto, cpu, cuda, cuda:1, mps (auto).", "NAME")] = None,
    seed: Annotated[int | None, _option("Seed of everything random (42).", "N")] = None,
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
    plain = {"network": network, "weights": weights, "strategy": strategy, "epochs": epochs, "views": views,
             "freeze_epochs": freeze_epochs, "batch_size": batch_size, "accumulate": accumulate, "dropout": dropout,
             "sampling": sampling, "clip_norm": clip_norm, "ema_decay": ema_decay, "precision": precision,
             "device": device, "seed": seed, "head": head, "learn_from": learn_from}  # fmt: skip
    parts: dict[str, dict[str, Any]] = {
        "optimizer": {"name": optimizer, "lr": lr, "momentum": momentum, "weight_decay": weight_decay},
        "schedule": {"name": schedule, "warmup": warmup},
        "objective": {"label_smoothing": label_smoothing, "class_weights": class_weights},
        "early_stopping": {"patience": early_stopping},
        "checkpoints": {"steps": checkpoint_steps, "keep_every": keep_every},
    }
    if out is not None:
        RunFolder.check_free(out)
    fields = _fields(recipe, plain, parts)
    if network is not None and Path(network).suffix in FILES:
        from glasshouse.layers.files import read_description

        fields["network"] = read_description(Path(network))
    given = str(data) if data is not None else fields.get("data")
    source = {"size": size, "color": color, "valid": valid, "seed": seed}
    if given is not None and isinstance(fields.get("network"), str | dict):
        fields["data"] = _dataset(Path(given), fields["network"], source)
    whole = _checked(fields)
    run = out if out is not None else next_run(Path(given or "data").name, whole.network_name)
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


def _fields(file: Path | None, plain: dict[str, Any], parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the fields of the recipe file with the options that were given put over them."""
    fields = _recipe_file(file) if file is not None else {}
    fields |= {name: value for name, value in plain.items() if value is not None}
    for name, values in parts.items():
        given = {key: value for key, value in values.items() if value is not None}
        if given:
            base = fields.get(name)
            fields[name] = {**(base if isinstance(base, dict) else {}), **given}
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
    print(f"Pictures  {place}, made ready at {size}", file=sys.stderr)
    fields = {name: options[name] for name in ("color", "valid", "seed") if options[name] is not None}
    dataset = ImageData.from_folder(place, size=size, **fields).dataset
    advice = {"--group": "series", "--min-per-class": "imbalance"}  # of findings, which were told while it was made
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
    from glasshouse.layers.classifier import classifier_problems, shape_of

    if problems := classifier_problems(network):
        named = [Problem(f"network.{problem.field}", problem.message) for problem in problems]
        raise RecipeError("the training recipe", named)
    _, height, width, _ = shape_of(network)
    return f"{width}x{height}"


def _document(run: Path, seconds: float) -> dict[str, Any]:
    """Return what ``train --json`` prints: the report on the validation pictures, or nulls where there are none."""
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
    print(f"Time      {seconds:.1f} s\nKept in   {run}")
    print(f"Next      glasshouse evaluate {run}\n          glasshouse predict {run} PICTURE")
