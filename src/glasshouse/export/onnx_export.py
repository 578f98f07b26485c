"""A model as an ONNX file for other programs: pictures in, probabilities out, with a certificate beside it.

The file holds all but the resizing, which differs from program to program: it takes pictures uint8 (n, H, W, C) of the
model's size, and gives ``probabilities`` (n, K), ``logits`` and, of most networks, ``features``, what the last layer
gets. Classes, preprocessing, recipe and card are in its metadata.
"""

import hashlib
import json
import secrets
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.errors import ModelError
from glasshouse.events import Progress, result_of
from glasshouse.export.bundle import load_model
from glasshouse.export.certificate import Certificate, certifying, chosen_pictures, steps_of
from glasshouse.export.kept_certificate import card_without, keep_certificate
from glasshouse.export.predictor import Model
from glasshouse.export.scoring import dataset_of, find_data

if TYPE_CHECKING:
    import onnx

__all__ = ["certificate_file", "export_model", "exporting"]

AT_ONCE = 25  # pictures that PyTorch answers between two reports of progress


def export_model(
    model: Model | str | Path, path: str | Path, data: Dataset | ImageData | str | Path | None = None
) -> Certificate:
    """Write ``model`` as the ONNX file ``path`` if it answers as the model does, and the certificate beside it.

    The answers are compared on 200 validation pictures of ``data``, or if there are fewer on all of them and training
    pictures; without ``data`` on those of the dataset that the model was trained on. If the certificate says
    ``passed=False`` nothing is written; what is at ``path`` stays as it is. If the model is a folder, or in a run's,
    its card gets the certificate too; a ``.model`` file stays as it is.

    Raises:
        ModelError: the model is damaged, or no ONNX file of it can be made or written.
        DatasetError: the dataset is missing.
    """
    return result_of(exporting(model, path, data))


def exporting(
    model: Model | str | Path, path: str | Path, data: Dataset | ImageData | str | Path | None = None
) -> Generator[Progress, None, Certificate]:
    """Yield how far ``export_model`` is, and return what it does; ended early, it writes nothing."""
    loaded = model if isinstance(model, Model) else load_model(model)
    dataset = dataset_of(find_data(loaded) if data is None else data)
    _check_size(loaded, dataset)
    from glasshouse.export.module_files import weights_of  # loads torch

    place = Path(path)
    rows, splits = chosen_pictures(dataset)
    expected = yield from _answers(loaded, rows)
    weights = hashlib.sha256(weights_of(loaded.module)).hexdigest()
    found = None
    yield Progress("exporting", len(rows), 2 * len(rows), 0.0)
    for network in _written(loaded):
        written = _with_metadata(network, loaded)
        file, opset = written.SerializeToString(), _opset(written)
        steps = certifying(file, expected, rows, splits, file=place.name, weights=weights, opset=opset)
        found = (yield from steps) if found is None else result_of(steps)  # a second try would begin at half again
        if found.passed:
            _write(place, file, found)
            keep_certificate(loaded.path, found)
            return found
    if found is None:
        raise ModelError("The network {network} does something that an ONNX file cannot hold.", network=loaded.network)
    return found


def _check_size(model: Model, dataset: Dataset) -> None:
    own, given = model.preprocessing.shape, dataset.preprocessing.shape
    if own != given:
        raise ModelError(
            "The model takes pictures of {own}, the dataset has {given}; give the one that it was trained on.",
            own=_size(own),
            given=_size(given),
        )


def _answers(model: Model, rows: NDArray[np.uint8]) -> Generator[Progress, None, NDArray[np.float32]]:
    """Yield progress and return PyTorch's probabilities (n, K), whatever engine the model has."""
    network, found = Model(model.module, model.description), []
    parts = (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))
    for part, step in steps_of("evaluating", rows, parts):
        found.append(network.probabilities(part))
        yield step
    return np.concatenate(found)


def certificate_file(path: Path) -> Path:
    """Return where the certificate of an exported file is: ``pets.onnx`` has ``pets.certificate.json``."""
    return path.with_name(f"{path.stem}.certificate.json")


def _written(model: Model) -> "Iterator[onnx.ModelProto]":
    """Yield the network as ONNX, first as Glasshouse writes it, then, if that is not right, as torch does."""
    import onnx

    from glasshouse.export.onnx_writing import model_file

    p = model.preprocessing
    data = model_file(model.module, p.mean, p.std, p.height, p.width)
    if data is not None:
        yield onnx.load_model_from_string(data)
    found = _by_torch(model)
    if found is not None:
        yield found


def _by_torch(model: Model) -> "onnx.ModelProto | None":
    """Return what torch's own exporter writes (5 to 20 seconds), None if it cannot."""
    import torch

    from glasshouse.export.inference import evaluating, normalized

    p = model.preprocessing

    class Whole(torch.nn.Module):
        """From pictures to probabilities."""

        def __init__(self) -> None:
            super().__init__()
            self.network = model.module

        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            logits = self.network(normalized(pictures.permute(0, 3, 1, 2).float() / 255, p.mean, p.std))
            return logits, torch.softmax(logits, 1)

    example = torch.zeros(2, *p.shape, dtype=torch.uint8)
    with evaluating(model.module), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of how it will be written later
        try:
            program = torch.onnx.export(
                Whole().eval(), (example,), dynamo=True, verbose=False, input_names=["pictures"],
                output_names=["logits", "probabilities"], dynamic_shapes=({0: torch.export.Dim("n", min=1, max=4096)},),
            )  # fmt: skip
        except Exception:  # noqa: BLE001  whatever its compiler raises, the network cannot be written
            return None
    return None if program is None else program.model_proto


def _with_metadata(network: "onnx.ModelProto", model: Model) -> "onnx.ModelProto":
    from onnx import helper

    about = {
        "classes": list(model.classes),
        "class_names": dict(model.class_names),
        "preprocessing": model.preprocessing.to_dict(),
        "network": dict(model.description.network),
        "recipe": None if model.recipe is None else model.recipe.model_dump(mode="json"),
    }
    texts = {name: json.dumps(value, ensure_ascii=False) for name, value in about.items() if value}
    helper.set_model_props(
        network, {**texts, "card": card_without(str(model.card)), "glasshouse": model.description.glasshouse}
    )
    return network


def _opset(network: "onnx.ModelProto") -> int:
    return next(int(one.version) for one in network.opset_import if one.domain in ("", "ai.onnx"))


def _size(shape: tuple[int, int, int]) -> str:
    height, width, channels = shape
    return f"{width}x{height}x{channels}"


def _write(path: Path, data: bytes, certificate: Certificate) -> None:
    """Put the file and its certificate into their places once both are written whole."""
    text = json.dumps(certificate.to_dict(), indent=2, ensure_ascii=False) + "\n"
    beside = {place: place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
              for place in (certificate_file(path), path)}  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside[path].write_bytes(data)
        beside[certificate_file(path)].write_text(text, encoding="utf-8")
        for place, part in beside.items():
            part.replace(place)
    except OSError as error:
        raise ModelError(
            "The file {path} cannot be written: {strerror}.", path=path, strerror=error.strerror or error
        ) from None
    finally:
        for part in beside.values():
            part.unlink(missing_ok=True)
