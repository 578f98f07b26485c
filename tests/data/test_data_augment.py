"""Augmentation: a function of (seed, epoch, sample), in range, exact where it can be; colour, erasing, mixing."""

import colorsys
import importlib
import pkgutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from glasshouse.data import augmentation, draws
from glasshouse.data.augment import CHANGES, MIXINGS, augment, changed_rows
from glasshouse.data.augmentation.change import Change, Mixing
from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe
from glasshouse.recipe.augmentation import MIXING

EVERYTHING = AugmentationRecipe(
    rotation=40, width_shift=0.2, height_shift=(1, 3), shear=10, zoom=0.2, horizontal_flip=True, vertical_flip=True,
    crop_scale=(0.4, 1.0), fill="reflect", brightness=0.3, contrast=0.3, saturation=0.5, hue=0.2, channel_shift=30,
    erasing=0.5,
)  # fmt: skip
RECIPES = {
    "everything": EVERYTHING,
    "geometry": AugmentationRecipe(rotation=40, width_shift=0.2, zoom=0.2, fill="wrap"),
    "constant": AugmentationRecipe(rotation=40, fill="constant", fill_value=200),
    "flips": AugmentationRecipe(horizontal_flip=True, vertical_flip=True),
    "crop": AugmentationRecipe(crop_scale=(0.3, 1.0)),
    "colour": AugmentationRecipe(brightness=0.3, contrast=0.3, saturation=0.5, hue=0.2),
    "erasing": AugmentationRecipe(erasing=0.7),
    "channels": AugmentationRecipe(channel_shift=40),
}
COUNT = 21
DECLARED = (*CHANGES, *MIXINGS)


def batch(channels: int = 3, count: int = COUNT, side: int = 24) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    pictures = torch.rand(count, side, side + 4, channels, generator=torch.Generator().manual_seed(0))
    return pictures.permute(0, 3, 1, 2), torch.arange(count) % 4, np.arange(count) * 7


def run(recipe: AugmentationRecipe, channels: int = 3, seed: int = 1, epoch: int = 0) -> torch.Tensor:
    return augment(*batch(channels), recipe, seed, epoch, 4)[0]


def test_every_change_that_a_file_declares_has_its_place_in_the_order() -> None:
    files = [
        importlib.import_module(m.name)
        for m in pkgutil.iter_modules(augmentation.__path__, "glasshouse.data.augmentation.")
    ]
    found = [one for file in files for one in vars(file).values() if isinstance(one, Change | Mixing)]
    assert len(found) == len(DECLARED) and all(any(one is other for other in DECLARED) for one in found)


def test_every_field_of_the_recipe_is_declared_by_the_one_change_that_reads_it() -> None:
    declared = [name for change in DECLARED for name in change.fields]
    assert sorted(declared) == sorted(AugmentationRecipe.model_fields)
    assert {name for change in MIXINGS for name in change.fields} == set(MIXING)


@pytest.mark.parametrize("change", DECLARED, ids=lambda change: change.fields[0])
def test_a_change_reads_no_field_that_it_does_not_declare(change: Change | Mixing) -> None:
    everything = EVERYTHING.model_copy(update={"mixup": 0.2, "cutmix": 1.0})
    declared = SimpleNamespace(**{name: getattr(everything, name) for name in change.fields})
    pictures, _, samples = batch()
    drawn = change.draw(declared, Draw(1, 0, samples), (3, 24, 28))
    given = (pictures,) if isinstance(change, Change) else (pictures, pictures)
    assert drawn is not None and all(len(values) == COUNT for values in drawn.values())
    change.apply(*given, drawn, declared)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.fields[0])
def test_a_change_is_tried_with_the_others_and_alone(change: Change) -> None:
    """The battery below runs over ``RECIPES``."""
    plain, usual = {}, AugmentationRecipe()
    for name, recipe in RECIPES.items():
        plain[name] = {f for f in type(recipe).model_fields if getattr(recipe, f) != getattr(usual, f)}
    assert plain["everything"] & set(change.fields)
    assert any(fields and fields <= set(change.fields) for fields in plain.values())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", RECIPES)
def test_a_picture_changes_in_the_same_way_in_any_batch(name: str, channels: int) -> None:
    pictures, labels, samples = batch(channels)
    whole, targets = augment(pictures, labels, samples, RECIPES[name], 1, 0, 4)
    assert torch.equal(targets, labels)
    for some in ([0], [20, 3, 5], list(range(20, -1, -1)), [7, 7]):
        part, _ = augment(pictures[some], labels[some], samples[some], RECIPES[name], 1, 0, 4)
        assert torch.equal(part, whole[some])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", RECIPES)
