"""Reading files of weights, safetensors or weights-only torch, in a way that never runs code from them."""

import hashlib
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor

from glasshouse.errors import WeightsError
from glasshouse.integrity.documents import parse_object
from glasshouse.integrity.tensors import tensors_fault
from glasshouse.messages import Message
from glasshouse.networks.foreign import foreign
from glasshouse.networks.places import bundled, weights_file

__all__ = ["check_file", "read_weights"]

TORCH_STARTS = (b"PK\x03\x04", b"\x80")  # a zip archive, or a bare pickle as torch wrote before 1.6
WRAPPERS = ("state_dict", "model_state_dict", "model", "module")
PREFIXES = ("module.", "_orig_mod.")
KEPT = ("average/", "module/")  # where a checkpoint of our own holds weights (training/checkpoints.py)
FROZEN = "body.safetensors"
MANIFEST, WEIGHTS = "model.json", "weights.safetensors"  # of a model of Glasshouse


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors in a safetensors file or a weights-only torch file, by name.

    Of a folder these are the weights of the model or the run that it holds, or of its only file; of a model in one file
    (``.model``, ``.zip``) its own.

    What training scripts wrap around them (``{"state_dict": ...}``, ``{"model": ...}``, the prefix ``module.``) is
    taken off; of a checkpoint of our own these are the weights that would be kept: the moving average if there is
    one. A head trained on frozen features is without the network below it, which lies in ``body`` beside it.

    Raises:
        WeightsError: the file is missing or damaged, holds no tensors, or would run code when loaded.
    """
    path = Path(path)
    try:
        path = weights_file(path)
        if what := foreign(path):
            raise WeightsError(what)
        packed = bundled(path)
        with path.open("rb") as file:
            start = file.read(9)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise _unread(path, error) from None
    if packed is not None:
        _check_whole(path, packed, bundled(path, MANIFEST))
        return _tensors(_safetensors(packed, path))
    torch_file = start.startswith(TORCH_STARTS) and not _is_safetensors(start, size)
    state = _read_torch(path) if torch_file else _read_safetensors(path)
    tensors = _of_checkpoint(_tensors(state))
    _refuse_head(path, tensors)
    if not tensors:
        raise WeightsError(
            "{path} holds no tensors by name; expected a state dict, as torch.save(net.state_dict()).", path=path
        )
    return tensors


def _refuse_head(path: Path, tensors: Mapping[str, Tensor]) -> None:
    if set(tensors) == {"weight", "bias"} and path.with_name(FROZEN).is_file():
        raise WeightsError(
            "{path} holds only a head that was trained on frozen features. Give the whole model's weights: "
            "model/weights.safetensors of its run.",
            path=path,
        )


def check_file(path: str | Path) -> None:
    """See that ``path`` names a file that may hold weights; what it holds is not read.

    Raises:
        WeightsError: it is missing, or a well-known file that holds none.
    """
    try:
        place = weights_file(Path(path))
        what = foreign(place)
    except OSError as error:
        raise _unread(Path(path), error) from None
    if what:
        raise WeightsError(what)


def _unread(path: Path, error: OSError) -> WeightsError:
    return WeightsError(
        "Cannot read weights from {path}: {strerror}. Give a .safetensors or .pt file, a name on the shelf of "
        "weights, 'pretrained' or 'none'.",
        path=path,
        strerror=error.strerror,
    )


def _is_safetensors(start: bytes, size: int) -> bool:
    """Return whether a file begins with a header's length and its brace: a length may begin as a pickle does."""
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") <= size - 8


def _read_safetensors(path: Path) -> Mapping[str, Any]:
    try:
        fault, checked = tensors_fault(path)
        found = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(
            "{path} is neither a whole safetensors file nor a torch file ({error}); fetch or convert it again.",
            path=path,
            error=error,
        ) from None
    if checked and fault:
        raise _damaged(path, fault)
    manifest = path.with_name(MANIFEST)
    if not checked and path.name == WEIGHTS and manifest.is_file():
        _check_whole(path, path.read_bytes(), manifest.read_bytes())
    return found


def _check_whole(path: Path, weights: bytes, manifest: bytes | None) -> None:
    """Refuse weights of a model of Glasshouse that are not those its ``model.json`` was written with."""
    try:
        told = parse_object(manifest or b"{}").get("weights")
    except ValueError:  # what lies beside weights may be anything
        return
    expected = told.get("sha256") if isinstance(told, dict) else None
    if expected is not None and hashlib.sha256(weights).hexdigest() != expected:
        raise _damaged(path, Message("its SHA-256 is not the one in model.json"))


def _damaged(path: Path, fault: str) -> WeightsError:
    return WeightsError(
        "The weights in {path} are damaged: {fault}. Put back a whole copy, or choose another file.",
        path=path,
        fault=fault,
    )


def _safetensors(data: bytes, path: Path) -> Mapping[str, Any]:
    try:
        return load(data)
    except (SafetensorError, ValueError) as error:
        raise WeightsError("{path} is damaged: weights.safetensors: {error}", path=path, error=error) from None


def _read_torch(path: Path) -> Any:
    try:
        with path.open("rb") as file, warnings.catch_warnings():  # by its name, torch would take some files for others
            warnings.simplefilter("ignore")  # about old and new pickles
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 (a damaged pickle can fail in every way)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "weights only load failed" in reason.lower() or "torchscript" in reason.lower():
            raise WeightsError(
                "Refused {path}: it is a pickle that is more than tensors, and loading it could run code. If you "
                "trust it, load it with torch yourself, save net.state_dict() with safetensors, and give "
                "that file.",
                path=path,
            ) from None
        raise WeightsError(
            "{path} is not a whole torch file ({reason}); fetch or convert it again.", path=path, reason=reason
        ) from None


def _tensors(state: Any) -> dict[str, Tensor]:
    for wrapper in WRAPPERS:
        if isinstance(state, Mapping) and isinstance(state.get(wrapper), Mapping):
            state = state[wrapper]
    if not isinstance(state, Mapping):
        return {}
    tensors = {name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, Tensor)}
    for prefix in PREFIXES:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _of_checkpoint(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in KEPT:
        kept = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        if kept:
            return kept
    return tensors
