"""One damaged file never stops a job: hundreds of them become a dataset and predictions, each with its reason."""

import csv
import io
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from glasshouse.data.checking.reading import Failure, read_picture
from glasshouse.data.decoding import picture as picture_module
from glasshouse.data.decoding import quiet
from glasshouse.data.decoding.picture import decode
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.decoding.quiet import decoders_quiet
from glasshouse.data.decoding.values import Scaler, ValueRanges
from glasshouse.data.items import Item
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import PictureError
from glasshouse.export.reading import read_pictures
from glasshouse.recipe import DatasetRecipe
from mutated_pictures import broken, whole_pictures
from pictures import jpeg_bytes, picture, save

WHOLE = whole_pictures()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every format broken in every way, in two class folders, with two whole pictures each."""
    root = tmp_path_factory.mktemp("damaged")
    for number, (name, data) in enumerate(WHOLE.items()):
        for way, bad in broken(data, name):
            place = root / ("even", "odd")[number % 2] / f"{name} {way}.jpg"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(bad)
    for label in ("even", "odd"):
        for number in range(4):
            save(root / label / f"whole {number}.png", picture(10 * number + len(label)))
    return root


def _files(root: Path) -> list[Path]:
    return sorted(root.rglob("*.*"))


def test_the_battery_has_every_format() -> None:
    assert len(WHOLE) >= 60
    for name, data in WHOLE.items():
        assert decode(data).shape[2] == 3, name


def test_a_dataset_is_made_of_what_is_left(damaged: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    recipe = DatasetRecipe(source=str(damaged), width=16, height=16, twins=False)
    dataset = create_dataset(recipe, tmp_path / "out")
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""
    with (tmp_path / "out" / "rejected.csv").open(encoding="utf-8", newline="") as lines:
        rejected = list(csv.DictReader(lines))
    assert len(rejected) > 200
    assert sum(len(split) for split in dataset.splits.values()) + len(rejected) == len(_files(damaged))
    assert [row["path"] for row in rejected if not row["reason"].strip() or "rror: 0" in row["reason"]] == []


def test_predict_reads_or_tells_why(damaged: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = _files(damaged)
    read = [one for batch in read_pictures(files, Preprocessing(16, 16), 64) for one in batch]
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""
    assert [one.path for one in read] == [str(file) for file in files]
    assert all((one.row is None) != (one.error is None) for one in read)
    assert all(one.error.strip() for one in read if one.error is not None)
    assert sum(one.error is None for one in read) > 50


def oddly_sampled() -> bytes:
    """Return a JPEG whose head tells of a sampling (441) that simplejpeg has no name for."""
    data = bytearray(jpeg_bytes(picture(0)))
    data[data.index(b"\xff\xc0") + 11] = 0x14
    return bytes(data)


def test_what_the_fast_way_has_no_name_for_is_left_to_pillow() -> None:
    data = oddly_sampled()
    with pytest.raises(KeyError):
        simplejpeg.decode_jpeg_header(data)
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(decode(data), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("error", [KeyError(15), ZeroDivisionError("x"), SystemError("bad"), RecursionError("deep")])
def test_where_the_fast_way_fails_pillow_tries(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    data = jpeg_bytes(picture(3))
    expected = decode(data)
    for name in ("decode_jpeg", "decode_jpeg_header"):
        with monkeypatch.context() as patch:
            patch.setattr(simplejpeg, name, fail)
            np.testing.assert_array_equal(decode(data), expected)


@pytest.mark.parametrize("error", [KeyError(15), AttributeError("no"), MemoryError(), SystemError("bad")])
@pytest.mark.parametrize("place", ["to_color", "check_effort", "from_image"])
def test_whatever_is_raised_is_a_reason(place: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(picture_module, place, fail)
    with pytest.raises(PictureError, match=r"damaged: \w+Error|does not fit into memory"):
        decode(whole_pictures()["png rgb"])


class _Faulty:
    """A source whose reading fails in a way that nobody thought of."""

    def read(self, item: Item) -> bytes:
        raise NotImplementedError("this packing")


def test_a_source_that_fails_leaves_one_picture_out() -> None:
    recipe = DatasetRecipe(source="x", width=8, height=8)
    failure = read_picture(_Faulty(), Item("a/b.png", "a"), recipe, Preprocessing(8, 8))  # type: ignore[arg-type]
    assert failure == Failure("cannot be read: NotImplementedError: this packing", "")


def test_pictures_from_anywhere_that_fail_are_told_by_predict(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("nothing")

    monkeypatch.setattr(Preprocessing, "stored", fail)
    ((one,),) = read_pictures([picture(0)], Preprocessing(8, 8), 4)
    assert one.error == "cannot be read: ZeroDivisionError: nothing"


@pytest.fixture
def plain_logging() -> Iterator[None]:
    """Take pytest's own handlers away, as in a program that sets up none."""
    root = logging.getLogger()
    kept, root.handlers = root.handlers, []
    yield
    root.handlers = kept


@pytest.mark.usefixtures("plain_logging")
def test_what_libtiff_and_pillow_say_stays_off_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    whole = whole_pictures()["tiff tiff_lzw"]
    bad = whole[:8] + whole[8:60][::-1] + whole[60:]
    with pytest.raises(PictureError):
        decode(bad)
    logging.getLogger("PIL.TiffImagePlugin").error("More samples per pixel than can be decoded")
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""
    with Image.open(io.BytesIO(bad)) as image, pytest.raises(OSError, match="decoder error"):
        image.load()
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    assert capfd.readouterr().err != "", "outside of our reading, libtiff speaks as it did"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_process_that_was_forked_while_another_thread_read_can_read() -> None:
    data = whole_pictures()["png rgb"]
    inside, leave = threading.Event(), threading.Event()

    def read() -> None:
        with decoders_quiet(), quiet._LOCK:
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=read)
    thread.start()
    inside.wait(60)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if decode(data).shape == (18, 24, 3) else 2)
        finally:
            os._exit(3)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@settings(max_examples=150, deadline=None)
@given(
    shape=st.lists(st.integers(0, 9), max_size=4),
    kind=st.sampled_from(
        ["?", "u1", "i1", "<u2", ">u2", "i4", "u8", "i8", "f2", "f4", ">f8", "g", "c8", "U3", "O", "M8[s]"]
    ),
    seed=st.integers(0, 2**32 - 1),
    known=st.sampled_from([None, ValueRanges((0.0, 4095.0), (0.0, 1.0)), ValueRanges((3.0, 3.0), (-1.0, 1e300))]),
)
def test_any_array_is_a_picture_or_a_reason(shape: list[int], kind: str, seed: int, known: ValueRanges | None) -> None:
    raw = np.random.default_rng(seed).bytes(16 * int(np.prod(shape, dtype=int)) + 16)
    count = int(np.prod(shape, dtype=int))
    dtype = np.dtype(kind)
    array = np.full(shape, None) if kind == "O" else np.frombuffer(raw, dtype, count=count).reshape(shape)
    if kind == "U3":
        array = np.full(shape, "abc")
    try:
        decoded = decode(array, "rgb", scaler=Scaler(known))
        assert decoded.dtype == np.uint8
        assert decoded.shape[2] == 3
    except PictureError as error:
        assert str(error)
