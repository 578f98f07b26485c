"""Which archive a file is, by its first bytes."""

from pathlib import Path

from glasshouse.data.archives.entries import Limits
from glasshouse.data.archives.tar_file import UNPACKERS, TarFiles
from glasshouse.data.archives.zip_file import ZipFiles
from glasshouse.errors import SourceError

__all__ = ["open_archive"]

_OTHERS = {b"7z\xbc\xaf'\x1c": "7z", b"Rar!": "rar", b"\x28\xb5\x2f\xfd": "zstd", b"MSCF": "cab"}


def open_archive(path: Path, limits: Limits | None = None) -> ZipFiles | TarFiles | None:
    """Return the archive at ``path``, or None if the file is none; its name's ending does not matter.

    Raises:
        SourceError: it is damaged, a decompression bomb, or of a kind that cannot be read here.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except PermissionError:
        raise SourceError("no permission to read {path}; change its rights, or copy it", path=path) from None
    except OSError as error:
        raise SourceError("{path} cannot be read: {strerror}", path=path, strerror=error.strerror) from None
    for magic, kind in _OTHERS.items():
        if head.startswith(magic):
            raise SourceError(
                "{path} is a {kind} archive; zip and tar can be read. Unpack it and give the folder.",
                path=path,
                kind=kind,
            )
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return ZipFiles(path, limits)
    if head[257:262] == b"ustar" or path.name.lower().endswith(".tar") or head.startswith(tuple(UNPACKERS)):
        return TarFiles(path, limits)
    return None
