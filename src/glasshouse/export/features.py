"""What torch's networks give before their last layer, together with the answers, for a picture's familiarity."""

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from glasshouse.export.inference import Inference
from glasshouse.networks.folding import Pooled
from glasshouse.networks.own import Head

__all__ = ["FeatureInference"]


class FeatureInference:
    """A network in two parts: the body gives features, the head logits, with the bits that the whole has.

    Raises:
        ValueError: the network has no head, or several.
    """

    def __init__(self, module: nn.Module, shape: Sequence[int]) -> None:
        (name,) = [name for name, part in module.named_modules() if isinstance(part, Head)]
        body, head = copy.deepcopy(module).eval().requires_grad_(False), module.get_submodule(name)
        body.set_submodule(name, Pooled())
        self.body = Inference(body, shape)
        self.head = Inference(head, (head.in_features,), self.body.block)  # type: ignore[arg-type]

    def features(self, rows: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]) -> NDArray[np.float32]:
        """Return what the head gets, float32 (n, F), for pictures uint8 (n, H, W, C)."""
        return np.asarray(self.body.pictures(rows, mean, std).numpy())

    def answers(
        self, rows: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features (n, F) and a probability for each class (n, K), for pictures uint8 (n, H, W, C)."""
        found = self.body.pictures(rows, mean, std)
        logits = self.head.outputs(len(found), lambda first, end: found[first:end].to(self.head.device))
        return np.asarray(found.numpy()), self.head.softmax(logits)
