"""Values of more than 8 bits: one range for all pictures of a dataset, kept with it and its models, and told."""

import io
import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.decoding.modes import channels_first
from glasshouse.data.decoding.picture import decode
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.decoding.values import Scaler, ValueRanges, Values, decide, seen
from glasshouse.data.image_data import ImageData
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import PictureError
from glasshouse.export.bundle import load_model, save_model
from glasshouse.networks.build import build
from glasshouse.recipe import DatasetRecipe
from pictures import picture


def ramp(high: float, seed: int, low: float = 0.0) -> np.ndarray:
    """Return float32 (32, 32) of evenly spread values in a random order."""
    values = np.linspace(low, high, 1024, dtype=np.float32)
    return np.random.default_rng(seed).permutation(values).reshape(32, 32)


def tiff(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "TIFF")
    return buffer.getvalue()


def made(tmp_path: Path, pictures: dict[str, np.ndarray], **fields: object) -> Dataset:
    """Make a grey dataset of 16 x 16 of files ``CLASS/NAME``."""
    for name, array in pictures.items():
        place = tmp_path / "source" / f"{name}.tif"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(tiff(array))
    recipe = DatasetRecipe(source=str(tmp_path / "source"), width=32, height=32, color="gray", twins=False, valid=0,
                           **fields)  # type: ignore[arg-type]  # fmt: skip
    return create_dataset(recipe, tmp_path / "out")


def rows(dataset: Dataset) -> dict[str, np.ndarray]:
    split = dataset.splits["train"]
    return dict(zip(split.paths, split.rows(np.arange(len(split)))))


def test_one_value_above_one_changes_nothing(tmp_path: Path) -> None:
    pictures = {f"a/{n}": ramp(1, n) for n in range(3)} | {f"b/{n}": ramp(1.003, n) for n in range(3)}
    pictures["b/spike"] = ramp(1, 9)
    pictures["b/spike"][3, 3] = 300.0  # one dead pixel
    dataset = made(tmp_path, pictures)
    assert dataset.ranges == ValueRanges(floats=(0.0, 1.0))
    assert dataset.summary()["ranges"] == {"floats": [0.0, 1.0]}
    means = {path: row.mean() for path, row in rows(dataset).items()}
    assert len(means) == 7
    assert all(abs(mean - 127.5) < 2 for mean in means.values()), means
    (told,) = [one.message for one in dataset.warnings if one.kind == "value-range"]
    assert "7 pictures hold floats, from 0 to 300 over all of them: 0 becomes black and 1 white" in told
    assert "what lies outside is cut off" in told


def test_a_dark_picture_stays_dark(tmp_path: Path) -> None:
    pictures = {f"{label}/{n}": ramp(200.5, n) for label in "ab" for n in range(3)}
    pictures["a/night"] = ramp(0.9, 5)
    dataset = made(tmp_path, pictures)
    assert dataset.ranges == ValueRanges(floats=(0.0, 255.0))
    assert rows(dataset)["a/night.tif"].max() <= 1
    told = " ".join(one.message for one in dataset.warnings)
    assert (
        "1 of 7 pictures become nearly black in the range 0 to 255 (such as a/night.tif, whose values end at 0.9)"
        in told
    )


def test_pixels_without_a_number_are_told(tmp_path: Path) -> None:
    pictures = {f"{label}/{n}": ramp(1, n) for label in "ab" for n in range(4)}
    pictures["a/1"][:4] = np.nan
    pictures["b/2"][0, 0] = np.inf
    told = [one.message for one in made(tmp_path, pictures).warnings if one.kind == "value-range"]
    assert "2 of 8 pictures hold pixels without a finite number (NaN or infinite), the most in a/1.tif" in told[-1]
    assert len(told) == 2


