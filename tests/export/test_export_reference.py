"""The short scripts for other programs see the pictures that the model sees, Python's within one grey level."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright._impl._driver import compute_driver_executable

from conftest import draw
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.decoding.resizing import MODES
from glasshouse.export.bundle import load_model
from glasshouse.export.onnx_export import export_model
from glasshouse.export.reference import javascript_reference, python_reference

SIZES = [(30, 40), (61, 20), (24, 20), (7, 9), (50, 50), (100, 33)]
PER_SIZE = 34  # 204 pictures in all, a quarter for each way to resize


def pictures(way: int) -> list[np.ndarray]:
    return [
        draw(1000 * way + 10 * n + k, *size) for k, size in enumerate(SIZES) for n in range(PER_SIZE // len(MODES) + 1)
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("color", ["rgb", "gray"])
def test_the_scripts_see_what_the_model_sees(mode: str, color: str, tmp_path: Path) -> None:
    channels = 1 if color == "gray" else 3
    p = Preprocessing(24, 20, mode, color, mean=(0.5,) * channels, std=(0.5,) * channels)
    given = pictures(MODES.index(mode))
    expected = [p(picture).astype(int) for picture in given]

    code = python_reference(p, "x.onnx").split("\n\nsession = ")[0].replace("import onnxruntime\n", "")
    told: dict[str, object] = {}
    exec(code, told)  # our own text: its function alone
    for k, picture in enumerate(given):
        Image.fromarray(picture).save(tmp_path / "p.png")
        found = told["prepare"](tmp_path / "p.png")  # type: ignore[operator]
        assert found.shape == (1, *p.shape) and abs(found[0].astype(int) - expected[k]).max() <= 1

    (tmp_path / "prepare.mjs").write_text(javascript_reference(p, "x.onnx"), encoding="utf-8")
    images = [np.dstack([one, np.full(one.shape[:2], 255, np.uint8)]) for one in given]
    sent = [{"width": one.shape[1], "height": one.shape[0], "data": one.ravel().tolist()} for one in images]
    (tmp_path / "given.json").write_text(json.dumps(sent))
    run = (
        "import { readFileSync } from 'fs'; import { prepare } from './prepare.mjs';"
        "const given = JSON.parse(readFileSync('given.json'));"
        "console.log(JSON.stringify(given.map((one) => Array.from(prepare(one)))));"
    )
    (tmp_path / "run.mjs").write_text(run)
    node = compute_driver_executable()[0]
    done = subprocess.run([node, "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    for found, want in zip(json.loads(done.stdout), expected, strict=True):
        assert np.array_equal(np.array(found).reshape(p.shape), want)


def test_the_python_script_says_what_the_model_says(model_path: Path, folder: Path, tmp_path: Path) -> None:
    model = load_model(model_path)
    export_model(model, tmp_path / "pets.onnx")
    picture = next((folder / "dog").glob("*.jpg"))
    (tmp_path / "ask.py").write_text(python_reference(model.preprocessing, "pets.onnx", str(picture)), encoding="utf-8")
    done = subprocess.run([sys.executable, "ask.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    answer = model.predict(picture)
    assert done.stdout.split()[0] == answer.label and done.stderr == ""
    assert float(done.stdout.split()[1].rstrip("%")) / 100 == pytest.approx(answer.probability, abs=0.002)


def test_what_a_dataset_stores_as_jpeg_is_encoded_too() -> None:
    p = Preprocessing(24, 20, encoding="jpeg", quality=80)
    assert 'save(encoded := io.BytesIO(), "JPEG", quality=80)' in python_reference(p, "x.onnx")
