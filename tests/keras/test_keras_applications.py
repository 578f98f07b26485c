"""The networks of keras.applications: shapes and counts, weights, a frozen base, its last block thawed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from glasshouse.errors import NetworkError
from glasshouse.keras import Input, Model, Sequential, applications, layers
from glasshouse.keras.applications import MobileNetV2, vgg16
from glasshouse.keras.applications.vgg16 import VGG16, decode_predictions, preprocess_input
from glasshouse.networks import vision
from glasshouse.networks.build import build

BASES = {  # weights without the classes, channels at the end; Keras' own where the network is the same
    "VGG16": (14_714_688, 512), "VGG19": (20_024_384, 512), "ResNet50": (23_561_152, 2048),
    "InceptionV3": (21_820_000, 2048), "Xception": (20_861_480, 2048), "MobileNet": (3_228_864, 1024),
    "MobileNetV2": (2_257_984, 1280), "EfficientNetLite0": (3_413_024, 1280),
}  # fmt: skip
MODULES = {
    "VGG16": "vgg16", "VGG19": "vgg19", "ResNet50": "resnet50", "InceptionV3": "inception_v3", "Xception": "xception",
    "MobileNet": "mobilenet", "MobileNetV2": "mobilenet_v2", "EfficientNetLite0": "efficientnet_lite0",
}  # fmt: skip


@pytest.mark.parametrize("name", BASES)
def test_a_base_ends_before_the_classes(name: str) -> None:
    make = getattr(applications, name)
    base = make(weights=None, include_top=False, input_shape=(96, 96, 3))
    weights, channels = BASES[name]
    assert (base.count_params(), base.output_shape[-1], len(base.output_shape)) == (weights, channels, 4)
    pooled = make(weights=None, include_top=False, input_shape=(96, 96, 3), pooling="avg")
    assert pooled.output_shape == (None, channels)
    whole = make(weights=None, classes=7)
    assert whole.output_shape == (None, 7)
    module = getattr(applications, MODULES[name])
    assert getattr(module, name) is make
    assert [word for word in module.__all__ if not hasattr(module, word)] == []


@pytest.fixture(scope="module")
def mobile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, torch.nn.Module]:
    """MobileNetV2 of torchvision, and its weights in a file sorted by name."""
    torch.manual_seed(0)
    module = vision.make_torchvision("mobilenet_v2", 1000).eval()
    path = tmp_path_factory.mktemp("weights") / "mobile.safetensors"
    save_file({name: value.contiguous() for name, value in sorted(module.state_dict().items())}, path)
    return path, module


def test_weights_of_a_file_give_the_numbers_of_torch(mobile: tuple[Path, Any]) -> None:
    path, module = mobile
    x = np.random.default_rng(0).random((2, 64, 64, 3), np.float32)
    with torch.no_grad():
        features = module.features(torch.from_numpy(x.transpose(0, 3, 1, 2)))
        scores = torch.softmax(module(torch.from_numpy(x.transpose(0, 3, 1, 2))), -1).numpy()
    base = MobileNetV2(weights=path, include_top=False, input_shape=(64, 64, 3))
    np.testing.assert_allclose(base.predict(x), features.numpy().transpose(0, 2, 3, 1), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        MobileNetV2(weights=path, input_shape=(64, 64, 3)).predict(x), scores, rtol=1e-3, atol=1e-5
    )


def test_a_base_is_frozen_used_and_then_thawed_from_a_name_on() -> None:
    base = VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    assert base.get_layer("block5_conv1").output_shape == (None, 2, 2, 512)
    base.trainable = False
    model = Sequential([base, layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    assert len(model.trainable_weights) == 2
    base.trainable = True
    thaw = False
    for layer in base.layers:
        thaw = thaw or layer.name == "block5_conv1"
        layer.trainable = thaw
    assert len(model.trainable_weights) == 8
    model.compile("sgd", "binary_crossentropy")
    first, last = base.get_layer("block4_conv3"), base.get_layer("block5_conv3")
    before = first.get_weights()[0], last.get_weights()[0]
    x = np.random.default_rng(1).random((4, 32, 32, 3), np.float32) * 4
    model.fit(x, np.array([0, 1, 0, 1]), verbose=0)
    np.testing.assert_array_equal(first.get_weights()[0], before[0])
    assert not np.array_equal(last.get_weights()[0], before[1])
    assert base.predict(x).shape == (4, 1, 1, 512)


def test_pictures_are_prepared_as_the_weights_expect() -> None:
    x = np.full((1, 2, 2, 3), 127.5)
    expected = (0.5 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(preprocess_input(x)[0, 0, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(applications.xception.preprocess_input(x), 0, atol=1e-6)
    np.testing.assert_allclose(
        preprocess_input(x.transpose(0, 3, 1, 2), data_format="channels_first")[0, :, 0, 0], expected, rtol=1e-5
    )
    assert float(x[0, 0, 0, 0]) == 127.5
    start = Input((2, 2, 3))
    np.testing.assert_allclose(Model(start, preprocess_input(start)).predict(x)[0, 0, 0], expected, rtol=1e-4)


def test_classes_have_their_names() -> None:
    scores = np.zeros((1, 1000))
    scores[0, 386], scores[0, 101] = 0.7, 0.2
    assert decode_predictions(scores, top=2) == [[("n02504458", "African_elephant", 0.7), ("n01871265", "tusker", 0.2)]]
    with pytest.raises(NetworkError, match="takes rows of 1000 probabilities"):
        vgg16.decode_predictions(np.zeros((1, 10)))


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(NetworkError, match="for 1000 classes, got classes=2; take include_top=False"):
        VGG16(classes=2)
    with pytest.raises(NetworkError, match="pictures of at least 75x75, got 64x64"):
        applications.InceptionV3(weights=None, include_top=False, input_shape=(64, 64, 3))
    with pytest.raises(NetworkError, match="write input_shape="):
        MobileNetV2((96, 96, 3))
    with pytest.raises(NetworkError, match="pooling is None, avg or max"):
        VGG16(weights=None, pooling="mean")


def test_a_network_of_other_classes_gives_its_body(tmp_path: Path) -> None:
    built = build("MobileNetV2", 3, 3, 64, 64)
    save_file(
        {name: value.contiguous() for name, value in built.module.state_dict().items()}, tmp_path / "w.safetensors"
    )
    base = MobileNetV2(weights=str(tmp_path / "w.safetensors"), include_top=False, input_shape=(64, 64, 3))
    kernel = base.weights()["conv2d/kernel"]
    np.testing.assert_array_equal(
        kernel.transpose(3, 2, 0, 1), built.module.state_dict()["features.0.0.weight"].numpy()
    )
