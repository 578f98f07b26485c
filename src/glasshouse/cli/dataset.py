"""``glasshouse dataset``: make a dataset of pictures, and look at one."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasshouse.cli.streams import json_text

if TYPE_CHECKING:
    from glasshouse.data.dataset import Dataset

__all__ = ["app"]

app = typer.Typer(help="Make a dataset of pictures, and look at one.", no_args_is_help=True)


def _option(help_text: str, metavar: str | None = None) -> Any:
    return typer.Option(help=help_text, metavar=metavar, show_default=True)


@app.command("create")
def create(
    source: Annotated[str, typer.Argument(help="Folder, archive (zip, tar), or table (CSV, text list) of pictures.")],
    out: Annotated[Path, _option("Folder to make the dataset in.")],
    size: Annotated[str, _option("Pixels: 224, or width x height as 320x240.")] = "224",
    resize: Annotated[str, _option("How to reach that size.", "squash|crop|pad|half-crop")] = "squash",
    color: Annotated[str, _option("Three channels or one.", "rgb|gray")] = "rgb",
    valid: Annotated[float, _option("Part for validation, below 1.")] = 0.25,
    test: Annotated[float, _option("Part for the sealed test, below 1.")] = 0.0,
    seed: Annotated[int, _option("Seed of the split.")] = 42,
    split: Annotated[
        str,
        _option(
            "How pictures are split; auto is by folder if there are train and val folders.",
            "auto|random|ordered|time|folder|list",
        ),
    ] = "auto",
    group: Annotated[
        str | None,
        _option("Regular expression on the path; its first group names a series. none: split single pictures."),
    ] = None,
    encoding: Annotated[str, _option("How pictures are stored.", "raw|png|jpeg")] = "raw",
    quality: Annotated[int, _option("Quality of JPEG, 1 to 100.")] = 90,
    min_per_class: Annotated[int, _option("Leave classes with fewer pictures out.")] = 2,
    max_per_class: Annotated[int | None, _option("Use at most this many pictures per class, chosen at random.")] = None,
    valid_source: Annotated[str | None, _option("A separate folder for validation.")] = None,
    test_source: Annotated[str | None, _option("A separate folder for the test.")] = None,
    pattern: Annotated[str | None, _option("Labels by file name: a regular expression with one group.")] = None,
    labels_csv: Annotated[str | None, _option("Labels by a table of paths in SOURCE and labels.", "FILE")] = None,
    labels_file: Annotated[str | None, _option("Names of the classes of a text list, one per line.", "FILE")] = None,
    class_names: Annotated[
        Path | None, _option("Display names: a class and its name per line (CSV, text) or JSON.", "FILE")
    ] = None,
    path_column: Annotated[str | None, _option("The table's column of paths.")] = None,
    label_column: Annotated[str | None, _option("The table's column of labels.")] = None,
    group_column: Annotated[str | None, _option("The table's column of groups, such as patients.")] = None,
    split_column: Annotated[str | None, _option("The table's column of train, val and test.")] = None,
    no_twins: Annotated[bool, typer.Option("--no-twins", help="Do not look for pictures that look the same.")] = False,
    pixel_limit: Annotated[int, _option("Leave pictures with more pixels out.")] = 100_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make a dataset of the pictures in SOURCE.

    What cannot be used is left out and listed; what is unusual is reported. The same source and options give the
    same dataset, and are not made twice.
    """
    from glasshouse.data.decoding.sizes import parse_size
    from glasshouse.data.prepare import prepare_dataset
    from glasshouse.data.preparing.progress import follow
    from glasshouse.recipe import DatasetRecipe

    width, height = parse_size(size)
    columns = {"path": path_column, "label": label_column, "group": group_column, "split": split_column}
    labels = _labels(source, labels_csv, labels_file, pattern, columns)
    fields: dict[str, Any] = {
        "source": labels_csv or source,
        "valid_source": valid_source,
        "test_source": test_source,
        "labels": labels,
        "width": width,
        "height": height,
        "resize": resize,
        "color": color,
        "encoding": encoding,
        "quality": quality,
        "valid": valid,
        "test": test,
        "split": split,
        "seed": seed,
        "group": group,
        "twins": not no_twins,
        "min_per_class": min_per_class,
        "max_per_class": max_per_class,
        "pixel_limit": pixel_limit,
    }
    data = None if class_names is None else _read_labels(class_names)
    ready = follow(prepare_dataset(DatasetRecipe(**fields), out), notices=not as_json)
    if data is not None:
        _name(_open(out), data)
    _tell(_open(out), as_json)
    if ready is not None and ready.reused:
        print(f"{out} had been made before from the same pictures and options.", file=sys.stderr)