@pytest.mark.parametrize(("bits", "most"), [(8, 255), (10, 1023), (12, 4095), (14, 16383), (16, 65535)])
def test_bits_are_counted_over_the_dataset(bits: int, most: int, tmp_path: Path) -> None:
    full = np.linspace(0, most, 1024).reshape(32, 32).astype(np.uint16)
    pictures = {f"a/{n}": np.roll(full, n) for n in range(3)} | {f"b/{n}": np.roll(full // 4, n) for n in range(3)}
    dataset = made(tmp_path, pictures)
    assert dataset.ranges == ValueRanges(integers=(0.0, float(most)))
    stored = rows(dataset)
    assert stored["a/1.tif"].max() == 255
    assert 60 <= stored["b/1.tif"].max() <= 64, "a quarter as bright as the others"
    assert ("value-range" in {one.kind for one in dataset.warnings}) == (bits > 8)


def test_prediction_uses_the_range(tmp_path: Path) -> None:
    full = np.linspace(0, 4095, 1024).reshape(32, 32).astype(np.uint16)
    dataset = made(tmp_path, {f"{label}/{n}": np.roll(full, n) for label in "ab" for n in range(3)})
    module = build("LeNet", 2, 1, 32, 32, seed=1).module
    save_model(tmp_path / "m", network={"name": "LeNet", "dropout": None}, module=module,
               preprocessing=dataset.preprocessing, classes=dataset.classes)  # fmt: skip
    loaded = load_model(tmp_path / "m").preprocessing
    assert loaded == dataset.preprocessing
    dark = (full // 16).astype(np.uint16)  # at most 255: alone it would be taken for 8 bits
    for source in (dark, tiff(dark), dark.astype(np.int64)):
        assert loaded(source).max() == 16
    np.testing.assert_array_equal(loaded(full), rows(dataset)["a/0.tif"])
    with pytest.raises(PictureError, match="reach from 0 to 65520, and most lie outside of 0 to 4095"):
        loaded((full.astype(np.uint32) * 16).astype(np.uint16))


def test_arrays_are_read_alike_by_from_arrays_and_predict(tmp_path: Path) -> None:
    images = np.stack([ramp(1.02, n, -0.01) for n in range(8)])
    data = ImageData.from_arrays(images, [0, 1] * 4, out=tmp_path / "d", valid=0, color="gray", twins=False)
    prepare = data.dataset.preprocessing
    assert prepare.ranges == ValueRanges(floats=(0.0, 1.0))
    stored = data.train.rows(np.arange(8))
    for index, row in enumerate(stored):
        np.testing.assert_array_equal(prepare(images[int(data.train.paths[index][-5:])]), row)
    with pytest.raises(PictureError, match="bring them to that range first"):
        prepare(images[0] * 255)


def test_what_does_not_fit_at_all_is_left_out_with_both_ranges(tmp_path: Path) -> None:
    pictures = {f"{label}/{n:04}": ramp(1, n) for label in "ab" for n in range(40)}
    pictures["b/odd"] = np.full((8, 8), 200.5, np.float32)
    dataset = made(tmp_path, pictures)
    assert dataset.ranges == ValueRanges(floats=(0.0, 1.0))
    (odd,) = dataset.rejected
    assert odd.path == "b/odd.tif"
    assert "reach from 200.5 to 200.5, and most lie outside of 0 to 1" in odd.reason


def _facts(*arrays: np.ndarray) -> list[Values]:
    return [seen(array) for array in arrays]


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ([ramp(1, 0)], (0, 1)),
        ([ramp(0.2, 0)], (0, 1)),
        ([ramp(1.04, 0, -0.04)], (0, 1)),
        ([ramp(1, 0, -1)], (-1, 1)),
        ([ramp(2.64, 0, -2.12)], (-2.12, 2.64)),
        ([ramp(2, 0)], (0, 2)),
        ([ramp(255, 0)], (0, 255)),
        ([ramp(180, 0), ramp(0.5, 1)], (0, 255)),
        ([np.zeros((4, 4), np.float32)], (0, 1)),
        ([np.array([[0.0, 1.0]])], (0, 1)),
        ([np.array([[0.0, 200.0]])], (0, 255)),
        ([np.array([[0.0, 3000.0]])], (0, 4095)),
        ([np.array([[-40.0, 3000.0]])], (-40, 3000)),
        ([np.array([[0, 900]], np.uint16)], (0, 1023)),
        ([np.array([[0, 70_000]])], (0, 70_000)),
        ([np.array([[-5, 5]], np.int16)], (-5, 5)),
        ([np.array([[0, 7]], np.int64), np.array([[0, 255]], np.int64)], (0, 255)),
    ],
    ids=str,
)
def test_the_range_of_many(arrays: list[np.ndarray], expected: tuple[float, float]) -> None:
    assert decide(_facts(*arrays)) == pytest.approx(expected)


def test_bright_points_on_black_are_no_dead_pixels() -> None:
    stars = np.zeros((100, 100), np.float32)
    stars[::31, ::31] = 250.5
    assert decide(_facts(stars)) == (0, 255)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
def test_anything_but_numbers_among_floats(kind: type) -> None:
    odd = np.array([[np.nan, 0.5], [np.inf, -np.inf]], kind)
    scaler = Scaler(ValueRanges(floats=(0.0, 1.0)))
    assert decode(odd, "gray", scaler=scaler)[..., 0].tolist() == [[128, 128], [128, 128]]
    assert scaler.seen is not None
    assert scaler.seen.count == 1


def test_the_largest_floats_and_integers() -> None:
    most = np.finfo(np.float64).max
    assert decode(np.array([[-most, 0.0, most]]), "gray").ravel().tolist() == [0, 128, 255]
    assert decode(np.array([[0, 200]], np.uint64), "gray").ravel().tolist() == [0, 200]
    assert decode(np.array([[0, 2**64 - 1]], np.uint64), "gray").ravel().tolist() == [0, 255]


def test_without_a_range_each_picture_has_its_own_as_models_before_had() -> None:
    old = Preprocessing.from_dict({"width": 2, "height": 1, "resize": "squash", "color": "gray", "encoding": "raw",
                                   "quality": 90, "mean": [0.0], "std": [1.0]})  # fmt: skip
    assert old.ranges is None
    assert old.pixel_limit == 100_000_000
    assert old(np.array([[0.5, 1.003]])).ravel().tolist() == [0, 1]
    assert old(np.array([[0, 1000]], np.uint16)).ravel().tolist() == [0, 62]
    assert old(np.array([[0.5, 1.0]])).ravel().tolist() == [128, 255]
    assert "ranges" not in old.to_dict()
    assert "pixel_limit" not in old.to_dict()


def test_there_and_back_through_json() -> None:
    prepare = replace(Preprocessing(4, 4), pixel_limit=5 * 10**8, ranges=ValueRanges((0.0, 4095.0), (-1.0, 1.0)))
    assert Preprocessing.from_dict(json.loads(json.dumps(prepare.to_dict()))) == prepare


@pytest.mark.parametrize("bad", [{"floats": [1, 0]}, {"floats": [0]}, {"floats": [0, "1"]}, {"bits": [0, 1]},
                                 {"integers": [0, float("inf")]}, {"floats": None}])  # fmt: skip
def test_ranges_that_cannot_be_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="two finite numbers in order"):
        ValueRanges.from_dict(bad)


