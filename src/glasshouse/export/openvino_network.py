"""A network in an ONNX file, computed by OpenVINO, in float32 or in bfloat16.

Pictures are normalized here, in float32, in the order of the file, and the network begins after that: within it
bfloat16 would round the pixels, and OpenVINO would join these steps with the first layer. So a model gives the bits
that its training had, which normalizes pictures before they are shown to the network. The last layer is computed by
itself, in float32: so its scores are the same whether its features were computed now or are those of a cache.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.export.blocks import threads
from glasshouse.export.file_network import FileNetwork

__all__ = ["OpenvinoNetwork", "computes_bfloat16"]

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
AROUND = ("Identity", "Add", "Multiply")  # what a last layer does after its product: scale, add the bias
STEPS = {"Divide": np.divide, "Subtract": np.subtract}  # of a normalization
Step = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass
class _Compiled:
    """A network, or a part of one, for one size of block; ``idle`` are requests that no thread uses now."""

    network: Any
    idle: SimpleQueue[Any] = field(default_factory=SimpleQueue)

    def __call__(self, x: NDArray[Any]) -> NDArray[np.float32]:
        try:
            request = self.idle.get_nowait()
        except Empty:
            request = self.network.create_infer_request()
        found: NDArray[np.float32] = request.infer([x])[0]
        self.idle.put(request)
        return found


class OpenvinoNetwork(FileNetwork):
    """The network in the bytes ``data`` of an ONNX file, computed by OpenVINO in ``precision`` on the processor.

    Raises:
        ImportError: OpenVINO is not installed.
        ValueError: OpenVINO cannot use the file.
    """

    def __init__(self, data: bytes, block: int, precision: str = "float32") -> None:
        super().__init__(block)
        self.precision, self.data = precision, data
        self.compiled: dict[tuple[str, int], list[Step]] = {}
        self.lock = Lock()
        _read(data)  # what is no network is refused now

    def run(self, whole: NDArray[Any], result: str) -> NDArray[np.float32]:
        for step in self._steps(result, whole.shape):
            whole = step(whole)
        return whole

    def run_both(self, whole: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        *body, head = self._steps("logits", whole.shape)
        for step in body:
            whole = step(whole)
        return whole, head(whole)

    @property
    def has_features(self) -> bool:
        model = _read(self.data)
        names = [output.get_any_name() for output in model.outputs]
        return "features" in names and _last_input(model.output("logits").get_node().input_value(0)) is not None

    def _steps(self, result: str, shape: tuple[int, ...]) -> "list[Step]":
        key = result, shape[0]
        with self.lock:
            if key not in self.compiled:
                self.compiled[key] = self._compile(shape, result)
        return self.compiled[key]

    def _compile(self, shape: tuple[int, ...], result: str) -> "list[Step]":
        """Return the steps from inputs of this shape to ``result``, one thread a block."""
        model = _read(self.data)
        end = model.output(result).get_node().input_value(0)
        model.reshape({model.input(0): list(shape)})
        start, prepare = _normalization(model.input(0))
        features = _last_input(end)
        if features is None:
            return [prepare, _part(start, end, self.precision)]
        head = _part(features, end, "float32")  # cut off first: what is before it ends there then
        return [prepare, head] if features == start else [prepare, _part(start, features, self.precision), head]


def computes_bfloat16() -> bool:
    """Whether this processor computes bfloat16, so that OpenVINO does not put float32 in its place.

    Raises:
        ImportError: OpenVINO is not installed.
    """
    return "BF16" in _openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _openvino() -> Any:
    """Return the package, without its tools: their import would report the use of OpenVINO to its makers."""
    if "openvino" not in sys.modules:
        tools = "openvino.tools.ovc"
        sys.modules[tools] = None  # type: ignore[assignment]  # its import fails, which the package expects
        try:
            import openvino
        finally:
            del sys.modules[tools]
    import openvino

    return openvino


def _read(data: bytes) -> Any:
    try:
        return _openvino().Core().read_model(data, b"")
    except RuntimeError as error:
        raise ValueError(str(error).strip().splitlines()[-1]) from None


def _part(start: Any, end: Any, precision: str) -> _Compiled:
    """Return what computes ``end`` of ``start``, two outputs of operations, and takes it out of its network."""
    openvino = _openvino()
    begin = openvino.opset13.parameter(list(start.get_shape()), np.float32)
    for user in list(start.get_target_inputs()):
        user.replace_source_output(begin.output(0))
    model = openvino.Model([openvino.opset13.result(begin.output(0) if start == end else end)], [begin])
    network = _compiled(model, precision, threads())
    if network.get_property("INFERENCE_NUM_THREADS") != network.get_property("NUM_STREAMS"):
        network = _compiled(model, precision, 1)  # two threads for one block would add in another order
    return _Compiled(network)


def _last_input(end: Any) -> Any:
    """Return the features (n, F) that a last layer makes ``end`` of, None if the end is no such layer."""
    node = end.get_node()
    while node.get_type_name() in AROUND and all(map(_constant, node.input_values()[1:])):
        node = node.input_value(0).get_node()
    if node.get_type_name() != "MatMul" or not _constant(node.input_value(1)):
        return None
    return node.input_value(0) if len(node.get_input_shape(0)) == 2 else None


def _constant(output: Any) -> bool:
    """Whether an output follows from constants alone."""
    inputs = output.get_node().input_values()
    return all(map(_constant, inputs)) if inputs else bool(output.get_node().get_type_name() == "Constant")


def _compiled(model: Any, precision: str, streams: int) -> Any:
    facts = {"INFERENCE_PRECISION_HINT": PRECISIONS[precision], "INFERENCE_NUM_THREADS": streams,
             "NUM_STREAMS": streams, "ENABLE_CPU_PINNING": False}  # fmt: skip
    try:
        return _openvino().Core().compile_model(model, "CPU", facts)
    except RuntimeError as error:
        raise ValueError(str(error).strip().splitlines()[-1]) from None


def _normalization(pictures: Any) -> tuple[Any, Step]:
    """Return the output that the network itself begins with, and what makes its rows of the file's.

    A file that takes normalized rows begins with the input itself.
    """
    if pictures.get_element_type().to_dtype() == np.float32:
        return pictures, lambda rows: rows
    steps: list[tuple[Any, NDArray[np.float32]]] = []
    at = pictures
    while len(steps) < 3:  # Convert, Transpose, / 255, - mean, / std
        node = next(iter(at.get_target_inputs())).get_node()
        at = node.output(0)
        if (kind := node.get_type_name()) in STEPS:
            steps.append((STEPS[kind], node.input_value(1).get_node().get_data().astype(np.float32)))

    def prepare(rows: NDArray[Any]) -> NDArray[Any]:
        found = np.ascontiguousarray(rows.transpose(0, 3, 1, 2)).astype(np.float32)
        for step, value in steps:
            found = step(found, value)
        return found

    return at, prepare
