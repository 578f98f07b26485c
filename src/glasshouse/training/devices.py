"""Which device computes, what it can do, and what to say when its memory runs out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from glasshouse.errors import MemoryLimitError, Problem, RecipeError
from glasshouse.messages import Message, Option

__all__ = ["choose_device", "deterministic", "enough_memory", "fitting_batch_size", "is_memory_error", "memory_limit"]


def choose_device(name: str) -> torch.device:
    """Return the device called ``name``; ``auto`` is CUDA, else Apple's MPS, else the CPU.

    Raises:
        RecipeError: there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        problem = Problem(
            "device", Message("{name} cannot be used here ({reason}); choose auto or cpu", name=name, reason=reason)
        )
        raise RecipeError("the training recipe", [problem]) from None
    return device


@contextmanager
def deterministic() -> Iterator[None]:
    """Within it cuDNN takes only algorithms that give the same bits twice."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=True):
        yield


def is_memory_error(error: BaseException) -> bool:
    """Return whether ``error`` says that the device's memory, or the machine's, ran out."""
    text = str(error)
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and ("can't allocate memory" in text or "not enough memory" in text)
    )


@contextmanager
def enough_memory(device: torch.device, purpose: str) -> Iterator[None]:
    """Within it, memory that runs out is reported as such; ``purpose`` says for what it was needed.

    Raises:
        MemoryLimitError: there was too little.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_memory_error(error):
            raise
        raise MemoryLimitError(
            Message(
                "{device} has too little memory {purpose}; choose smaller pictures or a smaller "
                "network, or end other programs",
                device=device,
                purpose=purpose,
            ),
            None,
        ) from error


def fitting_batch_size(batch_size: int, attempt: Callable[[int], None]) -> int | None:
    """Return the largest of batch_size/2, /4, … 1 at which ``attempt`` does not run out of memory, or None."""
    size = batch_size // 2
    while size >= 1:
        if _fits(size, attempt):
            return size
        size //= 2
    return None


def memory_limit(batch_size: int, accumulate: int, device: torch.device, fits: int | None) -> MemoryLimitError:
    """Return the error that tells what to do when ``batch_size`` pictures were too many."""
    start = Message(
        "{device} has too little memory for a batch of {batch_size} pictures", device=device, batch_size=batch_size
    )
    if fits is None:
        return MemoryLimitError(
            Message("{start}, and for one of 1; choose smaller pictures or a smaller network", start=start), None
        )
    times = -(-batch_size // fits) * accumulate
    return MemoryLimitError(
        Message(
            "{start}; {fits} would fit: train with {size} (and accumulate {times} batches for the same steps)",
            start=start,
            fits=fits,
            size=Option("batch-size", fits),
            times=times,
        ),
        fits,
    )


def _fits(size: int, attempt: Callable[[int], None]) -> bool:
    try:
        attempt(size)
    except (RuntimeError, MemoryError) as error:
        if not is_memory_error(error):
            raise
        return False
    finally:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return True