@pytest.mark.parametrize("limit", [0, -1, 10**10, "many", 1.5])
def test_a_pixel_limit_that_cannot_be_is_refused(limit: object) -> None:
    with pytest.raises(ValueError, match="expected a pixel limit"):
        Preprocessing.from_dict({**Preprocessing(4, 4).to_dict(), "pixel_limit": limit})


def test_a_dataset_made_before_opens_without_ranges(tmp_path: Path) -> None:
    dataset = made(tmp_path, {f"{label}/{n}": ramp(1, n) for label in "ab" for n in range(3)})
    manifest = json.loads((dataset.path / "dataset.json").read_text())
    for later in ("ranges", "files", "checksum"):
        del manifest[later]
    (dataset.path / "dataset.json").write_text(json.dumps(manifest))
    assert open_dataset(dataset.path).preprocessing.ranges is None


def test_a_raised_pixel_limit_is_part_of_the_model() -> None:
    recipe = DatasetRecipe(source="x", width=4, height=4, pixel_limit=150_000_000)
    assert Preprocessing.from_recipe(recipe).pixel_limit == 150_000_000
    lowered = Preprocessing.from_recipe(recipe.replace(pixel_limit=100))
    assert lowered.pixel_limit == 100_000_000, "what is left out of a dataset may still be answered"
    assert lowered(picture(0)).shape == (4, 4, 3)
    with pytest.raises(PictureError, match="the limit is 1,000"):
        replace(lowered, pixel_limit=1000)(picture(0))


@pytest.mark.parametrize(
    ("shape", "first"),
    [((3, 20, 30), True), ((1, 20, 30), True), ((4, 20, 30), True), ((20, 30, 3), False), ((2, 20, 30), False),
     ((3, 20, 3), False), ((20, 30), False), ((3, 0, 30), False)],
)  # fmt: skip
def test_channels_first_is_seen_where_it_can_be_nothing_else(shape: tuple[int, ...], first: bool) -> None:
    assert channels_first(shape) == first


def test_arrays_with_channels_first_are_turned_and_told(tmp_path: Path) -> None:
    images = np.stack([picture(n, 20, 24) for n in range(8)])
    turned = np.moveaxis(images, -1, 1)
    for name, given in {"array": turned, "list": list(turned)}.items():
        data = ImageData.from_arrays(given, [0, 1] * 4, out=tmp_path / name, valid=0, twins=False)
        assert (data.dataset.width, data.dataset.height) == (20, 24)
        assert data.dataset.rejected == ()
        order = [int(path[-5:]) for path in data.train.paths]
        np.testing.assert_array_equal(data.train.rows(np.arange(8)), images[order])
        (told,) = [one.message for one in data.dataset.warnings if one.kind == "channels-first"]
        assert told == "pictures of the shape (3, 24, 20) are taken as channels first: 3 channels, 20x24 pixels"
    mixed = [turned[0], *images[1:]]
    data = ImageData.from_arrays(mixed, [0, 1] * 4, out=tmp_path / "mixed", valid=0, twins=False)
    (told,) = [one.message for one in data.dataset.warnings if one.kind == "channels-first"]
    assert told.startswith("1 arrays have their channels first, such as (3, 24, 20): they are read as (channels,")


