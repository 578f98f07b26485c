"""idx files as sources."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.decoding.picture import decode
from glasshouse.data.items import Source
from glasshouse.data.sources.idx import read_idx
from glasshouse.data.sources.source import open_source
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe, LabelRecipe

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def idx_bytes(array: np.ndarray) -> bytes:
    code = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}[array.dtype.str[1:]]
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(folder: Path, prefix: str, count: int, packed: bool = True, label_shift: int = 0) -> None:
    ending, pack = (".gz", gzip.compress) if packed else ("", bytes)
    images = np.random.default_rng(count).integers(0, 256, (count, 5, 4), dtype=np.uint8)
    labels = ((np.arange(count) + label_shift) % 3).astype(np.uint8)
    (folder / f"{prefix}-images-idx3-ubyte{ending}").write_bytes(pack(idx_bytes(images)))
    (folder / f"{prefix}-labels-idx1-ubyte{ending}").write_bytes(pack(idx_bytes(labels)))


def opened(path: Path, **labels: str) -> Source:
    return open_source(DatasetRecipe(source=str(path), labels=LabelRecipe(**labels)))


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("prefixes", [("train", "t10k"), ("emnist-letters-train", "emnist-letters-test")])
def test_a_folder_of_idx_files(packed: bool, prefixes: tuple[str, str], tmp_path: Path) -> None:
    write(tmp_path, prefixes[0], 6, packed)
    write(tmp_path, prefixes[1], 4, packed)
    source = opened(tmp_path)
    assert [item.split for item in source.items].count("train") == 6
    assert [item.split for item in source.items].count("test") == 4
    assert source.classes == ["0", "1", "2"]
    assert len({item.path for item in source.items}) == 10
    item = next(item for item in source.items if item.path == "train/00002")
    expected = np.random.default_rng(6).integers(0, 256, (6, 5, 4), dtype=np.uint8)[2]
    np.testing.assert_array_equal(decode(source.read(item), "gray")[..., 0], expected)
    assert len(source.listing()) == 2


def test_names_of_classes_and_a_single_file(tmp_path: Path) -> None:
    write(tmp_path, "train", 6)
    (tmp_path / "names.txt").write_text("a\nb\nc\n")
    for path in (tmp_path, tmp_path / "train-images-idx3-ubyte.gz"):
        source = opened(path, labels_file="names.txt")
        assert source.classes == ["a", "b", "c"]
        assert [item.label for item in source.items] == ["a", "b", "c"] * 2


def test_labels_beyond_the_names_are_listed(tmp_path: Path) -> None:
    write(tmp_path, "train", 6)
    (tmp_path / "names.txt").write_text("a\nb\n")
    source = opened(tmp_path, labels_file="names.txt")
    assert [(one.path, one.reason) for one in source.rejected] == [
        ("train/00002", "its label is 2; there are 2 class names"),
        ("train/00005", "its label is 2; there are 2 class names"),
    ]


def test_plain_and_packed_twins_are_read_once(tmp_path: Path) -> None:
    write(tmp_path, "train", 6, True)
    write(tmp_path, "train", 6, False)
    assert len(opened(tmp_path).items) == 6


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4", "f8"])
def test_every_type(kind: str, tmp_path: Path) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(kind)
    (tmp_path / "x").write_bytes(idx_bytes(array))
    found = read_idx(tmp_path / "x")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no idx file"),
        (b"\0\0\x08", "no idx file"),
        (b"PNG\x03", "no idx file"),
        (b"\0\0\x08\x03\0\0", "within its head"),
        (struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 5, 4) + bytes(30), "ends after 30 of 40 bytes"),
        (struct.pack(">BBBBIII", 0, 0, 8, 3, 2**31, 2**10, 2**10), "the limit is"),
        (gzip.compress(idx_bytes(np.zeros((60, 5, 4), np.uint8)), mtime=0)[:-12], "fetch it once more"),
    ],
)
def test_damaged_files(data: bytes, message: str, tmp_path: Path) -> None:
    write(tmp_path, "train", 6)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(data)
    with pytest.raises(SourceError, match=message):
        opened(tmp_path)


def test_missing_labels_and_other_counts(tmp_path: Path) -> None:
    write(tmp_path, "train", 6)
    labels = tmp_path / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(idx_bytes(np.zeros(5, np.uint8)))
    with pytest.raises(SourceError, match="expected"):
        opened(tmp_path)
    labels.unlink()
    with pytest.raises(SourceError, match=r"expected train-labels-idx1-ubyte.gz beside it"):
        opened(tmp_path)
    with pytest.raises(SourceError, match="has no idx files"):
        (tmp_path / "train-images-idx3-ubyte.gz").unlink()
        opened(tmp_path, by="idx")


@pytest.mark.real
def test_fashion_mnist() -> None:
    folder = SHARED / "data" / "fashion-mnist"
    if not folder.is_dir():
        pytest.skip("the shared pictures are missing")
    source = opened(folder)
    assert len(source.items) == 70_000
    assert [item.split for item in source.items].count("test") == 10_000
    assert source.classes == [str(number) for number in range(10)]
    assert decode(source.read(source.items[-1]), "gray").shape == (28, 28, 1)


@pytest.mark.parametrize("count", [1_000_000, 50_000])
def test_a_small_packed_file_that_claims_very_much_is_refused(count: int, tmp_path: Path) -> None:
    head = struct.pack(">BBBB3I", 0, 0, 8, 3, count, 64, 64)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + bytes(2**20)))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(count, np.uint8))))
    with pytest.raises(SourceError, match="decompression bomb"):
        opened(tmp_path)


def test_a_plain_file_that_claims_more_than_it_has_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(struct.pack(">BBBB3I", 0, 0, 8, 3, 300_000, 64, 64) + bytes(99))
    with pytest.raises(SourceError, match="ends after 115 of 1,228,800,000 bytes"):
        read_idx(tmp_path / "train-images-idx3-ubyte")


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "x.npz", "x.zip", "x.csv", "x.txt", "pictures"])
def test_a_named_pipe_is_no_source_and_nobody_waits_for_it(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(SourceError, match="not a file but a named pipe"):
        opened(tmp_path / name)


def test_a_named_pipe_is_no_file_of_class_names(tmp_path: Path) -> None:
    write(tmp_path, "train", 6)
    os.mkfifo(tmp_path / "names.txt")
    with pytest.raises(SourceError, match="not a file but a named pipe"):
        opened(tmp_path, labels_file="names.txt")
