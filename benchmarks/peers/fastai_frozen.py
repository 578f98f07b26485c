"""fastai's frozen epoch on a folder with train and val: run by main_job.py in an environment that has fastai.

    python fastai_frozen.py DATA WEIGHTS        prints {"seconds": s, "accuracy": a, "versions": {...}}

fastai's own defaults: Resize(224), batches of 64, its head, one frozen epoch as fine_tune does it first.
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

from fastai.vision.all import ImageDataLoaders, Resize, accuracy, default_split, imagenet_stats, vision_learner
from fastai.vision.learner import model_meta
from safetensors.torch import load_file
from torchvision import models


def main(data: Path, weights: Path) -> None:
    def mobilenet(**_: object) -> torch.nn.Module:
        network = models.mobilenet_v2(weights=None)
        network.load_state_dict(load_file(weights))
        return network

    start = time.perf_counter()
    loaders = ImageDataLoaders.from_folder(data, train="train", valid="val", item_tfms=Resize(224), bs=64)
    model_meta[mobilenet] = {"cut": -1, "split": default_split, "stats": imagenet_stats}
    learner = vision_learner(loaders, mobilenet, metrics=accuracy)
    with learner.no_bar(), learner.no_logging():
        learner.freeze()
        learner.fit_one_cycle(1, slice(2e-3), pct_start=0.99)
    seconds = time.perf_counter() - start
    found = float(learner.recorder.values[-1][2])
    versions = {name: version(name) for name in ("fastai", "torch", "torchvision")}
    print(json.dumps({"seconds": seconds, "accuracy": found, "versions": versions}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
