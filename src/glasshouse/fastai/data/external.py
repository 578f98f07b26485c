"""``untar_data`` and ``URLs``: data that is at hand; nothing is downloaded."""

import hashlib
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from glasshouse.data.image_data import user_cache
from glasshouse.data.samples import SAMPLES, sample
from glasshouse.errors import SourceError

__all__ = ["URLs", "untar_data"]

_IMAGES, _SAMPLES = "https://s3.amazonaws.com/fast-ai-imageclas/", "https://s3.amazonaws.com/fast-ai-sample/"
_PACKED = (".tgz", ".tar.gz", ".tar", ".zip", ".tar.bz2", ".tar.xz")


class URLs:
    """The names of the data sets that fastai's documents use; ``untar_data`` finds them where fastai keeps them."""

    CIFAR = f"{_SAMPLES}cifar10.tgz"
    DOGS = f"{_SAMPLES}dogscats.tgz"
    IMAGENETTE = f"{_IMAGES}imagenette2.tgz"
    IMAGENETTE_160 = f"{_IMAGES}imagenette2-160.tgz"
    IMAGENETTE_320 = f"{_IMAGES}imagenette2-320.tgz"
    IMAGEWOOF = f"{_IMAGES}imagewoof2.tgz"
    IMAGEWOOF_160 = f"{_IMAGES}imagewoof2-160.tgz"
    IMAGEWOOF_320 = f"{_IMAGES}imagewoof2-320.tgz"
    MNIST = f"{_IMAGES}mnist_png.tgz"
    MNIST_SAMPLE = f"{_SAMPLES}mnist_sample.tgz"
    MNIST_TINY = f"{_SAMPLES}mnist_tiny.tgz"
    PETS = f"{_IMAGES}oxford-iiit-pet.tgz"


def untar_data(url: str | Path) -> Path:
    """Return the folder of the pictures that ``url`` names: a folder, an archive, ``sample:digits`` or one of `URLs`.

    An archive is unpacked once into the user's cache. Those of `URLs` are looked for where fastai keeps them, in
    ``~/.fastai/data`` and ``~/.fastai/archive``.

    Raises:
        SourceError: there is nothing of that name on this computer; where it is looked for is said.
    """
    written = str(url)
    if written in SAMPLES:
        return _kept(f"{written.replace(':', '-')}", lambda place: _write_sample(written, place))
    if not written.startswith(("http://", "https://")):
        return _local(Path(written).expanduser())
    file = written.rpartition("/")[2]
    home = Path.home() / ".fastai"
    folder = home / "data" / file.split(".")[0]
    if folder.is_dir():
        return folder
    if (home / "archive" / file).is_file():
        return _local(home / "archive" / file)
    raise SourceError(
        "{file} is not on this computer, and nothing is downloaded: fetch {url}, and unpack it to {folder}, or give "
        "untar_data the folder or archive that you have; untar_data({sample}) is there without any",
        file=file,
        url=written,
        folder=folder,
        sample=repr(SAMPLES[0]),
    )


def _local(path: Path) -> Path:
    if path.is_dir():
        return path
    if not path.is_file() or not path.name.lower().endswith(_PACKED):
        raise SourceError(
            "there is no folder and no archive {path} (looked in {here}); untar_data takes a path on this computer, "
            "one of {samples}, or one of URLs",
            path=path,
            here=Path.cwd(),
            samples=", ".join(SAMPLES),
        )
    found = path.stat()
    marks = hashlib.sha256(f"{path.resolve()}\0{found.st_size}\0{found.st_mtime_ns}".encode()).hexdigest()[:12]
    whole = _kept(f"{path.name.split('.')[0]}-{marks}", lambda place: _unpack(path, place))
    inside = list(whole.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else whole


def _kept(name: str, write: Callable[[Path], Any]) -> Path:
    """Return a folder of the user's cache, written whole by the first call."""
    place = user_cache() / "untarred" / name
    if not place.exists():
        part = place.with_name(f"{name}.part")
        part.mkdir(parents=True, exist_ok=True)
        write(part)
        part.rename(place)
    return place


def _unpack(archive: Path, place: Path) -> None:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                file.extractall(place)  # noqa: S202  zipfile lets nothing out of the folder
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(place, filter="data")
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise SourceError("{archive} cannot be unpacked: {error}", archive=archive, error=error) from None


def _write_sample(name: str, place: Path) -> None:
    given = sample(name)
    images, labels = given.images, given.targets
    for number, (image, label) in enumerate(zip(images if images is not None else (), labels or ())):
        folder = place / str(label)
        folder.mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:04d}.png")
