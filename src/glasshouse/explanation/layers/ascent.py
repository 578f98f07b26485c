"""The picture that a filter answers to most, drawn by gradient ascent: for a lesson beside the real patches.

The picture is held as waves (the Fourier basis) whose size falls with their frequency, so that large shapes grow as
fast as single pixels, and is shifted a little in each step (jitter), so that nothing can hang on one place of the grid.

Source: Olah, Mordvintsev and Schubert, Feature Visualization, Distill 2017.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["ascended", "response"]

STEPS, RATE, JITTER = 96, 0.05, 2


def ascended(
    module: nn.Module, layer: str, unit: int, shape: tuple[int, int, int], *, seed: int = 0, steps: int = STEPS
) -> Tensor:
    """Draw a picture (C, H, W), values 0 to 1, to which the filter ``unit`` of ``layer`` responds as much as it can.

    What grows is the mean over the map of what is above 0.

    Args:
        module: takes pictures (N, C, H, W) of values 0 to 1; ``layer`` is the name of a module in it whose output is
            (N, F, h, w).
        shape: of the picture.
        seed: of the noise that it begins with.
    """
    random = torch.Generator().manual_seed(seed)
    scale = _scale(shape)
    waves = (0.1 * torch.randn(*scale.shape, 2, generator=random)).requires_grad_()
    optimizer = torch.optim.Adam([waves], lr=RATE)
    for _ in range(steps):
        optimizer.zero_grad()
        down, across = torch.randint(-JITTER, JITTER + 1, (2,), generator=random).tolist()
        x = _picture(waves, scale, shape).roll((down, across), (1, 2))
        (-response(module, layer, x[None])[0, unit].relu().mean()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return _picture(waves, scale, shape).detach()


def response(module: nn.Module, layer: str, x: Tensor) -> Tensor:
    """Return what ``layer`` gives for x (N, C, H, W): maps (N, F, h, w)."""
    seen: list[Tensor] = []
    keep: Callable[..., None] = lambda _, __, y: seen.append(y)  # noqa: E731
    hook = module.get_submodule(layer).register_forward_hook(keep)
    try:
        module(x)
    finally:
        hook.remove()
    return seen[-1]


def _scale(shape: tuple[int, int, int]) -> Tensor:
    """How large each wave (C, H, W/2 + 1) is: one over its frequency, at most as for one wave a picture."""
    C, H, W = shape
    down, across = torch.fft.fftfreq(H)[:, None], torch.fft.rfftfreq(W)[None, :]
    frequency = torch.sqrt(down**2 + across**2).clamp(min=1 / max(H, W))
    return (1 / frequency).expand(C, -1, -1)


def _picture(waves: Tensor, scale: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """The picture (C, H, W) of the waves, pressed into 0 to 1."""
    made = torch.fft.irfft2(torch.view_as_complex(waves) * scale, s=shape[1:], norm="ortho")
    return torch.sigmoid(made)
