"""ImageDataGenerator: random changes and preparation of pictures, with Keras' parameters and their meaning.

The changes are those of `glasshouse.data.augmentation`; what is drawn is a function of seed, epoch and sample.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glasshouse.data.augmentation.keras_generator import keras_generator
from glasshouse.errors import DatasetError

from .batches import Batches, FolderBatches, Order, Targets
from .folders import Labelled, in_folders, in_table
from .pictures import img_to_array, load_img
from .standardizing import Standardizing

__all__ = ["ImageDataGenerator"]

CLASS_MODES = ("categorical", "binary", "sparse", "input", None)


class ImageDataGenerator:
    """Gives batches of pictures, changed at random by the parameters that Keras names, everything off by default.

    A picture goes through the random changes, ``preprocessing_function``, ``rescale``, and what is subtracted and
    divided by (samplewise: of the picture; featurewise: of the pictures that `fit` saw), in this order.
    ``validation_split`` takes the first share of the files of each class for subset="validation"; as in Keras, these
    are changed at random too, unless another generator reads them.
    """

    def __init__(
        self, rotation_range: float = 0, width_shift_range: Any = 0.0, height_shift_range: Any = 0.0,
        brightness_range: Sequence[float] | None = None, shear_range: float = 0.0, zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0, fill_mode: str = "nearest", cval: float = 0.0,
        horizontal_flip: bool = False, vertical_flip: bool = False, rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None, data_format: str | None = None,
        validation_split: float = 0.0, interpolation_order: int = 1, dtype: str | None = None,
        samplewise_center: bool = False, samplewise_std_normalization: bool = False,
        featurewise_center: bool = False, featurewise_std_normalization: bool = False, zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
    ) -> None:  # fmt: skip
        if zca_whitening or data_format == "channels_first" or interpolation_order != 1:
            raise DatasetError(
                "ImageDataGenerator has no {names} here; write preprocessing_function=..., a function of a picture; "
                "pictures are (rows, columns, channels), interpolated by order 1",
                names="zca_whitening" if zca_whitening else "data_format or interpolation_order of that kind",
            )
        self.standardizing = Standardizing.of(
            samplewise_center, samplewise_std_normalization, featurewise_center, featurewise_std_normalization
        )
        if not 0 <= validation_split < 1:
            raise DatasetError("validation_split is a share below 1, got {share}", share=validation_split)
        self.changes = keras_generator(
            rotation_range=rotation_range, width_shift_range=width_shift_range,
            height_shift_range=height_shift_range,
            brightness_range=None if brightness_range is None else (brightness_range[0], brightness_range[1]),
            shear_range=shear_range, zoom_range=tuple(zoom_range) if isinstance(zoom_range, list) else zoom_range,
            channel_shift_range=channel_shift_range, fill_mode=fill_mode,  # type: ignore[arg-type]
            cval=cval, horizontal_flip=horizontal_flip, vertical_flip=vertical_flip,
        )  # fmt: skip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.validation_split = validation_split

    def flow_from_directory(
        self, directory: str | Path, target_size: tuple[int, int] = (256, 256), color_mode: str = "rgb",
        classes: Sequence[str] | None = None, class_mode: str | None = "categorical", batch_size: int = 32,
        shuffle: bool = True, seed: int | None = None, subset: str | None = None, interpolation: str = "nearest",
    ) -> FolderBatches:  # fmt: skip
        """Batches of a folder with a folder for each class; ``target_size`` is (rows, columns).

        Raises:
            SourceError: there are no pictures.
            DatasetError: a word is unknown, or binary is wanted of other than two classes.
        """
        self._check(class_mode, subset)
        files = in_folders(directory, classes).part(subset, self.validation_split)
        how = (target_size, color_mode, interpolation)
        return self._of_files(files, class_mode, Order(len(files.files), batch_size, shuffle, seed), *how)

    def flow_from_dataframe(
        self, dataframe: Any, directory: str | Path | None = None, x_col: str = "filename", y_col: str = "class",
        target_size: tuple[int, int] = (256, 256), color_mode: str = "rgb", classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True, seed: int | None = None,
        subset: str | None = None, interpolation: str = "nearest", validate_filenames: bool = True,
    ) -> FolderBatches:  # fmt: skip
        """Batches of the files that a table names: ``x_col`` the files, below ``directory``, ``y_col`` their classes.

        A table is one of pandas, or columns by name. As in Keras, a subset is the first share of the rows, or the rest;
        files that are not there are left out, and a warning says which.

        Raises:
            SourceError: a column is missing, or no file is there.
            DatasetError: a word is unknown, or binary is wanted of other than two classes.
        """
        self._check(class_mode, subset)
        files = in_table(dataframe, directory, x_col, y_col if class_mode else None, classes, validate_filenames)
        cut = int(len(files.files) * self.validation_split) if subset else 0
        files = files.only(range(cut) if subset == "validation" else range(cut, len(files.files)))
        how = (target_size, color_mode, interpolation)
        return self._of_files(files, class_mode, Order(len(files.files), batch_size, shuffle, seed), *how)

    def _of_files(
        self, files: Labelled, class_mode: str | None, order: Order, target_size: tuple[int, int], color_mode: str,
        interpolation: str,
    ) -> FolderBatches:  # fmt: skip
        if class_mode == "binary" and len(files.classes) != 2:
            raise DatasetError(
                'class_mode="binary" is for two classes, and there are {count}: {names}; take categorical or sparse',
                count=len(files.classes),
                names=", ".join(files.classes[:20]),
            )

        def read(rows: Sequence[int], epoch: int) -> np.ndarray:
            paths = [files.root / files.files[i] for i in rows]
            loaded = [img_to_array(load_img(p, False, color_mode, target_size, interpolation)) for p in paths]
            return self._prepared(np.stack(loaded), rows, order.seed or 0, epoch)

        return FolderBatches(read, Targets(files.labels, class_mode, len(files.classes)), order, files)

    def flow(
        self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True, seed: int | None = None,
        subset: str | None = None,
    ) -> Batches:  # fmt: skip
        """Batches of arrays: x (N, H, W, C), and targets of any kind; of the first or the last part for a subset."""
        self._check(None, subset)
        pictures = np.asarray(x, np.float32)
        targets = None if y is None else np.asarray(y)
        if pictures.ndim != 4 or (targets is not None and len(targets) != len(pictures)):
            raise DatasetError(
                "flow takes pictures (N, rows, columns, channels) and as many targets, got {x} and {y}",
                x=pictures.shape,
                y=None if targets is None else targets.shape,
            )
        cut = int(len(pictures) * self.validation_split) if subset else 0
        part = slice(None, cut) if subset == "validation" else slice(cut, None)
        pictures, targets = pictures[part], None if targets is None else targets[part]

        def pick(rows: Sequence[int], epoch: int) -> np.ndarray:
            return self._prepared(pictures[list(rows)], rows, seed or 0, epoch)

        mode = None if targets is None else "as given"
        return Batches(pick, Targets(targets, mode), Order(len(pictures), batch_size, shuffle, seed))

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """One picture (H, W, C), changed at random."""
        found: np.ndarray = self._changed(np.asarray(x, np.float32)[None], [0], seed or 0, 0)[0]
        return found

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """One picture (H, W, C) through ``preprocessing_function``, ``rescale``, and what is subtracted and divided."""
        y = x if self.preprocessing_function is None else np.asarray(self.preprocessing_function(x))
        return self.standardizing.apply(y if self.rescale is None else (y * self.rescale).astype(np.float32))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Take the mean and deviation of pictures (N, H, W, C), for what is featurewise.

        They are taken of the pictures as they are given, as in Keras: of ``rounds`` random changes with ``augment``.
        """
        pictures = np.asarray(x, np.float32)
        if pictures.ndim != 4:
            raise DatasetError("fit takes pictures (N, rows, columns, channels), got {x}", x=pictures.shape)
        if augment:
            rows = range(len(pictures))
            pictures = np.concatenate([self._changed(pictures, rows, seed or 0, epoch) for epoch in range(rounds)])
        self.standardizing.learn(pictures)

    def _prepared(self, pictures: np.ndarray, rows: Sequence[int], seed: int, epoch: int) -> np.ndarray:
        return np.stack([self.standardize(x) for x in self._changed(pictures, rows, seed, epoch)])

    def _changed(self, pictures: np.ndarray, rows: Sequence[int], seed: int, epoch: int) -> np.ndarray:
        """Pictures (n, H, W, C) with the random changes; what is in grey levels there is in the arrays' unit."""
        if not self.changes.active:
            return pictures
        import torch

        from glasshouse.data.augment import augment

        x = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2) / np.float32(255)))
        x = x.contiguous(memory_format=torch.channels_last)
        y, _ = augment(
            x, torch.zeros(len(x), dtype=torch.int64), np.array(rows, np.int64), self.changes, seed, epoch, 1
        )
        found: np.ndarray = y.permute(0, 2, 3, 1).numpy() * np.float32(255)
        return found

    def _check(self, class_mode: str | None, subset: str | None) -> None:
        if class_mode not in CLASS_MODES:
            raise DatasetError(
                "class_mode is categorical, binary, sparse, input or None, got {given}", given=repr(class_mode)
            )
        if subset not in (None, "training", "validation") or (subset and not self.validation_split):
            raise DatasetError(
                "subset is training or validation, of a generator with a validation_split; got {subset} and {share}",
                subset=repr(subset),
                share=self.validation_split,
            )
