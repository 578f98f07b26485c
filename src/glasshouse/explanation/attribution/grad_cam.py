"""Grad-CAM: where the channels of the last map that speak for a class are active.

L = ReLU(Σ_k α_k A^k) with α_k the mean over all places of ∂y_c/∂A^k, enlarged to the size of the picture.

Source: Selvaraju and others, Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, 2017.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glasshouse.explanation.attribution.layer_choice import MapLayer, watched

__all__ = ["grad_cam"]


def grad_cam(module: nn.Module, x: Tensor, targets: Tensor, layer: MapLayer) -> Tensor:
    """Return maps (N, H, W), 0 or larger, of x (N, C, H, W) for the classes ``targets`` (N,), at ``layer``."""
    with torch.enable_grad():
        values, logits = watched(module, layer.name, x)
        (gradient,) = torch.autograd.grad(logits.gather(1, targets[:, None]).sum(), values)
    A, alpha = layer.folded(values.detach()), layer.folded(gradient).mean((2, 3), keepdim=True)
    cam = F.relu((alpha * A).sum(1, keepdim=True))  # (N, 1, h, w)
    return F.interpolate(cam, x.shape[2:], mode="bilinear", align_corners=False)[:, 0]
