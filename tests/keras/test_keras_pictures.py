"""Folders of pictures as batches: ImageDataGenerator, image_dataset_from_directory, single pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from glasshouse.data.image_data import ImageData
from glasshouse.errors import DatasetError, PictureError, RecipeError, SourceError
from glasshouse.keras import Sequential, layers, utils
from glasshouse.keras.preprocessing import image, image_dataset_from_directory
from glasshouse.keras.preprocessing.image import ImageDataGenerator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six dark cats of 10, 20, … and four light dogs of 200, 210, …, each in one grey."""
    root = tmp_path_factory.mktemp("pets")
    for name, start, count in (("dogs", 200, 4), ("cats", 10, 6)):
        (root / name).mkdir()
        for n in range(count):
            Image.new("RGB", (9, 6), (start + 10 * n,) * 3).save(root / name / f"{n}.png")
    return root


def net(last: Any) -> Sequential:
    return Sequential([layers.Flatten(input_shape=(4, 5, 3)), last])


def test_a_folder_gives_batches_in_the_order_of_its_names(folder: Path) -> None:
    given = ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        folder, target_size=(4, 5), batch_size=4, class_mode="binary", shuffle=False
    )
    assert given.class_indices == {"cats": 0, "dogs": 1}
    assert (len(given), given.samples, given.classes.tolist()) == (3, 10, [0] * 6 + [1] * 4)
    assert given.filenames[0] == "cats/0.png" and Path(given.filepaths[-1]) == folder / "dogs" / "3.png"
    x, y = next(given)
    assert (x.shape, x.dtype, y.dtype) == ((4, 4, 5, 3), np.float32, np.float32)
    np.testing.assert_allclose(x[:, 0, 0, 0] * 255, [10, 20, 30, 40], atol=1e-4)
    sizes = [len(batch[1]) for batch, _ in zip(given, range(5))]
    assert sizes == [4, 4, 2, 4, 4]  # it goes on without end
    assert len(given[2][0]) == 2
    with pytest.raises(IndexError):
        given[3]


@pytest.mark.parametrize(
    ("mode", "targets"),
    [("categorical", [[1, 0]] * 6 + [[0, 1]] * 4), ("sparse", [0] * 6 + [1] * 4), ("binary", [0] * 6 + [1] * 4)],
)
def test_the_form_of_the_targets(folder: Path, mode: str, targets: list[Any]) -> None:
    given = ImageDataGenerator().flow_from_directory(
        folder, target_size=(2, 2), batch_size=10, class_mode=mode, shuffle=False
    )
    assert next(given)[1].tolist() == targets
    alone = ImageDataGenerator().flow_from_directory(folder, target_size=(2, 2), class_mode=None, batch_size=10)
    assert alone.next().shape == (10, 2, 2, 3)


def test_the_order_is_a_function_of_seed_and_epoch(folder: Path) -> None:
    def orders(seed: int) -> list[list[int]]:
        given = ImageDataGenerator().flow_from_directory(folder, (1, 1), batch_size=10, seed=seed)
        return [next(given)[0][:, 0, 0, 0].astype(int).tolist() for _ in range(2)]

    first, second = orders(3)
    assert orders(3) == [first, second]
    assert sorted(first) == sorted(second)
    assert first != second and orders(4)[0] != first


def test_the_first_share_of_each_class_is_for_validation(folder: Path) -> None:
    source = ImageDataGenerator(validation_split=0.25)
    valid, train = (source.flow_from_directory(folder, (2, 2), subset=part) for part in ("validation", "training"))
    assert valid.filenames == ["cats/0.png", "dogs/0.png"]
    assert len(train.filenames) == 8
    x = np.arange(8, dtype=np.float32).reshape(8, 1, 1, 1)
    assert sorted(next(source.flow(x, subset="validation")).ravel()) == [0, 1]
    with pytest.raises(DatasetError, match="subset is training or validation"):
        source.flow(x, subset="test")


