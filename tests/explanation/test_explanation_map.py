"""The dataset as a map: the projection against its definition, the same seed, files, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from glasshouse.cli.picture_map import map_command
from glasshouse.data.dataset import open_dataset
from glasshouse.errors import DatasetError, InputError
from glasshouse.explanation.embedding.network_features import picture_features
from glasshouse.explanation.embedding.picture_map import MapPositions, PictureMap, map_pictures, mapping
from glasshouse.explanation.embedding.projection import principal_components
from glasshouse.explanation.embedding.tsne import tsne_steps
from glasshouse.explanation.opened import open_model
from glasshouse.export.bundle import load_model

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(map_command)


def test_principal_components_are_those_of_the_svd_with_fixed_signs() -> None:
    x = (np.random.default_rng(1).normal(size=(60, 7)) @ np.diag([5, 3, 2, 1, 1, 1, 1])).astype(np.float32)
    scores, explained = principal_components(x, 3)
    centred = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(scores), np.abs(left[:, :3] * sizes[:3]), atol=1e-4)
    np.testing.assert_allclose(explained, sizes[:3] ** 2 / (sizes**2).sum())
    loadings = np.linalg.lstsq(scores.astype(np.float64), centred, rcond=None)[0]
    assert all(row[np.abs(row).argmax()] > 0 for row in loadings)
    again, _ = principal_components(np.zeros((4, 3), np.float32), 2)
    assert (again == 0).all()


def test_tsne_keeps_clusters_apart_and_is_the_same_to_the_bit_for_a_seed() -> None:
    random = np.random.default_rng(2)
    cluster = random.integers(0, 3, 90)
    x = (random.normal(size=(3, 8))[cluster] * 8 + random.normal(size=(90, 8))).astype(np.float32)
    scores, _ = principal_components(x, 5)
    runs = [list(tsne_steps(scores, seed, every=250)) for seed in (3, 3, 4)]
    assert [step for step, _ in runs[0]] == [250, 500, 750]
    first, same, other = (run[-1][1] for run in runs)
    assert first.dtype == np.float32 and first.tobytes() == same.tobytes() != other.tobytes()
    distance = np.linalg.norm(first[:, None] - first[None], axis=2) + 1e9 * np.eye(90)
    assert (cluster[distance.argmin(1)] == cluster).all()
    few = scores[:4]
    assert [step for step, _ in tsne_steps(few, 1)] == [750]


def test_features_are_what_the_last_layer_gets(run: Path) -> None:
    opened = open_model(run)
    steps = picture_features(opened, opened.split("val"))
    while True:
        try:
            assert next(steps).stage == "features"
        except StopIteration as end:
            found = end.value
            break
    rows = opened.split("val").rows(np.arange(len(found.answers)))
    probabilities = load_model(run).probabilities(rows)
    np.testing.assert_array_equal(found.answers, probabilities.argmax(1))
    assert found.features.shape == (len(rows), 500)  # of LeNet
    head = opened.module.get_submodule("head").state_dict()
    logits = found.features @ head["weight"].numpy().T + head["bias"].numpy()
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), probabilities, atol=1e-5)


def test_a_map_says_of_each_point_which_picture_it_is(run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(run), "--split", "all", "--method", "pca", "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    dataset = open_dataset(open_model(run).dataset.path)  # type: ignore[union-attr]
    expected = [(path, dataset.classes[label], name) for name in ("train", "val")
                for path, label in zip(dataset.splits[name].paths, dataset.splits[name].labels)]  # fmt: skip
    assert [(one["path"], one["label"], one["split"]) for one in told["points"]] == expected
    assert {"predicted", "x", "y"} <= set(told["points"][0]) and 0 < sum(told["explained"]) <= 1

    steps = list(_steps(run))
    positions = [one for one in steps if isinstance(one, MapPositions)]
    assert positions[0].iteration == 0 and positions[-1].iteration == positions[-1].iterations == 750
    made = map_pictures(run, method="pca")
    assert made.positions.tobytes() == positions[0].positions.tobytes()
    for name in ("a.svg", "a.html", "a.png"):
        made.save(tmp_path / name)
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg == made._repr_html_() and svg.count("<circle") == len(made) + len(made.classes)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("<title>") == len(made) + 1 and f"<title>{made.paths[0]}: " in page
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_mapped_is_refused(run: Path) -> None:
    with pytest.raises(DatasetError, match="sealed"):
        map_pictures(run, split="test")
    with pytest.raises(InputError, match="there is no method umap; there are pca, tsne"):
        map_pictures(run, method="umap")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"written as .svg, .png or .html, got a.gif"):
        CliRunner().invoke(app, [str(run), "--out", "a.gif"], catch_exceptions=False)


def _steps(run: Path) -> "list[object]":
    steps, found = mapping(open_model(run), "val", "tsne"), list[object]()
    while True:
        try:
            found.append(next(steps))
        except StopIteration as end:
            assert isinstance(end.value, PictureMap)
            return found
