"""A network in an ONNX file, computed by onnxruntime."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.export.file_network import FileNetwork

__all__ = ["OnnxNetwork"]


class OnnxNetwork(FileNetwork):
    """The network in the bytes ``data`` of an ONNX file, computed by onnxruntime.

    Raises:
        ValueError: onnxruntime cannot use the file.
    """

    def __init__(self, data: bytes, block: int) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # 0.1 s that a model for torch does not need

        super().__init__(block)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4  # what goes wrong is raised, and told once
        try:
            self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  of a damaged file onnxruntime raises classes of its own
            raise ValueError(str(error).splitlines()[0]) from None
        (self.input,) = self.session.get_inputs()

    def run(self, whole: NDArray[Any], result: str) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self.session.run([result], {self.input.name: whole})[0]
        return found

    def run_both(self, whole: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        features, logits = self.session.run(["features", "logits"], {self.input.name: whole})
        return features, logits

    @property
    def has_features(self) -> bool:
        return any(one.name == "features" for one in self.session.get_outputs())