def test_random_changes_have_keras_meaning() -> None:
    x = np.zeros((64, 8, 8, 1), np.float32)
    x[:, 2, 5] = 200
    moved = next(ImageDataGenerator(width_shift_range=3).flow(x, batch_size=64, shuffle=False))
    assert {int(row) for row in np.argwhere(moved[..., 0] > 100)[:, 2]} == {3, 4, 5, 6, 7}  # whole pixels, 0 to 2
    turned = ImageDataGenerator(horizontal_flip=True, vertical_flip=True).flow(x, batch_size=64)
    assert {(int(i), int(j)) for _, i, j, _ in np.argwhere(next(turned) > 100)} == {(2, 5), (5, 5), (2, 2), (5, 2)}
    changed = ImageDataGenerator(rotation_range=40, zoom_range=0.2, fill_mode="constant", cval=9).flow(x + 50)
    again = ImageDataGenerator(rotation_range=40, zoom_range=0.2, fill_mode="constant", cval=9).flow(x + 50)
    first = next(changed)
    np.testing.assert_array_equal(first, next(again))
    assert not np.array_equal(first, next(changed))
    assert abs(float(first.min()) - 9) < 1e-3  # in the arrays' own grey levels


def test_a_function_of_ones_own_comes_before_rescale() -> None:
    source = ImageDataGenerator(rescale=0.5, preprocessing_function=lambda picture: picture + 1)
    assert next(source.flow(np.ones((1, 2, 2, 1)))).tolist() == np.ones((1, 2, 2, 1)).tolist()
    assert source.random_transform(np.ones((2, 2, 1))).shape == (2, 2, 1)


def test_what_is_not_here_is_told(folder: Path) -> None:
    with pytest.raises(DatasetError, match="has no zca_whitening here"):
        ImageDataGenerator(zca_whitening=True)
    with pytest.raises(RecipeError, match="rotation"):
        ImageDataGenerator(rotation_range=-4)
    with pytest.raises(SourceError, match="holds no pictures in the folders"):
        ImageDataGenerator().flow_from_directory(folder / "cats")
    with pytest.raises(DatasetError, match="binary"):
        ImageDataGenerator().flow_from_directory(folder, classes=["cats"], class_mode="binary")
    with pytest.raises(DatasetError, match="class_mode is categorical"):
        ImageDataGenerator().flow_from_directory(folder, class_mode="one-hot")


def test_a_generator_of_a_folder_trains_and_predicts(folder: Path) -> None:
    source = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
    train = source.flow_from_directory(folder, target_size=(4, 5), batch_size=4, class_mode="binary")
    valid = ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        folder, target_size=(4, 5), batch_size=5, class_mode="binary", shuffle=False
    )
    model = net(layers.Dense(1, activation="sigmoid"))
    model.compile("rmsprop", "binary_crossentropy", metrics=["acc"])
    told = model.fit_generator(train, steps_per_epoch=2, epochs=2, validation_data=valid, validation_steps=2, verbose=0)
    assert len(told.history["val_acc"]) == 2
    p = model.predict(valid)
    assert p.shape == (10, 1)
    np.testing.assert_allclose(model.predict(valid[1][0]), p[5:], rtol=1e-5)
    np.testing.assert_array_equal(model.predict_generator(valid, steps=2), p)
    assert model.evaluate_generator(valid, steps=2) == model.evaluate(valid)


