"""In which numbers a training computes."""

from dataclasses import dataclass

import torch

from glasshouse.messages import Message

__all__ = ["Precision", "choose_precision"]


@dataclass(frozen=True)
class Precision:
    """In which numbers the forward pass computes; ``note`` says where it is not what was asked for."""

    dtype: torch.dtype | None = None
    scaled: bool = False
    note: str | None = None


def choose_precision(name: str, device: torch.device) -> Precision:
    """Return bfloat16 or scaled float16 for ``mixed`` on CUDA, else float32."""
    if name == "float32":
        return Precision()
    if device.type != "cuda":
        return Precision(
            note=Message("mixed precision needs a CUDA device; {device} computes in float32", device=device)
        )
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return Precision(torch.bfloat16)
    return Precision(torch.float16, scaled=True)
