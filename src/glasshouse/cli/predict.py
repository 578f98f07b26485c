"""``glasshouse predict``: what is in these pictures."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from glasshouse.cli.streams import json_text

if TYPE_CHECKING:
    from glasshouse.export.predictor import Model, Prediction

__all__ = ["predict"]


def predict(
    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A run's folder, a model's folder or file.")],
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE...", help="Files, folders, lists of paths (.txt, .csv, .tsv), or - for a list on stdin."
        ),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many classes to show for each picture.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table to FILE.")] = None,
    epoch: Annotated[
        str | None,
        typer.Option(metavar="EPOCH", help="Of a run: the epoch that answers, by its number, or best or last."),
    ] = None,
    coverage: Annotated[
        float | None,
        typer.Option(
            min=0.5, max=0.99, help="Also list the classes that hold the right one for this share of pictures (0.9)."
        ),
    ] = None,
    reject: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="The share of your pictures that may be called none of these.")
    ] = 0.05,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Pictures read at once; the answers do not depend on it.")
    ] = 64,
) -> None:
    """Say what is in pictures.

    Answers come while later pictures are still being read. A picture that cannot be used is listed
    with its reason and the rest goes on; the exit code is 1 if none could be used.
    """
    from glasshouse.export.bundle import load_model
    from glasshouse.export.listing import list_pictures

    loaded = load_model(model) if epoch is None else _at(model, epoch)
    answers = loaded.predict_stream(list_pictures(pictures), batch_size, top, coverage, reject)
    columns = min(top, len(loaded.classes))
    with ExitStack() as stack:
        table = stack.enter_context(_open(csv_file)) if csv_file is not None else None
        answers = _counted(answers) if table is None else _tabled(_counted(answers), table, columns, loaded, coverage)
        good = _print_json(answers) if as_json else _print_text(answers, silent=csv_file is not None)
    if not good:
        raise typer.Exit(1)


def _at(run: Path, epoch: str) -> "Model":
    from glasshouse.training.checkpoint_model import epoch_model

    return epoch_model(run, epoch)


def _open(path: Path) -> IO[str]:
    from glasshouse.errors import InputError

    try:
        return path.open("w", encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise InputError(
            "The table cannot be written to {path}: {strerror}", path=path, strerror=error.strerror
        ) from None


def _counted(answers: Iterator["Prediction"]) -> Iterator["Prediction"]:
    """Pass the answers on, and say on stderr how many there were, while they come where that is a terminal."""
    begin = told = time.monotonic()
    done = bad = 0
    for answer in answers:
        done, bad = done + 1, bad + (answer.error is not None)
        yield answer
        if sys.stderr.isatty() and time.monotonic() - told > 0.5:
            told = time.monotonic()
            print(f"\r{_tally(done, bad, told - begin)}", end="", file=sys.stderr, flush=True)
    line = _tally(done, bad, time.monotonic() - begin) if done else "There are no pictures."
    print(f"\r{line}" if sys.stderr.isatty() else line, file=sys.stderr)


def _tally(done: int, bad: int, seconds: float) -> str:
    what = "1 picture" if done == 1 else f"{done:,} pictures"
    errors = f", {bad:,} could not be used" if bad else ""
    return f"{what} in {seconds:.1f} s ({done / max(seconds, 1e-9):,.0f} a second){errors}"


def _tabled(
    answers: Iterator["Prediction"], file: IO[str], columns: int, model: "Model", coverage: float | None
) -> Iterator["Prediction"]:
    """Pass the answers on, and write each as a row: path, label, probability, the next ones, error.

    Labels are the classes' own names. After the error come display names if classes have some, familiarity and whether
    it is none of these if the model can say, and the list of answers (separated by |) if there is a coverage.
    """
    from glasshouse.data.stored.spreadsheet import line

    more = [name for k in range(2, columns + 1) for name in (f"label_{k}", f"probability_{k}")]
    named, known = bool(model.class_names), model.uncertainty
    shown = ["name", *(f"name_{k}" for k in range(2, columns + 1))] if named else []
    says = known is not None and known.familiarity is not None
    limits = [*(["familiarity", "none_of_these"] if says else []), *(["set"] if coverage is not None else [])]
    file.write(line(["path", "label", "probability", *more, "error", *shown, *limits]))
    for answer in answers:
        cells = [cell for pair in answer.top for cell in pair] or [""] * (2 * columns)
        names = [answer.names.get(label, label) for label, _ in answer.top] or [""] * columns
        none = None if answer.none_of_these is None else str(answer.none_of_these).lower()
        told = [*([answer.familiarity, none] if says else []),
                *(["|".join(answer.answer_set or ())] if coverage is not None else [])]  # fmt: skip
        file.write(line([answer.path, *cells, answer.error or "", *(names if named else []), *told]))
        yield answer


def _print_json(answers: Iterator["Prediction"]) -> int:
    """Print one list, one entry per line, as the answers come; return how many pictures could be used."""
    good = 0
    start = "[\n"
    for answer in answers:
        good += answer.error is None
        print(start + _entry(answer), end="", flush=True)
        start = ",\n"
    print("[]" if start == "[\n" else "\n]")
    return good


def _entry(answer: "Prediction") -> str:
    text = json_text(answer.to_dict())
    return text if text.isprintable() else json.dumps(answer.to_dict())  # names that are no Unicode


def _print_text(answers: Iterator["Prediction"], silent: bool) -> int:
    good = 0
    for answer in answers:
        good += answer.error is None
        if not silent:
            print("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(answer)), flush=True)
    return good
