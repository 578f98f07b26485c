"""Exported files: what is in them, the certificate beside them, and exports that are wrong."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest
import typer
from typer.testing import CliRunner

from glasshouse.cli.export import export
from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import ModelError
from glasshouse.export import onnx_export
from glasshouse.export.archive import read_files
from glasshouse.export.bundle import load_model, save
from glasshouse.export.certificate import BATCHES, LIMIT, certified, chosen_pictures
from glasshouse.export.description import read_manifest
from glasshouse.export.kept_certificate import card_without, kept_certificate
from glasshouse.export.onnx_export import certificate_file, export_model
from glasshouse.export.onnx_writing import model_file
from glasshouse.export.verify import verify_model

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(export)


@pytest.fixture
def model_path(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its own copy, since an export writes on the card."""
    return Path(shutil.copytree(model_path, tmp_path_factory.mktemp("own") / "run"))


def test_the_file_answers_as_the_model_and_says_what_it_is(model_path: Path, dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "new" / "pets.onnx"
    done = CliRunner().invoke(app, [str(model_path), "--out", str(out), "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert {"pictures", "largest_difference", "flips", "passed", "file", "opset"} <= set(told)
    assert told == json.loads(certificate_file(out).read_text(encoding="utf-8"))
    assert told["passed"] and told["flips"] == 0 and 0 < told["largest_difference"] <= LIMIT
    assert told["splits"] == {"val": len(dataset.splits["val"]), "train": len(dataset.splits["train"])}
    assert sorted(path.name for path in out.parent.iterdir()) == ["pets.certificate.json", "pets.onnx"]

    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    rows, model = dataset.splits["test"].rows(np.arange(5)), load_model(model_path)
    (found,) = session.run(["probabilities"], {"pictures": rows})
    np.testing.assert_allclose(found, model.probabilities(rows), atol=1e-6)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == list(model.classes) and about["card"] == "# Card\n"
    assert json.loads(about["preprocessing"]) == model.preprocessing.to_dict()
    assert json.loads(about["recipe"])["network"] == "LeNet"


def test_the_certificate_is_on_the_card_and_goes_with_the_model(model_path: Path, tmp_path: Path) -> None:
    place = model_path / "model"
    found = [export_model(place, tmp_path / name) for name in ("first.onnx", "pets.onnx")][-1]
    model = load_model(place)
    assert model.card.startswith("# Card\n\n## As an ONNX file\n") and "first.onnx" not in model.card
    assert f"compared with PyTorch on {found.pictures} pictures (val" in model.card and found.sha256 in model.card
    assert verify_model(place).ok
    save(model, tmp_path / "copy.model")
    manifest = read_manifest(read_files(tmp_path / "copy.model"), "copy")
    assert kept_certificate(manifest) == found and load_model(tmp_path / "copy.model").card == model.card
    assert kept_certificate({**manifest, "weights": {"sha256": "others"}}) is None
    with_words = str(model.card).replace("# Card", "# My words") + "\n## Mine\n"
    assert card_without(with_words) == "# My words\n\n## Mine\n"
    about = onnx.load(tmp_path / "pets.onnx").metadata_props
    assert next(one.value for one in about if one.key == "card") == "# Card\n"


def test_a_wrong_export_fails_and_nothing_is_written(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(module: object, mean: list[float], std: list[float], *size: int) -> bytes | None:
        return model_file(module, mean, [1.1 * one for one in std], *size)  # type: ignore[arg-type]

    monkeypatch.setattr("glasshouse.export.onnx_writing.model_file", wrong)
    monkeypatch.setattr(onnx_export, "_by_torch", lambda model: None)
    out = tmp_path / "pets.onnx"
    out.write_bytes(b"an earlier one")
    done = CliRunner().invoke(app, [str(model_path), "--out", str(out)])
    assert done.exit_code == 1 and "differ from the model's" in done.stderr and "Nothing was written" in done.stderr
    assert out.read_bytes() == b"an earlier one" and [path.name for path in tmp_path.iterdir()] == ["pets.onnx"]

    monkeypatch.setattr("glasshouse.export.onnx_writing.model_file", lambda *given: None)
    with pytest.raises(ModelError, match="LeNet does something that an ONNX file cannot hold"):
        export_model(model_path, out)


def test_a_file_for_one_size_of_batch_fails(model_path: Path, dataset: Dataset) -> None:
    model, (rows, splits) = load_model(model_path), chosen_pictures(dataset)
    p = model.preprocessing
    data = model_file(model.module, p.mean, p.std, p.height, p.width)
    assert data is not None
    frozen = onnx.load_model_from_string(data)
    frozen.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    said = {"file": "x.onnx", "weights": "", "opset": 20}
    expected = model.probabilities(rows)
    assert certified(data, expected, rows, splits, **said).passed  # type: ignore[arg-type]
    found = certified(frozen.SerializeToString(), expected, rows, splits, **said)  # type: ignore[arg-type]
    assert not found.passed and found.reason.startswith("The file cannot be computed")
    assert 2 not in BATCHES
    assert not certified(data, expected[:, ::-1].copy(), rows, splits, **said).passed  # type: ignore[arg-type]


def test_what_cannot_be_written_whole_leaves_nothing(model_path: Path, tmp_path: Path) -> None:
    certificate_file(tmp_path / "pets.onnx").mkdir()  # no file can be put there
    with pytest.raises(ModelError, match="cannot be written"):
        export_model(model_path, tmp_path / "pets.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["pets.certificate.json"]


@pytest.mark.slow
def test_what_glasshouse_cannot_write_torch_writes(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glasshouse.export.onnx_writing.model_file", lambda *given: None)
    found = export_model(model_path, tmp_path / "pets.onnx")
    assert found.passed and found.pictures > 30


def test_200_validation_pictures_are_enough_and_another_size_is_refused(model_path: Path, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (450, 8, 8), dtype=np.uint8)
    labels = ["cat" if k % 2 else "dog" for k in range(450)]
    data = ImageData.from_arrays(images, labels, valid=0.5, color="gray", out=tmp_path / "data").dataset
    rows, splits = chosen_pictures(data)
    assert (len(rows), splits) == (200, {"val": 200})
    with pytest.raises(ModelError, match="takes pictures of 24x20x3, the dataset has 8x8x1"):
        export_model(model_path, tmp_path / "x.onnx", data)
    assert not (tmp_path / "x.onnx").exists()
