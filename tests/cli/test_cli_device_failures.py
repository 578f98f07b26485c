"""A device that is missing, fails or has too little memory: one message and exit code 1, never a traceback."""

import sys

import pytest
import torch

from glasshouse.cli import doctor, main
from glasshouse.errors import MemoryLimitError

ILLEGAL = "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be asynchronously reported"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."), "memory ran out.*smaller batch"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            "memory ran out",
        ),
        (MemoryError(), "memory ran out"),
        (RuntimeError(ILLEGAL), r"device failed \(CUDA error: an illegal memory access was encountered\)"),
        (RuntimeError("Found no NVIDIA driver on your system."), "device failed.*glasshouse doctor"),
        (RuntimeError("No CUDA GPUs are available"), "device failed"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "device failed"),
        (AssertionError("Torch not compiled with CUDA enabled"), "device failed.*--device cpu"),
        (NotImplementedError("The operator is not currently implemented for the MPS backend"), "device failed"),
        (MemoryLimitError("cuda has too little memory; 4 would fit", 4), "4 would fit"),
    ],
)
def test_a_failing_device_is_told_in_one_message(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Injected below the command: what torch raises there reaches ``main`` as it would from a training."""
    assert ended(error, monkeypatch) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: ") and "Traceback" not in said
    assert said.count("Error: ") == 1
    pattern = words.replace(".*", "(.|\n)*")
    assert pytest.importorskip("re").search(pattern, said)


def test_other_errors_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="a fault of ours"):
        ended(RuntimeError("a fault of ours"), monkeypatch)


def ended(error: Exception, monkeypatch: pytest.MonkeyPatch) -> object:
    def broken() -> None:
        raise error

    monkeypatch.setattr(doctor, "_python", broken)
    monkeypatch.setattr(sys, "argv", ["glasshouse", "doctor"])
    with pytest.raises(SystemExit) as end:
        main.main()
    return end.value.code
