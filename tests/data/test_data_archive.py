"""Archives as sources: read in place, harmless whatever is in them."""

import gzip
import io
import multiprocessing
import os
import random
import struct
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glasshouse.data.archives.archive import open_archive
from glasshouse.data.archives.entries import Limits
from glasshouse.data.decoding.picture import decode
from glasshouse.data.items import Source
from glasshouse.data.sources.source import open_source, source_paths
from glasshouse.errors import PictureError, SourceError
from glasshouse.recipe import DatasetRecipe, LabelRecipe
from pictures import jpeg_bytes, picture, save, write_class_folders, write_splits

KINDS = ("zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz")
LINKS = {"a link": (tarfile.SYMTYPE, tarfile.LNKTYPE), "a named pipe": (tarfile.FIFOTYPE,),
         "a device": (tarfile.CHRTYPE, tarfile.BLKTYPE)}  # fmt: skip
EVIL = (
    "../evil.jpg",
    "cat/../../evil.jpg",
    "/etc/evil.jpg",
    "C:/evil.jpg",
    "c:evil.jpg",
    "..\\evil.jpg",
    "\\\\host\\x.jpg",
)


def opened(path: Path, **labels: str) -> Source:
    return open_source(DatasetRecipe(source=str(path), labels=LabelRecipe(**labels)))


