"""Augmentation layers: known changes are exact, draws are the same on both engines, nothing happens in use."""

from typing import Any

import numpy as np
import pytest
import torch

from glasshouse.layers import LAYERS, Network

X = np.random.default_rng(0).random((6, 8, 10, 3), dtype=np.float32)
SQUARE = X[:, :, :8]
RANDOM = {
    "flip": ("RandomFlip", {}),
    "flip_across": ("RandomFlip", {"mode": "horizontal"}),
    "rotation": ("RandomRotation", {"factor": 0.2}),
    "rotation_nearest": ("RandomRotation", {"factor": 0.2, "fill_mode": "nearest"}),
    "rotation_constant": ("RandomRotation", {"factor": 0.2, "fill_mode": "constant"}),
    "zoom": ("RandomZoom", {"height_factor": 0.5}),
    "zoom_two": ("RandomZoom", {"height_factor": 0.3, "width_factor": (-0.4, -0.1)}),
    "translation": ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.4}),
    "contrast": ("RandomContrast", {"factor": 0.4, "value_range": (0.0, 1.0)}),
    "brightness": ("RandomBrightness", {"factor": 0.4, "value_range": (0.0, 1.0)}),
}


def changed(kind: str, settings: dict[str, Any], x: np.ndarray) -> np.ndarray:
    module = Network([LAYERS[kind](**settings)], input_shape=x.shape[1:]).to_torch().train()
    module.seed(1)
    return np.asarray(module(torch.from_numpy(x)))


@pytest.mark.parametrize("name", RANDOM)
def test_both_engines_draw_the_same_pictures(name: str) -> None:
    kind, settings = RANDOM[name]
    net = Network([LAYERS[kind](**settings)], input_shape=X.shape[1:])
    module, model = net.to_torch().train(), net.to_autodiff()
    module.seed(4)
    model.seed(4)
    y = module(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(model(X).data, y, atol=2e-5)
    assert not np.allclose(y, X)
    assert (net.predict(X) == X).all()
    assert Network.from_dict(net.to_dict()).to_dict() == net.to_dict()


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("RandomRotation", {"factor": (0.25, 0.25)}, np.rot90(SQUARE, 1, (1, 2))),
        ("RandomRotation", {"factor": (0.5, 0.5)}, SQUARE[:, ::-1, ::-1]),
        ("RandomTranslation", {"height_factor": (0.25, 0.25), "width_factor": 0, "fill_mode": "constant"},
         np.concatenate([np.zeros_like(SQUARE[:, :2]), SQUARE[:, :-2]], 1)),
        ("RandomTranslation", {"height_factor": 0, "width_factor": (-0.25, -0.25)},
         np.concatenate([SQUARE[:, :, 2:], SQUARE[:, :, :-3:-1]], 2)),
        ("RandomZoom", {"height_factor": 0}, SQUARE),
    ],
)  # fmt: skip
def test_a_known_change_is_exact(kind: str, settings: dict[str, Any], expected: np.ndarray) -> None:
    np.testing.assert_allclose(changed(kind, settings, SQUARE), expected, atol=1e-5)


def test_flips_are_those_that_were_asked_for() -> None:
    y = changed("RandomFlip", {"mode": "horizontal"}, X)
    same = [np.allclose(a, b, atol=1e-6) for a, b in zip(y, X)]
    turned = [np.allclose(a, b[:, ::-1], atol=1e-6) for a, b in zip(y, X)]
    assert all(a != b for a, b in zip(same, turned))
    assert any(same)
    assert any(turned)