@app.command("edit")
def edit(
    path: Annotated[Path, typer.Argument(help="A dataset's folder.")],
    edits: Annotated[
        Path, _option("CSV: path (as in the dataset) or sha256, and label, exclude (yes) or split per line.", "FILE")
    ],
    out: Annotated[Path, _option("Folder to make the new version in.")],
    by: Annotated[str | None, _option("Who makes the edits; your user name if not given.")] = None,
    why: Annotated[str, _option("Why; the column why says it of single lines.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make a new version of a dataset: other labels, pictures left out or moved between train, val and test.

    The dataset stays as it is. Pictures of the same content change together. The recipe of the new version holds the
    edits; changes of the sealed test split are written down.
    """
    from glasshouse.data.editing.given import edits_given
    from glasshouse.data.editing.version import prepare_version
    from glasshouse.data.preparing.progress import follow

    dataset = _open(path)
    found, findings = edits_given(dataset, edits, _user_name() if by is None else by, why)
    for finding in findings if not as_json else ():
        print(f"{finding.kind}: {finding.message}", file=sys.stderr)
    ready = follow(prepare_version(dataset, found, out), notices=not as_json)
    _tell(_open(out), as_json)
    if ready is not None and ready.reused:
        print(f"{out} had been made before with the same edits.", file=sys.stderr)


@app.command("show")
def show(
    path: Annotated[Path, typer.Argument(help="A dataset's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    twins: Annotated[bool, typer.Option("--twins", help="List the pictures that look the same.")] = False,
    rejected: Annotated[bool, typer.Option("--rejected", help="List what was left out, with the reasons.")] = False,
) -> None:
    """Show what a dataset holds, what was left out of it, and what is odd about it."""
    dataset = _open(path)
    if as_json:
        from dataclasses import asdict

        listed = {"twin_groups": [asdict(twin) for twin in dataset.twins]} if twins else {}
        print(json_text({**dataset.summary(), **listed}))
        return
    if not (twins or rejected):
        _tell(dataset, as_json=False)
        for finding in dataset.warnings:
            print(f"{finding.kind}: {finding.message}")
    for twin in dataset.twins if twins else ():
        print(f"{twin.group}\t{twin.kind}\t{twin.label}\t{twin.split}\t{twin.path}")
    for entry in dataset.rejected if rejected else ():
        print(f"{entry.path}\t{entry.reason}")


@app.command("names")
def names(
    path: Annotated[Path, typer.Argument(help="A dataset's folder.")],
    file: Annotated[
        Path | None,
        typer.Argument(help="A class and its name per line (CSV, text), names alone in the order of classes, or JSON."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Take all display names away.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show the classes of a dataset with their display names, or give them names from FILE.

    Models that are trained afterwards have the names, and so do their predictions. Nothing that is computed changes.
    """
    dataset = _open(path)
    if file is not None:
        _name(dataset, _read_labels(file))
    elif none:
        dataset.name_classes({})
    shown = dataset.class_names
    if as_json:
        print(json_text({"classes": list(dataset.classes), "class_names": shown}))
        return
    for name in dataset.classes:
        print(f"{name}\t{shown.get(name, name)}")


@app.command("suspects")
def suspects(
    place: Annotated[Path, typer.Argument(metavar="RUN_OR_DATASET", help="A dataset's folder, or a run's.")],
    network: Annotated[str | None, _option("Network of the features; of a run its own if not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the pictures whose labels are probably wrong, worst first, and say how many are wrong in all.

    A picture is doubtful if models that learnt without it find another class likelier. The sealed test is not looked
    at. Correct labels with: glasshouse dataset edit.
    """
    from glasshouse.cli.streams import progress_line
    from glasshouse.events import result_of
    from glasshouse.explanation.suspects import finding_suspects

    with progress_line() as told:
        found = result_of(finding_suspects(place, network), told)
    if as_json:
        print(json_text(found.to_dict()))
        return
    (low, high), count = found.expected_wrong.interval, found.expected_wrong.count
    print(f"Of {found.judged:,} pictures, about {count:,} have a wrong label ({low:,} to {high:,}).")
    if found.not_judged:
        print(f"Not judged, with too few pictures: {', '.join(found.not_judged)}")
    for one in found.suspects:
        print(f"{one.score:.3f}\t{one.label}\t{one.suggested}\t{one.path}")


@app.command("verify")
def verify(
    path: Annotated[Path, typer.Argument(help="A dataset's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Read every file of a dataset, and say which are damaged and what disagrees.

    The exit code is 0 if all is well, else 1. Datasets made before there were checksums are checked as far as they
    can be.
    """
    from glasshouse.cli.verify import tell
    from glasshouse.data.dataset import verify_dataset

    tell(verify_dataset(path), as_json)


def _user_name() -> str:
    """Return the name of this system's user, empty if it has none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _labels(
    source: str, table: str | None, names: str | None, pattern: str | None, columns: dict[str, str | None]
) -> dict[str, Any]:
    by = "csv" if table is not None else "pattern" if pattern is not None else "auto"
    places = {"pictures": source if table is not None else None, "labels_file": names, "pattern": pattern}
    return {"by": by, **places, **{f"{name}_column": column for name, column in columns.items()}}


def _read_labels(file: Path) -> bytes:
    from glasshouse.errors import InputError

    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            "The labels file {path} cannot be read: {strerror}.", path=file, strerror=error.strerror
        ) from None


def _name(dataset: "Dataset", data: bytes) -> None:
    from glasshouse.data.stored.class_names import parse_names

    dataset.name_classes(parse_names(data, dataset.classes))


def _open(path: Path) -> "Dataset":
    from glasshouse.data.dataset import open_dataset

    return open_dataset(path)


def _tell(dataset: "Dataset", as_json: bool) -> None:
    summary = dataset.summary()
    if as_json:
        print(json_text(summary))
        return
    _print_table(summary)
    twins = summary["twins"]
    size = f"{summary['width']}x{summary['height']}, {summary['color']}, {summary['resize']}, {summary['encoding']}"
    print(f"Pictures     {size}")
    print(
        f"Left out     {len(summary['rejected'])}"
        + ("  (dataset show --rejected lists them)" if summary["rejected"] else "")
    )
    print(
        f"Look alike   {twins['equal']} equal, {twins['near']} near-twins in {twins['groups']} groups, "
        "each in one subset"
    )
    if "parent" in summary:
        print(f"Edits        {summary['edits']}, on the version {summary['parent']['fingerprint'][:12]}")
    print(f"Path         {summary['path']}\nFingerprint  {summary['fingerprint']}")
    if "test" in summary["splits"]:
        print(f"Test split   opened {summary['test_openings']} times so far")


def _print_table(summary: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    splits = summary["splits"]
    table = Table("class", *splits, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name in summary["classes"]:
        table.add_row(Text(name), *(f"{split['classes'][name]:,}" for split in splits.values()))
    table.add_row("all", *(f"{split['count']:,}" for split in splits.values()))
    Console(file=sys.stdout, soft_wrap=True, highlight=False).print(table)
