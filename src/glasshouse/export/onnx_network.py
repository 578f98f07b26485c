"""A network as an ONNX file, computed by onnxruntime in blocks of one size; loads no torch."""

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.export.blocks import pictures_a_block, softmax, threads

__all__ = ["OnnxNetwork", "engine_version", "picture_network"]


class OnnxNetwork:
    """The network in the bytes ``data`` of an ONNX file, ready to compute ``block`` rows at a time on one thread.

    Several threads may compute at once. Rows are filled up to a block, so that each has the same bits in any company.

    Raises:
        ValueError: onnxruntime cannot use the file.
    """

    def __init__(self, data: bytes, block: int) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # 0.1 s that a model for torch does not need

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4  # what goes wrong is raised, and told once
        try:
            self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  of a damaged file onnxruntime raises classes of its own
            raise ValueError(str(error).splitlines()[0]) from None
        (self.input,) = self.session.get_inputs()
        self.block = block

    def compute(self, rows: NDArray[Any], result: str, block: int | None = None) -> NDArray[np.float32]:
        """Return ``result`` of at most a block of rows, float32 (n, ...); ``block`` instead of the usual one."""
        whole, size = rows, block or self.block
        if len(rows) < size:
            whole = np.zeros((size, *rows.shape[1:]), rows.dtype)
            whole[: len(rows)] = rows
        found: NDArray[np.float32] = self.session.run([result], {self.input.name: np.ascontiguousarray(whole)})[0]
        return found[: len(rows)]

    def outputs(self, rows: NDArray[Any], result: str = "logits") -> NDArray[np.float32]:
        """Return ``result`` of any number of rows, as many blocks side by side as there are threads."""
        starts = range(0, max(len(rows), 1), self.block)

        def run(at: int) -> NDArray[np.float32]:
            return self.compute(rows[at : at + self.block], result)

        if len(starts) == 1:
            return run(0)
        with ThreadPoolExecutor(min(threads(), len(starts)), "glasshouse-blocks") as pool:
            return np.concatenate(list(pool.map(run, starts)))

    def probabilities(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a probability for each class, float32 (n, K), for pictures uint8 (n, H, W, C), as a model's file."""
        return softmax(self.outputs(pictures))


def picture_network(data: bytes, height: int, width: int) -> OnnxNetwork:
    """Return the network of a model's file, which takes pictures of that size."""
    return OnnxNetwork(data, pictures_a_block(height, width))


def engine_version(engine: str) -> str:
    """Return the version of ``torch`` or ``onnxruntime`` as it is installed; it decides about the last digits."""
    return version(engine)
