"""The five lines of fastai's first chapter, and what follows them, on a few dozen tiny pictures."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from glasshouse.errors import InputError, SourceError
from glasshouse.fastai.vision.all import (
    ImageDataLoaders,
    Learner,
    PILImage,
    Resize,
    URLs,
    aug_transforms,
    error_rate,
    get_image_files,
    load_learner,
    untar_data,
    vision_learner,
)
from pictures import picture, save


def is_cat(name: str) -> bool:
    return name[0].isupper()


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pets") / "images"
    for number in range(40):
        for tint, name in enumerate(("Cat", "dog")):
            save(folder / f"{name}_{number}.png", picture(1000 * tint + number, 32, 24, tint=tint))
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSHOUSE_HOME", str(tmp_path_factory.getbasetemp() / "fastai-home"))


@pytest.fixture(scope="module")
def learn(pets: Path, tmp_path_factory: pytest.TempPathFactory) -> Learner:
    out = tmp_path_factory.mktemp("lines")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GLASSHOUSE_HOME", str(out / "home"))
        dls = ImageDataLoaders.from_name_func(
            pets, get_image_files(pets), valid_pct=0.2, seed=42, label_func=is_cat, item_tfms=Resize(28), bs=16
        )
        made = vision_learner(dls, "LeNet", pretrained=False, metrics=error_rate, out=out / "run")
        made.fit_one_cycle(4, 3e-3)
        return made


def test_the_lines_end_in_a_model_that_says_what_is_in_a_picture(learn: Learner, pets: Path) -> None:
    assert learn.dls.vocab == [False, True] and (len(learn.dls.train_ds), len(learn.dls.valid_ds)) == (64, 16)
    assert learn.learner.evaluate().accuracy > 0.9
    label, index, probabilities = learn.predict(PILImage.create(pets / "Cat_3.png"))
    assert label is True and index == 1 and probabilities[index].item() > 0.5
    assert probabilities.sum() == pytest.approx(1)


def test_an_exported_model_answers_the_same_whatever_its_ending(learn: Learner, pets: Path, tmp_path: Path) -> None:
    loaded = load_learner(learn.export(tmp_path / "export.pkl"))
    assert loaded.vocab == [False, True] and (tmp_path / "export.pkl").is_file()
    ours, theirs = learn.predict(pets / "dog_1.png"), loaded.predict(pets / "dog_1.png")
    assert theirs.label is False and np.array_equal(ours.probabilities, theirs.probabilities)


def test_fine_tuning_and_slices_train_on_from_the_weights_before(learn: Learner) -> None:
    learn.fine_tune(1, 1e-5)
    assert [epoch.phase for epoch in learn.learner.history] == ["frozen", "unfrozen"]
    assert learn.learner.recipe.weights.endswith("weights.safetensors")
    learn.unfreeze()
    learn.fit_one_cycle(1, slice(1e-7, 1e-5))
    assert learn.learner.recipe.freeze_epochs == 0 and learn.learner.history[-1].valid_accuracy > 0.9  # type: ignore[operator]
    learn.freeze()
    learn.fit(1, 1e-4, wd=0.1)
    recipe = learn.learner.recipe
    assert (recipe.strategy, recipe.schedule.name, recipe.optimizer.weight_decay) == ("features", "constant", 0.1)
    assert recipe.optimizer.beta2 == 0.99
    with pytest.raises(InputError, match=r"write slice\(1e-05, 0.001\)"):
        learn.unfreeze()
        learn.fit_one_cycle(1, slice(1e-4, 1e-3))
    with pytest.raises(InputError, match="no setting momentum of a training; there are wd"):
        learn.fit(1, momentum=0.9)


def test_every_way_to_name_the_labels_gives_the_same_classes(pets: Path, tmp_path: Path) -> None:
    files = get_image_files(pets)
    few = {"item_tfms": Resize(8, method="squash"), "batch_tfms": aug_transforms(size=16, min_scale=0.75), "bs": 8}
    by_pattern = ImageDataLoaders.from_name_re(pets, files, r"^(.+)_\d+.png$", **few)
    assert by_pattern.vocab == ["Cat", "dog"] and by_pattern.data.dataset.width == 16
    assert by_pattern.changes["crop_scale"] == (0.75, 1.0) and by_pattern.changes["rotation"] == 10
    by_list = ImageDataLoaders.from_lists(pets, files, [file.name[0] for file in files], valid_pct=0.5, **few)
    assert by_list.vocab == ["C", "d"] and len(by_list.valid_ds) == 40
    rows = "".join(f"{file.stem},{file.name[:3]},{file.stem.endswith('0')}\n" for file in files)
    (pets / "labels.csv").write_text("name,label,is_valid\n" + rows, encoding="utf-8")
    by_table = ImageDataLoaders.from_csv(pets, suff=".png", valid_col="is_valid", **few)
    assert by_table.vocab == ["Cat", "dog"] and len(by_table.valid_ds) == 8
    assert all(path.endswith("0.png") for path in by_table.valid_ds.paths)
    for split, numbers in (("train", range(30)), ("valid", range(30, 40))):
        for name in ("Cat", "dog"):
            (tmp_path / split / name).mkdir(parents=True)
            for number in numbers:
                (tmp_path / split / name / f"{number}.png").symlink_to(pets / f"{name}_{number}.png")
    by_folder = ImageDataLoaders.from_folder(tmp_path)
    assert (len(by_folder.train_ds), len(by_folder.valid_ds)) == (60, 20)
    assert (by_folder.data.dataset.width, by_folder.data.dataset.height) == (32, 24), "their own size"
    assert len(ImageDataLoaders.from_folder(tmp_path, valid_pct=0.5).valid_ds) == 40
    with pytest.raises(SourceError, match="has no folder val; it has train, valid"):
        ImageDataLoaders.from_folder(tmp_path, valid="val")


def test_data_comes_from_this_computer(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert untar_data(pets) == pets
    with pytest.raises(SourceError, match=r"oxford-iiit-pet.tgz is not on this computer, and nothing is downloaded"):
        untar_data(URLs.PETS)
    archive = tmp_path / ".fastai" / "archive" / "oxford-iiit-pet.tgz"
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(pets, "oxford-iiit-pet")
    assert len(get_image_files(untar_data(URLs.PETS))) == 80
    with pytest.raises(SourceError, match="there is no folder and no archive"):
        untar_data("nowhere")
