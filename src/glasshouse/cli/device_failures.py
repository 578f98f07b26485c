"""A device that fails, or whose memory runs out, in one message instead of a traceback."""

__all__ = ["device_failure"]

MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory")
DEVICE_WORDS = (
    "cuda error", "cuda driver", "cuda gpus", "cuda-capable", "compiled with cuda", "cudnn", "cublas", "cusolver",
    "nvidia driver", "nvml", "nccl", "hip error", "mps backend", "xpu", "device ordinal", "device-side assert",
)  # fmt: skip
LONG = 300


def device_failure(error: BaseException) -> str | None:
    """Return what to say about an error that torch raised about its device or memory; None if it is another one."""
    text = str(error)
    first = next((line for line in text.splitlines() if line.strip()), type(error).__name__)[:LONG]
    if isinstance(error, MemoryError) or _says(text, MEMORY_WORDS):
        return (
            f"The memory ran out ({first}). End other programs on this device, choose smaller pictures, a smaller "
            "network or a smaller batch, or compute on the CPU: --device cpu."
        )
    if type(error).__name__ == "AcceleratorError" or _says(text, DEVICE_WORDS):
        return (
            f"The device failed ({first}). See with `glasshouse doctor` what can be used here, or compute on the CPU: "
            "--device cpu. A training that was running goes on from its last checkpoint with `glasshouse resume`."
        )
    return None


def _says(text: str, words: tuple[str, ...]) -> bool:
    lower = text.lower()
    return any(word in lower for word in words)
