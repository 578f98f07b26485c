"""Files of weights: safetensors, or NumPy's ``.npz`` as the book's library writes it; never pickle."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
from safetensors.numpy import load_file, save_file

from glasshouse.errors import WeightsError

from .arrays import module_of
from .core import Parameter

__all__ = ["fill", "read_arrays", "write_arrays"]


def write_arrays(path: str | Path, arrays: Mapping[str, Any], notes: dict[str, str] | None = None) -> None:
    """Write named arrays: safetensors, or ``.npz`` where the name says so."""
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    if Path(path).suffix == ".npz":
        np.savez(path, **whole)  # type: ignore[arg-type]
    else:
        save_file(whole, path, metadata=notes)


def read_arrays(path: str | Path) -> dict[str, Any]:
    """Read named arrays from either format; the content tells which it is."""
    if not Path(path).is_file():
        raise WeightsError("there is no file of weights at {path}", path=path)
    try:
        if is_zipfile(path):
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        return dict(load_file(path))
    except Exception as error:
        raise WeightsError(
            "{path} is no file of weights that can be read safely ({error}); expected safetensors, or .npz "
            "without pickled objects",
            path=path,
            error=error,
        ) from error


def fill(parameters: Mapping[str, Parameter], arrays: Mapping[str, Any], path: str | Path) -> None:
    """Put the arrays into the Parameters, all or none: every name and every shape must fit."""
    problems = [f"{name} is missing in the file" for name in parameters.keys() - arrays.keys()]
    problems += [f"{name} is in the file, but not in the model" for name in arrays.keys() - parameters.keys()]
    for name in parameters.keys() & arrays.keys():
        data = parameters[name].data
        if data is not None and tuple(data.shape) != arrays[name].shape:
            problems.append(f"{name} has shape {tuple(data.shape)}, in the file {arrays[name].shape}")
    if problems:
        raise WeightsError(
            "{path} does not fit this model:\n  {problems}", path=path, problems="\n  ".join(sorted(problems))
        )
    for name, parameter in parameters.items():
        data = parameter.data
        parameter.data = arrays[name] if data is None else module_of(data).array_like(arrays[name], data)
