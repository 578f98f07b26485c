"""The command ``glasshouse networks``."""

import json

import typer
from typer.testing import CliRunner

from glasshouse.cli.networks import networks
from glasshouse.networks.catalogue import CATALOGUE

app = typer.Typer()
app.command()(networks)


def test_table() -> None:
    result = CliRunner().invoke(app, [], env={"COLUMNS": "140"})
    assert result.exit_code == 0
    for entry in CATALOGUE.values():
        assert entry.name in result.stdout and f"{entry.parameters:,}" in result.stdout
    assert "--network FILE.json" in result.stdout


def test_json() -> None:
    rows = json.loads(CliRunner().invoke(app, ["--json"]).stdout)
    assert [row["name"] for row in rows] == list(CATALOGUE)
    assert rows[0]["parameters"] == 431_080 and rows[0]["year"] == 1998 and "LeCun" in rows[0]["paper"]


def test_search_finds_timm_too() -> None:
    rows = json.loads(CliRunner().invoke(app, ["--search", "mobilenet-v3-small", "--json"]).stdout)
    assert {"mobilenetv3_small_050", "mobilenetv3_small_100"} <= {row["name"] for row in rows}
    assert all(row["parameters"] > 1_000_000 for row in rows)
    many = json.loads(CliRunner().invoke(app, ["--search", "resnet", "--json"]).stdout)
    assert many[0]["name"] == "ResNet18" and len(many) > 100 and many[-1]["width"] > 0


def test_search_without_result() -> None:
    result = CliRunner().invoke(app, ["--search", "nosuchthing"])
    assert result.exit_code == 1 and "nosuchthing" in result.output
