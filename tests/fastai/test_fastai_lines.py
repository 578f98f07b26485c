"""The five lines of fastai's first chapter, and what follows them, on a few dozen tiny pictures."""

import re
import tarfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from glasshouse.errors import InputError, SourceError
from glasshouse.fastai.hints import INSTEAD, LEARNER, LOADERS
from glasshouse.fastai.metrics import metric_names
from glasshouse.fastai.vision import all as everything
from glasshouse.fastai.vision.all import (
    SGD,
    ClassificationInterpretation,
    CohenKappa,
    EarlyStoppingCallback,
    F1Score,
    ImageDataLoaders,
    LabelSmoothingCrossEntropy,
    Learner,
    MixUp,
    PILImage,
    Resize,
    RocAuc,
    SaveModelCallback,
    URLs,
    accuracy,
    aug_transforms,
    error_rate,
    get_image_files,
    load_learner,
    top_k_accuracy,
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
    seen = PILImage.create(pets / "Cat_3.png")
    assert max(seen.to_thumb(12).size) == 12 and isinstance(seen.to_thumb(12), PILImage)
    label, index, probabilities = learn.predict(seen)
    assert label is True and index == 1 and probabilities[index].item() > 0.5
    assert probabilities.sum() == pytest.approx(1)


def test_an_exported_model_answers_the_same_whatever_its_ending(learn: Learner, pets: Path, tmp_path: Path) -> None:
    loaded = load_learner(learn.export(tmp_path / "export.pkl"))
    assert loaded.vocab == [False, True] and (tmp_path / "export.pkl").is_file()
    ours, theirs = learn.predict(pets / "dog_1.png"), loaded.predict(pets / "dog_1.png")
    assert theirs.label is False and np.array_equal(ours.probabilities, theirs.probabilities)


def test_metrics_are_told_and_the_recorder_draws(learn: Learner, tmp_path: Path) -> None:
    assert learn.recorder.metric_names == ["train_loss", "valid_loss", "error_rate"]
    last = learn.recorder.values[-1]
    assert len(learn.recorder.values) == 4 and last[2] == pytest.approx(1 - learn.learner.evaluate().accuracy, abs=0.07)
    assert learn.recorder.plot_loss().save(tmp_path / "loss.png").is_file()
    assert "<svg" in learn.recorder.plot_sched()._repr_html_()
    preds, labels = learn.get_preds()
    assert preds.shape == (16, 2) and labels is not None
    loss, error = learn.validate()
    assert error == error_rate(preds, labels) and loss == pytest.approx(learn.learner.evaluate().loss)
    assert error_rate(np.eye(3), [0, 1, 1]) == pytest.approx(1 / 3)
    names = metric_names([accuracy, F1Score(average="macro"), partial(top_k_accuracy, k=2), CohenKappa(), RocAuc()])
    assert names == ("accuracy", "f1", "top_2", "kappa", "auroc")
    with pytest.raises(InputError, match=r"is no metric that a training tells; there are BalancedAccuracy"):
        metric_names(max)


def test_where_it_is_wrong_is_shown(
    learn: Learner, pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ClassificationInterpretation.from_learner(learn)
    matrix = found.confusion_matrix()
    assert matrix.sum() == 16 and matrix.trace() == round(16 * learn.learner.evaluate().accuracy)
    assert sum(count for _, _, count in found.most_confused()) == 16 - matrix.trace()
    losses, rows = found.top_losses(3)
    assert losses.tolist() == sorted(found.losses.tolist(), reverse=True)[:3] and found.losses[rows[0]] == losses[0]
    assert " / " in found.plot_top_losses(4, nrows=2).labels[0]
    assert "<table" in found.plot_confusion_matrix(figsize=(6, 6)).save(tmp_path / "m.html").read_text(encoding="utf-8")
    assert "0.00" in found.plot_confusion_matrix(normalize=True)._repr_html_()
    found.print_classification_report()
    assert "precision" in capsys.readouterr().out
    assert learn.show_results(4).labels[0].count(" / ") == 1
    assert len(learn.dls.show_batch(max_n=4, nrows=1).labels) == 4
    preds, none = learn.get_preds(dl=learn.dls.test_dl([pets / "Cat_1.png", pets / "nothing.png"]))
    assert none is None and preds[0].argmax() == 1 and np.isnan(preds[1]).all()


def test_settings_that_fastai_writes_as_callbacks_and_losses(learn: Learner, tmp_path: Path) -> None:
    made = vision_learner(
        learn.dls, "LeNet", pretrained=False, loss_func=LabelSmoothingCrossEntropy(), opt_func=SGD, lr=0.1, wd=0.0,
        cbs=[MixUp(0.2), SaveModelCallback(monitor="accuracy")], out=tmp_path / "run",
    ).to_fp16()  # fmt: skip
    recipe = made.base
    assert (recipe.optimizer.name, recipe.optimizer.lr, recipe.optimizer.weight_decay) == ("sgd", 0.1, 0.0)
    assert (recipe.objective.label_smoothing, recipe.augmentation.mixup, recipe.precision) == (0.1, 0.2, "mixed")
    assert recipe.checkpoints.monitor == "valid_accuracy"
    changed = made._with
    changed({"early_stopping": EarlyStoppingCallback(patience=2).fields["early_stopping"]})
    assert made.learner.recipe.early_stopping is not None and made.learner.recipe.early_stopping.patience == 2
    changed({})
    assert made.learner.recipe.early_stopping is None, "of one training only"
    with pytest.raises(InputError, match="is no callback here; there are EarlyStoppingCallback"):
        made.fit(1, cbs=[print])


def test_names_that_are_not_here_say_what_to_write(learn: Learner) -> None:
    for name, instead in INSTEAD.items():
        with pytest.raises(InputError, match=f"{name} is not here(; write|:) {re.escape(instead)}"):
            getattr(everything, name)(learn.dls)
    with pytest.raises(InputError, match="out of scope"):
        everything.SegmentationDataLoaders.from_label_func(1)
    for name in LEARNER:
        with pytest.raises(AttributeError, match=f"Learner has no {name}; write"):
            getattr(learn, name)
    for name in LOADERS:
        with pytest.raises(AttributeError, match=f"ImageDataLoaders has no {name}; write"):
            getattr(learn.dls, name)
    assert not hasattr(learn, "nothing_like_it") and not hasattr(everything.MaskBlock, "codes")
    answering = load_learner(learn.export(learn.learner.run / "export.pkl"))  # type: ignore[operator]
    with pytest.raises(AttributeError, match="LearnedModel has no dls; write vocab"):
        _ = answering.dls  # type: ignore[attr-defined]
    for call in (
        lambda: Learner(learn.dls, "resnet18", metrics=accuracy),  # type: ignore[call-arg, arg-type]
        lambda: learn.lr_find(suggest_funcs=(everything.minimum, everything.steep)),
    ):
        with pytest.raises(InputError, match=r"write (vision_learner|learn\.lr_find)"):
            call()


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


def test_tta_mixes_the_answers_of_changed_forms_with_those_of_the_picture(
    learn: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, truth = learn.get_preds()
    same, labels = learn.tta()  # nothing is changed in this training
    assert same.tolist() == plain.tolist() and labels is not None and labels.tolist() == truth.tolist()
    mirrored = learn.learner.recipe.replace(augmentation={"horizontal_flip": True})
    monkeypatch.setattr(learn.learner, "recipe", mirrored)
    split = learn.dls.valid_ds
    rows = split.rows(np.arange(len(split)))
    both = [learn.model.probabilities(rows), learn.model.probabilities(np.ascontiguousarray(rows[:, :, ::-1]))]
    forms = learn.tta(n=1, beta=None)[0]  # each picture, or its mirror image
    drawn = [int(np.argmin([np.abs(form - one[k]).max() for one in both])) for k, form in enumerate(forms)]
    assert set(drawn) == {0, 1}
    np.testing.assert_allclose(forms, [both[which][k] for k, which in enumerate(drawn)], atol=1e-6)
    np.testing.assert_allclose(learn.tta(n=1)[0], 0.75 * forms + 0.25 * plain, atol=1e-6)  # fastai's beta
    np.testing.assert_allclose(learn.tta(n=1, use_max=True)[0], np.maximum(forms, plain), atol=1e-6)


def test_a_data_block_says_once_what_pictures_are(pets: Path, tmp_path: Path) -> None:
    block = everything.DataBlock(
        blocks=(everything.ImageBlock, everything.CategoryBlock()), get_items=get_image_files,
        splitter=everything.RandomSplitter(valid_pct=0.2, seed=42),
        get_y=everything.using_attr(everything.RegexLabeller(r"(.+)_\d+.png$"), "name"), item_tfms=Resize(24),
    )  # fmt: skip
    dls = block.new(batch_tfms=aug_transforms(size=20)).dataloaders(pets, bs=8)
    assert (dls.vocab, dls.bs, dls.data.dataset.width) == (["Cat", "dog"], 8, 20) and "rotation" in dls.changes
    same = ImageDataLoaders.from_name_re(
        pets, get_image_files(pets), r"(.+)_\d+.png$", seed=42, item_tfms=Resize(24), batch_tfms=aug_transforms(size=20)
    )
    assert dls.valid_ds.paths == same.valid_ds.paths and dls.data.dataset.path == same.data.dataset.path
    for number, file in enumerate(get_image_files(pets)[:24] + get_image_files(pets)[-24:]):
        part = "valid" if number % 4 == 0 else "train" if number % 4 < 3 else "other"
        save(tmp_path / "set" / part / file.name[:3] / file.name, picture(number, 24, 24, tint=number >= 24))
    grand = everything.DataBlock(splitter=everything.GrandparentSplitter(), item_tfms=Resize(24))
    held = grand.dataloaders(tmp_path / "set")
    assert (len(held.train_ds), len(held.valid_ds), held.vocab) == (24, 12, ["Cat", "dog"])
    with pytest.raises(InputError, match="all 48 pictures on one side"):
        everything.DataBlock(splitter=everything.FuncSplitter(lambda file: False)).dataloaders(tmp_path / "set")
    with pytest.raises(InputError, match=r"blocks=\(ImageBlock, CategoryBlock\) is what there is.*out of scope"):
        everything.DataBlock(blocks=(everything.ImageBlock, everything.MultiCategoryBlock))
    with pytest.raises(InputError, match=r"finds no label in 'x\.jpg'"):
        everything.RegexLabeller("(a)")("x.jpg")