def test_a_folder_as_a_dataset_of_0_to_255(folder: Path) -> None:
    both = [
        image_dataset_from_directory(folder, validation_split=0.3, subset=part, seed=1, image_size=(4, 5), batch_size=4)
        for part in ("training", "validation")
    ]
    train, valid = both
    assert not isinstance(train, tuple) and not isinstance(valid, tuple)
    assert train.class_names == ["cats", "dogs"]
    assert not set(train.file_paths) & set(valid.file_paths)
    assert (train.samples, valid.samples) == (7, 3)
    batches = list(train.cache().prefetch(2))
    assert [len(y) for _, y in batches] == [4, 3]
    assert batches[0][0].max() > 1 and batches[0][1].dtype == np.int32
    model = net(layers.Dense(2, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(train.map(lambda x, y: (x / 255, y)), validation_data=valid, epochs=2, verbose=0)
    with pytest.raises(DatasetError, match="give the same seed to both subsets"):
        utils.image_dataset_from_directory(folder, validation_split=0.3, subset="training")


def test_the_split_of_a_dataset_trains(folder: Path, tmp_path: Path) -> None:
    data = ImageData.from_folder(folder, valid=0.4, size=(5, 4), out=str(tmp_path / "pets"))
    model = Sequential([layers.Rescaling(1 / 255, input_shape=(4, 5, 3)), layers.Flatten(),
                        layers.Dense(2, activation="softmax")])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    told = model.fit(data.train, validation_data=data.valid, epochs=2, batch_size=2, steps_per_epoch=2, verbose=0)
    assert len(told.history["val_accuracy"]) == 2
    assert data.valid is not None
    assert model.predict(data.valid, batch_size=3).shape == (len(data.valid), 2)
    assert 0 <= model.evaluate(data.valid)[1] <= 1


def test_one_picture_to_an_array_and_back(folder: Path) -> None:
    loaded = image.load_img(folder / "cats" / "1.png", target_size=(4, 5))
    x = image.img_to_array(loaded)
    assert (loaded.size, x.shape, x.dtype, float(x.max())) == ((5, 4), (4, 5, 3), np.float32, 20.0)
    grey = image.img_to_array(image.load_img(folder / "cats" / "1.png", color_mode="grayscale"))
    assert grey.shape == (6, 9, 1)
    assert np.asarray(image.array_to_img(np.arange(4.0).reshape(2, 2, 1))).tolist() == [[0, 85], [170, 255]]
    assert np.asarray(image.array_to_img(x, scale=False)).max() == 20
    with pytest.raises(PictureError, match=r"gone\.png"):
        image.load_img(folder / "gone.png")
    with pytest.raises(PictureError, match="color_mode is rgb or grayscale"):
        image.load_img(folder / "cats" / "1.png", color_mode="rgba")


def test_a_table_names_files_and_classes(folder: Path) -> None:
    table = {"file": ["cats/1.png", "dogs/0.png", "cats/9.png", "cats/0.png"], "kind": ["cat", "dog", "cat", "cat"]}
    generator = ImageDataGenerator(validation_split=0.34)
    with pytest.warns(UserWarning, match=r"1 files of the table are not there and left out: cats/9\.png"):
        given = generator.flow_from_dataframe(
            table, folder, x_col="file", y_col="kind", target_size=(2, 2), class_mode="binary", shuffle=False
        )
    x, y = next(given)
    assert (x[:, 0, 0, 0].tolist(), y.tolist()) == ([20, 200, 10], [0, 1, 0])
    assert given.class_indices == {"cat": 0, "dog": 1}
    first = {"file": table["file"][:2], "kind": table["kind"][:2], "n": [1, 2]}
    names = {"x_col": "file", "target_size": (2, 2), "class_mode": None, "shuffle": False}
    assert next(generator.flow_from_dataframe(first, str(folder), **names))[:, 0, 0, 0].tolist() == [20, 200]
    with pytest.raises(SourceError, match="no column label; it has file, kind, n"):
        generator.flow_from_dataframe(first, folder, x_col="file", y_col="label")
    with pytest.raises(SourceError, match="classes does not name dog"):
        generator.flow_from_dataframe(first, folder, x_col="file", y_col="kind", classes=["cat"])
    with pytest.raises(SourceError, match="none of the 2 files of the table is in "):
        generator.flow_from_dataframe(first, folder / "dogs", x_col="file", y_col="kind")


def test_means_and_deviations_are_those_of_keras() -> None:
    x = np.arange(2 * 2 * 2 * 3, dtype=np.float32).reshape(2, 2, 2, 3)
    sample = ImageDataGenerator(samplewise_std_normalization=True, rescale=2.0).standardize(x[0])
    np.testing.assert_allclose(sample[0, 0], [-1.5932549, -1.3035722, -1.0138895], rtol=1e-6)  # as its formulas say
    both = ImageDataGenerator(featurewise_std_normalization=True)
    both.fit(x)
    np.testing.assert_allclose(next(both.flow(x, shuffle=False))[1, 1, 1], [1.5275250] * 3, rtol=1e-6)
    with pytest.raises(DatasetError, match="fit takes pictures"):
        both.fit(x[0])
