"""The program ``glasshouse``: its commands, and how errors are reported."""

import sys

import typer

from glasshouse import __version__
from glasshouse.cli import (
    activations,
    code,
    dataset,
    demo,
    doctor,
    evaluate,
    explain,
    export,
    filters,
    graph,
    networks,
    pack,
    picture_map,
    predict,
    resume,
    search,
    serve,
    shortcuts,
    studio,
    train,
    users,
    verify,
    weights,
)
from glasshouse.cli.advice import advised
from glasshouse.cli.device_failures import device_failure
from glasshouse.cli.recipe_options import RecipeCommand
from glasshouse.cli.streams import make_safe
from glasshouse.errors import DamageError, GlasshouseError, MemoryLimitError
from glasshouse.jobs.collection import collect_seldom

__all__ = ["app", "main"]

app = typer.Typer(
    name="glasshouse",
    help="Train image classifiers from folders of pictures, and see how they learn.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(dataset.app, name="dataset")
app.command("demo")(demo.demo)
app.command("train", cls=RecipeCommand)(train.train)
app.command("search")(search.search)
app.command("resume")(resume.resume)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("verify")(verify.verify)
app.command("explain")(explain.explain)
app.command("export")(export.export)
app.command("activations")(activations.activations)
app.command("filters")(filters.filters)
app.command("serve")(serve.serve)
app.command("pack")(pack.pack)
app.command("reproduce")(pack.reproduce)
app.command("code")(code.code)
app.command("graph")(graph.graph)
app.command("map")(picture_map.map_command)
app.command("shortcuts")(shortcuts.shortcuts)
app.command("networks")(networks.networks)
app.add_typer(weights.app, name="weights")
app.command("studio")(studio.studio)
app.add_typer(users.app, name="users")
app.command("doctor")(doctor.doctor)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"glasshouse {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", help="Show the version.", callback=_show_version, is_eager=True),
) -> None:
    """Train image classifiers from folders of pictures, and see how they learn."""


def main() -> None:
    """Run the command line; what goes wrong on purpose becomes its text and exit code 2.

    What is not the fault of what was typed (damage, memory that ran out, a device that fails) ends with exit code 1.
    """
    if sys.argv[1:2] != ["studio"]:  # which stays for weeks
        collect_seldom()
    make_safe()
    try:
        app()
    except GlasshouseError as error:
        print(f"Error: {advised(str(error), sys.argv[1:], app)}", file=sys.stderr)
        sys.exit(1 if isinstance(error, DamageError | MemoryLimitError) else 2)
    except (RuntimeError, AssertionError, NotImplementedError, MemoryError) as error:
        if (told := device_failure(error)) is None:
            raise
        print(f"Error: {advised(told, sys.argv[1:], app)}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader of a pipe, such as head, has had enough
        sys.stderr.close()
        sys.exit(141)


if __name__ == "__main__":
    main()