def test_predict_takes_channels_first_where_it_is_plain_and_names_both_readings_where_not(tmp_path: Path) -> None:
    module = build("LeNet", 2, 3, 20, 24, seed=1).module
    prepare = Preprocessing(20, 24)
    save_model(tmp_path / "m", network={"name": "LeNet", "dropout": None}, module=module, preprocessing=prepare,
               classes=("a", "b"))  # fmt: skip
    model = load_model(tmp_path / "m")
    images = np.stack([picture(n, 20, 24) for n in range(3)])
    expected = model.predict(images)
    assert model.predict(np.moveaxis(images, -1, 1)) == expected
    assert model.predict(list(np.moveaxis(images, -1, 1))) == expected
    with pytest.raises(PictureError, match=r"one picture with its channels first, or 3 grey ones\? Give np.moveaxis"):
        model.predict(np.moveaxis(images[0], -1, 0))


def deep_png(values: np.ndarray) -> bytes:
    """Return uint16 (H, W, 3 or 4) as a PNG of 16 bits, which Pillow does not write."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def deep_tiff(values: np.ndarray, order: str) -> bytes:
    """Return uint16 (H, W, 3) as an unpacked TIFF of 16 bits."""
    height, width, _ = values.shape
    bits = struct.pack(f"{order}HHH", 16, 16, 16)
    body = values.astype(f"{order}u2").tobytes()
    rows = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 200), (259, 4, 1, 1), (262, 4, 1, 2), (273, 4, 1, 206),
            (277, 4, 1, 3), (278, 4, 1, height), (279, 4, 1, len(body))]  # fmt: skip
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(rows))
    return (head + b"".join(struct.pack(f"{order}HHII", *row) for row in rows)).ljust(200, b"\0") + bits + body


def lzw(data: bytes) -> bytes:
    """Return a TIFF of 16 bits as it was, but for a tag that has libtiff read it."""
    return data.replace(struct.pack("<HHII", 259, 4, 1, 1), struct.pack("<HHII", 259, 4, 1, 8))


@pytest.mark.parametrize("kind", ["png", "png-alpha", "tiff<", "tiff>", "tiff-packed"])
@pytest.mark.parametrize("most", [4095, 65535])
def test_colours_of_twelve_bits_in_sixteen_are_not_black(kind: str, most: int, tmp_path: Path) -> None:
    values = np.linspace(0, most, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint16)
    opaque = np.concatenate([values, np.full((32, 32, 1), 65535, np.uint16)], 2)
    packed = deep_tiff(values, "<")
    body = zlib.compress(packed[206:])
    packed = lzw(packed[:206]).replace(struct.pack("<I", 6144), struct.pack("<I", len(body))) + body
    data = {"png": deep_png(values), "png-alpha": deep_png(opaque), "tiff<": deep_tiff(values, "<"),
            "tiff>": deep_tiff(values, ">"), "tiff-packed": packed}[kind]  # fmt: skip
    for known in (None, ValueRanges(integers=(0.0, 255.0)), ValueRanges(floats=(0.0, 1.0))):
        np.testing.assert_array_equal(decode(data, scaler=Scaler(known)), values >> 8)  # as in every version before
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    recipe = DatasetRecipe(source=str(tmp_path / "in"), width=32, height=32, twins=False, valid=0)
    dataset = create_dataset(recipe, tmp_path / "out")
    stored = dataset.splits["train"].rows(np.arange(4))
    expected = values >> 8 if most == 65535 else np.rint(values * (255 / 4095))
    np.testing.assert_array_equal(stored, np.stack([expected] * 4))
    assert dataset.ranges == ValueRanges(integers=(0.0, float(most)))
    np.testing.assert_array_equal(dataset.preprocessing(data), stored[0])


def test_an_npz_with_channels_first_is_turned_and_told(tmp_path: Path) -> None:
    images = np.stack([picture(n, 20, 24) for n in range(8)])
    np.savez(tmp_path / "x.npz", images=np.moveaxis(images, -1, 1), labels=np.array([0, 1] * 4))
    recipe = DatasetRecipe(source=str(tmp_path / "x.npz"), width=20, height=24, valid=0, twins=False)
    dataset = create_dataset(recipe, tmp_path / "out")
    assert [one.kind for one in dataset.warnings] == ["channels-first"]
    order = [int(path[-5:]) for path in dataset.splits["train"].paths]
    np.testing.assert_array_equal(dataset.splits["train"].rows(np.arange(8)), images[order])