def test_range_layout_and_the_given_pictures_stay(name: str, channels: int) -> None:
    pictures, labels, samples = batch(channels)
    before = pictures.clone()
    result, _ = augment(pictures, labels, samples, RECIPES[name], 1, 0, 4)
    assert torch.equal(pictures, before)
    assert result.shape == pictures.shape and result.dtype == torch.float32
    assert result.is_contiguous(memory_format=torch.channels_last)
    assert result.min() >= 0 and result.max() <= 1
    assert not torch.equal(result, pictures)


def test_another_epoch_or_seed_is_another_change() -> None:
    one = run(EVERYTHING)
    assert torch.equal(one, run(EVERYTHING))
    assert not torch.equal(one, run(EVERYTHING, epoch=1)) and not torch.equal(one, run(EVERYTHING, seed=2))


def test_no_global_random_state() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    run(EVERYTHING.model_copy(update={"mixup": 0.2, "cutmix": 1.0}))
    assert torch.equal(torch.get_rng_state(), before)


def test_off_gives_back_the_same() -> None:
    pictures, labels, samples = batch()
    result, targets = augment(pictures, labels, samples, AugmentationRecipe(), 1, 0, 4)
    assert result is pictures and targets is labels


def test_an_empty_batch() -> None:
    pictures, labels, samples = batch(count=0)
    assert augment(pictures, labels, samples, EVERYTHING, 1, 0, 4)[0].shape == (0, 3, 24, 28)


def test_flips_alone_are_exact() -> None:
    pictures, _, samples = batch()
    draw = Draw(1, 0, samples)
    result = run(RECIPES["flips"])
    for i, (across, down) in enumerate(zip(draw.happens("horizontal_flip", 0.5), draw.happens("vertical_flip", 0.5))):
        axes = [axis for axis, flip in ((2, across), (1, down)) if flip]
        assert torch.equal(result[i], pictures[i].flip(axes))


def factors(stream: str, low: float, high: float) -> np.ndarray:
    return draws.uniform(1, 0, batch()[2], stream, low, high)


def as_pillow(picture: torch.Tensor) -> Image.Image:
    return Image.fromarray((picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8))


@pytest.mark.parametrize(
    ("field", "enhance"),
    [("brightness", ImageEnhance.Brightness), ("contrast", ImageEnhance.Contrast), ("saturation", ImageEnhance.Color)],
)
def test_colour_as_pillow(field: str, enhance: type) -> None:
    pictures, _, _ = batch()
    result = run(AugmentationRecipe.model_validate({field: (0.4, 1.6)}))
    for i, factor in enumerate(factors(field, 0.4, 1.6)):
        expected = np.asarray(enhance(as_pillow(pictures[i])).enhance(factor)) / 255
        np.testing.assert_allclose(result[i].permute(1, 2, 0), expected, atol=0.012)  # Pillow rounds to 1/255, twice


def test_hue_turns_colours_and_keeps_grey_and_luma() -> None:
    pictures = torch.tensor([[0.6, 0.4, 0.4], [0.5, 0.5, 0.5]])[:, :, None, None].expand(2, 3, 4, 4)
    result, _ = augment(pictures, torch.zeros(2), np.arange(2), AugmentationRecipe(hue=0.3), 5, 0, 4)
    turn = draws.uniform(5, 0, np.arange(2), "hue", -0.3, 0.3)[0]
    before, after = (colorsys.rgb_to_hls(*p[0, :, 0, 0].tolist())[0] for p in (pictures, result))
    assert abs((after - before - turn + 0.5) % 1 - 0.5) < 0.06  # YIQ's circle is not quite that of HLS
    torch.testing.assert_close(result[1], pictures[1], atol=1e-3, rtol=0)
    luma = torch.tensor([0.299, 0.587, 0.114])
    assert (result[0, :, 0, 0] @ luma).item() == pytest.approx((pictures[0, :, 0, 0] @ luma).item(), abs=1e-3)


def test_hue_is_a_turn_about_the_grey_axis_in_yiq() -> None:
    """The published matrix of YIQ (FCC, NTSC): a turn by 2 pi h, and the same distance from grey."""
    to_yiq = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    colours = np.random.default_rng(0).uniform(0.45, 0.55, (24, 3))
    pictures = torch.from_numpy(colours.astype(np.float32))[:, :, None, None].expand(24, 3, 4, 4)
    samples = np.arange(24)
    result, _ = augment(pictures, torch.zeros(24), samples, AugmentationRecipe(hue=0.5), 5, 0, 4)
    before, after = (to_yiq @ p[:, :, 1, 2].numpy().astype(np.float64).T for p in (pictures, result))
    turns = draws.uniform(5, 0, samples, "hue", -0.5, 0.5)
    found = (before[1] + 1j * before[2]) * np.exp(-2j * np.pi * turns)
    np.testing.assert_allclose(after[1] + 1j * after[2], found, atol=2e-6)
    np.testing.assert_allclose(after[0], before[0], atol=2e-6)


