"""What the last layer of a network gets of each picture of a split, and what it answers."""

import copy
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from glasshouse.data.stored.rows import Split
from glasshouse.errors import ModelError
from glasshouse.events import Progress
from glasshouse.explanation.opened import OpenedModel
from glasshouse.export.inference import Inference, normalized, pick_device
from glasshouse.networks.folding import Pooled
from glasshouse.networks.own import Head

__all__ = ["PictureFeatures", "head_name", "picture_features"]

WIDE = 4096  # features; more of them are projected at random to NARROW, which keeps distances
NARROW = 1024
AT_ONCE = 256  # pictures between two reports of progress


@dataclass(frozen=True)
class PictureFeatures:
    """``features`` float32 (N, F) of N pictures in the split's order, ``answers`` int64 (N,), the predicted classes."""

    features: NDArray[np.float32]
    answers: NDArray[np.int64]


def picture_features(opened: OpenedModel, split: Split) -> Generator[Progress, None, PictureFeatures]:
    """Yield progress and return the features of a split; a network without a last layer of its own gives its logits.

    With more than 4,096 features they are projected at random to 1,024, always in the same way.

    Raises:
        ModelError: the network gives no numbers (NaN).
    """
    name, module = head_name(opened.model.module), opened.model.module
    device = pick_device()
    body = copy.deepcopy(module).eval().requires_grad_(requires_grad=False)
    head = nn.Identity() if name is None else body.get_submodule(name)
    if name is not None:
        body.set_submodule(name, Pooled())
    body.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    inference, begin = Inference(body, opened.model.preprocessing.shape), time.monotonic()
    parts, answers, narrow = [], [], None
    for first in range(0, len(split), AT_ONCE):
        found = _computed(opened, inference, split.rows(np.arange(first, min(first + AT_ONCE, len(split)))))
        with torch.inference_mode():
            answers.append(head.cpu()(found).argmax(1).numpy())
        if narrow is None and found.shape[1] > WIDE:
            narrow = torch.randn(found.shape[1], NARROW, generator=torch.Generator().manual_seed(0)) / NARROW**0.5
        parts.append((found if narrow is None else found @ narrow).numpy())
        done, seconds = first + len(found), time.monotonic() - begin
        yield Progress("features", done, len(split), seconds, seconds / done * (len(split) - done))
    features = np.concatenate(parts)
    if not np.isfinite(features).all():
        raise ModelError(
            "The network {network} gives no numbers (NaN) for a picture, so there is no map of them.",
            network=opened.model.network,
        )
    return PictureFeatures(features, np.concatenate(answers))


def head_name(module: nn.Module) -> str | None:
    """Return the name of the last layer, which makes logits of features; None if the network does not end in one."""
    heads: list[str] = [name for name, part in module.named_modules() if name and isinstance(part, Head)]
    if heads:
        return heads[-1]
    return "head" if isinstance(getattr(module, "head", None), nn.Linear) else None


def _computed(opened: OpenedModel, inference: Inference, rows: NDArray[np.uint8]) -> torch.Tensor:
    own = opened.model.preprocessing

    def inputs(first: int, end: int) -> torch.Tensor:
        pictures = torch.from_numpy(np.ascontiguousarray(rows[first:end])).to(inference.device).permute(0, 3, 1, 2)
        return normalized(pictures.float() / 255, own.mean, own.std)

    return inference.outputs(len(rows), inputs).flatten(1)