def packed(folder: Path, kind: str, inside: str = "") -> Path:
    """Pack a folder of pictures into ``archive.KIND`` beside it, under the folder ``inside``."""
    target = folder.parent / f"archive.{kind}"
    files = [path for path in folder.rglob("*") if path.is_file()]
    if kind == "zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, f"{inside}{path.relative_to(folder)}")
        return target
    mode = {"tar": "w", "tar.gz": "w:gz", "tgz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}[kind]
    with tarfile.open(target, mode) as archive:
        for path in files:
            archive.add(path, f"{inside}{path.relative_to(folder)}")
    return target


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def good_members() -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(tarfile.TarInfo(f"{name}/1.jpg"), jpeg_bytes(picture(i))) for i, name in enumerate(("cat", "dog"))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inside", ["", "pets/", "./", "a/b/"])
def test_an_archive_is_the_folder_it_was_made_from(
    kind: str, inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_class_folders(tmp_path / "pets", ("강아지", "cat"), 2)
    archive = packed(folder, kind, inside)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    before = sorted(tmp_path.rglob("*"))
    source = opened(archive)
    assert [(item.label, item.path.removeprefix(inside)) for item in source.items] == [
        ("cat", "cat/cat.0.jpg"), ("cat", "cat/cat.1.jpg"),
        ("강아지", "강아지/강아지.0.jpg"), ("강아지", "강아지/강아지.1.jpg"),
    ]  # fmt: skip
    for item in source.items:
        assert source.read(item) == (folder / item.path.removeprefix(inside)).read_bytes()
        assert item.time is not None
    assert source.rejected == []
    assert [file.path for file in source.listing()] == [f"archive.{kind}"]
    assert sorted(tmp_path.rglob("*")) == before, "nothing is unpacked"


@pytest.mark.parametrize("kind", KINDS)
def test_splits_and_patterns_in_archives(kind: str, tmp_path: Path) -> None:
    source = opened(packed(write_splits(tmp_path / "pets", {"train": 2, "val": 1}), kind, "pets/"))
    assert sorted((item.split or "", item.label) for item in source.items).count(("val", "dog")) == 1
    source = opened(packed(tmp_path / "pets", kind), pattern=r"^(\w+)\.")
    assert {(item.label, item.split) for item in source.items} == {
        ("cat", "train"), ("dog", "train"), ("cat", "val"), ("dog", "val"),
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
def test_reading_by_threads_and_forked_processes(kind: str, tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets", each=20, size=(90, 70))
    source = opened(packed(folder, kind))
    expected = [(folder / item.path).read_bytes() for item in source.items]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(source.read, list(source.items) * 5)) == expected * 5
    if "fork" in multiprocessing.get_all_start_methods():
        status = forked_status(lambda: [source.read(item) for item in source.items] == expected)
        assert [source.read(item) for item in source.items] == expected
        assert status == 0


def forked_status(check: object) -> int:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if check() else 1)  # type: ignore[operator]
        except BaseException:  # noqa: BLE001
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("name", EVIL)
def test_no_entry_leaves_the_archive(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for info, data in good_members():
            archive.writestr(info.name, data)
        info = zipfile.ZipInfo("x")
        info.filename = name
        archive.writestr(info, b"evil")
    tar = tar_of(tmp_path / "a.tar", *good_members(), (tarfile.TarInfo(name), b"evil"))
    before = sorted(tmp_path.rglob("*"))
    for source in (opened(tmp_path / "a.zip"), opened(tar)):
        assert len(source.items) == 2
        ((path, reason),) = [(one.path, one.reason) for one in source.rejected]
        assert path.replace("\\", "/") == name.replace("\\", "/")
        assert "leave the archive" in reason
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("reason", LINKS)
def test_links_and_devices_of_a_tar_are_listed(reason: str, tmp_path: Path) -> None:
    members = good_members()
    for number, kind in enumerate(LINKS[reason]):
        info = tarfile.TarInfo(f"cat/odd{number}.jpg")
        info.type, info.linkname = kind, "/etc/passwd"
        members.append((info, b""))
    source = opened(tar_of(tmp_path / "a.tar", *members))
    assert len(source.items) == 2
    assert {one.reason for one in source.rejected} == {f"not a file but {reason}"}
    assert len(source.rejected) == len(LINKS[reason])


def test_links_of_a_zip_are_listed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for info, data in good_members():
            archive.writestr(info.name, data)
        link = zipfile.ZipInfo("cat/link.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    source = opened(tmp_path / "a.zip")
    assert [(one.path, one.reason) for one in source.rejected] == [("cat/link.jpg", "not a file but a link")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_is_one_clear_error(kind: str, tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets", each=1)
    (folder / "cat" / "bomb.bmp").write_bytes(bytes(3_000_000))
    (folder / "cat" / "bomb2.bmp").write_bytes(bytes(3_000_000))
    path = packed(folder, kind)
    with pytest.raises(SourceError, match="has more than 3 entries"):
        open_archive(path, Limits(count=3))
    if kind != "tar":
        with pytest.raises(SourceError, match="the limit is 4,000,000"):
            open_archive(path, Limits(total=4_000_000))
        with pytest.raises(SourceError, match="decompression bomb"):
            open_archive(path, Limits(ratio=50, ratio_from=1_000_000))


def test_a_real_zip_bomb_of_one_entry(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in good_members():
            archive.writestr(info.name, data)
        archive.writestr("cat/bomb.bmp", bytes(80_000_000))
    source = opened(tmp_path / "a.zip")
    assert "decompression bomb" in source.rejected[0].reason
    assert len(source.items) == 2


def test_a_zip_that_lies_about_sizes_gives_no_more_than_it_states(tmp_path: Path) -> None:
    path = packed(write_class_folders(tmp_path / "pets", each=1), "zip")
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    path.write_bytes(bytes(data))
    source = opened(path)
    lying = next(item for item in source.items if item.path.encode() == bytes(data[at + 46 : at + 59]))
    with pytest.raises(PictureError, match="damaged in the archive"):
        source.read(lying)


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_archive_is_one_clear_error(kind: str, tmp_path: Path) -> None:
    path = packed(write_class_folders(tmp_path / "pets", each=4, size=(200, 200)), kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match="copy or fetch it once more"):
        opened(path)


def test_a_tar_that_is_damaged_in_the_middle_does_not_just_end(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a.tar", *good_members(), *good_members())
    path.write_bytes(path.read_bytes().replace(b"dog/1.jpg", b"dog/x.jpg", 1))
    with pytest.raises(SourceError, match="no head of an entry at byte"):
        opened(path)


def test_a_damaged_entry_is_one_reason(tmp_path: Path) -> None:
    path = packed(write_class_folders(tmp_path / "pets", each=2), "zip")
    data = bytearray(path.read_bytes())
    data[200:220] = bytes(20)
    path.write_bytes(bytes(data))
    source = opened(path)
    failed = []
    for item in source.items:
        try:
            source.read(item)
        except PictureError as error:
            failed.append(str(error))
    assert len(failed) == 1
    assert "damaged in the archive" in failed[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"7z\xbc\xaf'\x1c" + bytes(50), "7z archive"),
        (b"Rar!\x1a\x07" + bytes(50), "rar archive"),
        (b"PK\x03\x04rubbish", "damaged"),
        (b"", "a kind that is no source"),
        (b"hello", "a kind that is no source"),
        (gzip.compress(b"hello"), "damaged or not whole"),
        (b"BZh9rubbish", "cannot be unpacked"),
    ],
    ids=["7z", "rar", "zip", "empty", "text", "gz", "bz2"],
)
def test_other_files_are_told(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "archive.bin").write_bytes(data)
    with pytest.raises(SourceError, match=message):
        opened(tmp_path / "archive.bin")


def test_the_ending_of_the_name_does_not_matter(tmp_path: Path) -> None:
    path = packed(write_class_folders(tmp_path / "pets", each=1), "tar.xz").rename(tmp_path / "download")
    assert len(opened(path).items) == 2
    assert source_paths(str(path)) == ["cat/cat.0.jpg", "dog/dog.0.jpg"]


def test_system_files_and_second_entries(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for info, data in good_members():
            archive.writestr(info.name, data)
        archive.writestr("__MACOSX/cat/._1.jpg", "x")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("cat/1.jpg", "other")
    source = opened(tmp_path / "a.zip")
    assert [(one.path, one.reason) for one in source.rejected] == [("cat/1.jpg", "a second entry of this name")]
    assert decode(source.read(source.items[0])).shape == (30, 40, 3)
    assert source.warnings[0].kind == "hidden"


@pytest.mark.parametrize("encoding", ["utf-8", "euc_kr"])
def test_names_without_the_mark_of_unicode(encoding: str, tmp_path: Path) -> None:
    save(tmp_path / "x.jpg", picture(0))
    names = ("고양이", "강아지")
    stand_ins = {name: "x" * len(name.encode(encoding)) for name in names}
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for letter, name in zip("ab", names):
            archive.write(tmp_path / "x.jpg", stand_ins[name].replace("x", letter) + "/1.jpg")
    data = path.read_bytes()
    for letter, name in zip("ab", names):
        data = data.replace(stand_ins[name].replace("x", letter).encode() + b"/1", name.encode(encoding) + b"/1")
    path.write_bytes(data)
    source = opened(path)
    assert {item.label for item in source.items} == set(names)
    assert decode(source.read(source.items[0])).shape == (30, 40, 3)
    assert [warning.kind for warning in source.warnings] == ["names"]


def test_an_encrypted_entry_is_a_reason(tmp_path: Path) -> None:
    path = packed(write_class_folders(tmp_path / "pets", each=1), "zip")
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(bytes(data))
    source = opened(path)
    with pytest.raises(PictureError, match="encrypted"):
        [source.read(item) for item in source.items]


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz", "tar.xz"])
def test_wrong_bytes_anywhere_are_errors_of_ours(kind: str, tmp_path: Path) -> None:
    whole = packed(write_class_folders(tmp_path / "pets", each=1), kind).read_bytes()
    rng = random.Random(kind)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 4))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        (tmp_path / "bad").write_bytes(data)
        try:
            source = opened(tmp_path / "bad")
        except SourceError as error:
            assert str(error)
            continue
        for item in source.items:
            try:
                assert isinstance(source.read(item), bytes)
            except PictureError as error:
                assert str(error)