def test_rows_are_changed_as_in_training() -> None:
    pictures, labels, samples = batch(count=5)
    rows = pictures.permute(0, 2, 3, 1).mul(255).round().to(torch.uint8)
    epochs = [0, 3, 3, 1, 7]
    found = changed_rows(rows.numpy(), samples, EVERYTHING, 4, epochs)
    for n, epoch in enumerate(epochs):
        one = rows[n : n + 1].permute(0, 3, 1, 2).float() / 255
        shown, _ = augment(one, labels[:1], samples[n : n + 1], EVERYTHING, 4, epoch, 4)
        assert np.array_equal(found[n], shown[0].mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy())


def test_saturation_and_hue_leave_grey_pictures() -> None:
    pictures, _, _ = batch(1)
    torch.testing.assert_close(run(AugmentationRecipe(saturation=0.5, hue=0.3), channels=1), pictures)


def test_channel_shift_is_kerass() -> None:
    """Keras: numpy.clip(x + intensity, x.min(), x.max())."""
    pictures, _, _ = batch()
    result = run(AugmentationRecipe(channel_shift=50))
    for picture, changed, shift in zip(pictures.numpy(), result.numpy(), factors("channel_shift", -50, 50)):
        np.testing.assert_allclose(changed, np.clip(picture + shift / 255, picture.min(), picture.max()), atol=1e-6)


def test_constant_fill_has_the_stated_grey_level() -> None:
    recipe = AugmentationRecipe(width_shift=(10.0,), fill="constant", fill_value=51)
    result = run(recipe)
    assert all((p[:, :, :10] == 0.2).all() or (p[:, :, -10:] == 0.2).all() for p in result)


def test_erasing() -> None:
    pictures, labels, samples = batch(count=400)
    recipe = AugmentationRecipe(erasing=0.25, erasing_area=(0.1, 0.3))
    changed = (augment(pictures, labels, samples, recipe, 1, 0, 4)[0] != pictures).any(1)  # (N, H, W)
    hit = changed.any((1, 2))
    assert 70 < hit.sum() < 130
    area = changed[hit].float().mean((1, 2))
    assert area.min() > 0.05 and area.max() < 0.33 and 0.15 < area.mean() < 0.23
    for mask in changed[hit][:10]:  # one box, all of it
        rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
        assert mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()


def test_erased_places_have_the_mean_colour() -> None:
    pictures, _, _ = batch()
    result = run(AugmentationRecipe(erasing=1.0))
    for before, after in zip(pictures, result):
        new = after[:, (before != after).any(0)]
        torch.testing.assert_close(new, before.mean((1, 2))[:, None].expand_as(new))


@pytest.mark.parametrize("count", [1, 2, 9])
def test_mixup(count: int) -> None:
    pictures, labels, samples = batch(count=count)
    result, targets = augment(pictures, labels, samples, AugmentationRecipe(mixup=0.4), 1, 0, 4)
    part = torch.from_numpy(draws.beta(1, 0, samples, "mixup", 0.4)).float()
    for i in range(count):
        j = (i + 1) % count
        torch.testing.assert_close(result[i], part[i] * pictures[i] + (1 - part[i]) * pictures[j])
        expected = torch.zeros(4)
        expected[labels[i]] += part[i]
        expected[labels[j]] += 1 - part[i]
        torch.testing.assert_close(targets[i], expected)


def test_cutmix() -> None:
    pictures, labels, samples = batch(count=200)
    result, targets = augment(pictures, labels, samples, AugmentationRecipe(cutmix=1.0), 1, 0, 4)
    own, other = (result == pictures).all(1), (result == pictures.roll(-1, 0)).all(1)
    assert (own | other).all()
    torch.testing.assert_close(targets[torch.arange(200), labels], own.float().mean((1, 2)))
    torch.testing.assert_close(targets.sum(1), torch.ones(200))
    assert abs(own.float().mean() - 0.5) < 0.05  # Beta(1, 1) has the mean a half


def test_mixup_and_cutmix_share_the_batch() -> None:
    pictures, labels, samples = batch(count=200)
    result, targets = augment(pictures, labels, samples, AugmentationRecipe(cutmix=1.0, mixup=1.0), 1, 0, 4)
    cut = ((result == pictures) | (result == pictures.roll(-1, 0))).all((1, 2, 3))
    assert 70 < cut.sum() < 130
    torch.testing.assert_close(targets.sum(1), torch.ones(200))
    again, _ = augment(pictures, labels, samples, AugmentationRecipe(cutmix=1.0, mixup=1.0), 1, 0, 4)
    assert torch.equal(again, result)
