"""The files of a model, in a folder or in one zip: written whole or not at all, read with distrust."""

import os
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from glasshouse.errors import DamagedModelError, ModelError
from glasshouse.messages import Message

__all__ = ["MANIFEST", "NAMES", "is_archive_name", "read_files", "write_files"]

MANIFEST = "model.json"
NAMES = (MANIFEST, "weights.safetensors", "recipe.json", "card.md", "model.onnx", "uncertainty.safetensors")
LIMITS = {"weights.safetensors": 16 * 2**30, "model.onnx": 2 * 2**30}  # bytes; what else there is, is text
TEXT_LIMIT = 64 * 2**20
ENTRY_LIMIT = 1000


def is_archive_name(path: Path) -> bool:
    """Return whether a model of this name is one file (``.zip``, ``.model``; fastai says ``.pkl``), no folder."""
    return path.suffix.lower() in (".zip", ".model", ".pkl")


def write_files(path: Path, files: Mapping[str, bytes]) -> None:
    """Put ``files`` at ``path``, as a zip or a folder, in one step; only a model that is there is replaced.

    Raises:
        ModelError: something that is no model is there, or it cannot be written.
    """
    _check_replaceable(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_archive_name(path):
            _write_zip(beside, files)
        else:
            _write_folder(beside, files)
        _put(beside, path)
        _sync(path.parent)
    except OSError as error:
        raise ModelError(
            "The model cannot be written to {path}: {strerror}.", path=path, strerror=error.strerror or error
        ) from None
    finally:
        _remove(beside)


def read_files(path: Path) -> dict[str, bytes]:
    """Return the files of the model at ``path`` by name, those that are there.

    Raises:
        ModelError: nothing is there, or the archive is damaged, too large or holds odd paths.
    """
    try:
        return _read_folder(path) if path.is_dir() else _read_zip(path)
    except OSError as error:
        raise ModelError(
            "The model at {path} cannot be read: {strerror}.", path=path, strerror=error.strerror or error
        ) from None


def _check_replaceable(path: Path) -> None:
    if not (path.exists() or path.is_symlink()):
        return
    problem = Message(
        "{path} exists and is no Glasshouse model; it is left as it is. Choose another name, or remove it.", path=path
    )
    if path.is_dir():
        found = {entry.name for entry in path.iterdir()}
        if found and (MANIFEST not in found or not found <= set(NAMES)):
            raise ModelError(problem)
    elif not is_archive_name(path) or MANIFEST not in _zip_names(path):
        raise ModelError(problem)


def _zip_names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return []


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, data in files.items():
        with (folder / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    _sync(folder)


def _write_zip(target: Path, files: Mapping[str, bytes]) -> None:
    """Store ``files`` with a fixed date and order, so that the same files give the same bytes."""
    with target.open("wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name in (name for name in NAMES if name in files):
                entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                entry.create_system = 3
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, files[name])
        file.flush()
        os.fsync(file.fileno())


def _put(beside: Path, path: Path) -> None:
    """Rename ``beside`` to ``path``; a folder that is there steps aside first, since folders cannot be replaced."""
    if not path.is_dir():
        beside.replace(path)
        return
    old = path.with_name(f".{path.name}.{secrets.token_hex(4)}.old")
    path.rename(old)
    try:
        beside.rename(path)
    except OSError:
        old.rename(path)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_folder(folder: Path) -> dict[str, bytes]:
    files = {}
    for name in NAMES:
        file = folder / name
        if file.is_file():
            _check_size(folder, name, file.stat().st_size)
            files[name] = file.read_bytes()
    return files


def _read_zip(path: Path) -> dict[str, bytes]:
    if not path.exists():
        raise ModelError(
            "There is no model at {path}; give a model's folder, its .zip or .model file, or a run.", path=path
        )
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise ModelError(
            "{path} is no model: a model is a folder or a zip; this file is neither, or it was cut off.", path=path
        )
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _entries(path, archive)
            return {name: _read_entry(path, archive, entries[name], name) for name in NAMES if name in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        if isinstance(error, ModelError):
            raise
        raise DamagedModelError(
            "The model {path} is damaged: {error}. Copy or save it again.", path=path, error=error
        ) from None


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the archive's entries by file name; a folder around all of them (a model zipped by hand) is taken off."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > ENTRY_LIMIT:
        raise ModelError(
            "{path} is no model: it has {infos} entries, a model has {NAMES}.",
            path=path,
            infos=len(infos),
            NAMES=len(NAMES),
        )
    for info in archive.infolist():
        _check_name(path, info)
    tops = {PurePosixPath(info.filename).parts[0] for info in infos if "/" in info.filename}
    around = f"{tops.pop()}/" if len(tops) == 1 and all("/" in info.filename for info in infos) else ""
    names = [info.filename.removeprefix(around) for info in infos]
    if len(set(names)) < len(names):
        raise ModelError("The model {path} is damaged: it has two entries of one name. Save it again.", path=path)
    return dict(zip(names, infos))


def _check_name(path: Path, info: zipfile.ZipInfo) -> None:
    name = info.filename
    kind = info.external_attr >> 16 & 0o170000
    odd_name = not name or name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")
    if odd_name or kind not in (0, 0o100000, 0o040000):
        raise ModelError(
            "The model {path} is refused: its entry {name} is not a plain file inside the archive.",
            path=path,
            name=repr(name),
        )


def _read_entry(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    _check_size(path, name, info.file_size)
    with archive.open(info) as stream:
        return stream.read()  # no more than file_size: zipfile stops there and checks the CRC


def _check_size(path: Path, name: str, size: int) -> None:
    limit = LIMITS.get(name, TEXT_LIMIT)
    if size > limit:
        raise ModelError(
            "The model {path} is refused: {name} has {size} bytes, the limit is {limit}.",
            path=path,
            name=name,
            size=f"{size:,}",
            limit=f"{limit:,}",
        )
