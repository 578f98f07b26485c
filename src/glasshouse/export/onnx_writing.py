"""A network as an ONNX file: its operations are watched on an example and written down, in well under a second.

Everything that does not follow from the pictures (weights, folded norms, positions) is a constant of the file. The
number of pictures is left open. torch's own exporter knows every operation but takes 5 to 20 seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from glasshouse.export.engines import ENGINES, file_network
from glasshouse.export.onnx_operations import OPERATIONS, SAME, UnknownOperationError

__all__ = ["UnknownOperationError", "model_file", "network_file", "written"]

OPSET = 20
IR_VERSION = 10
BATCH = 5  # pictures of the example: a number that a network hardly has as another size
N = "n"
LIMIT = 2_000_000_000  # bytes of weights: what one file of this format holds


class _Graph:
    """The nodes and constants of a file that is being written."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.names: dict[int, str] = {}  # of tensors that follow from the pictures, and of constants in the file
        self.follows: set[int] = set()  # the tensors that follow from the pictures
        self.kept: list[Tensor] = []  # so that no other tensor gets the id of one with a name
        self.called: dict[int, str] = {}  # the names that weights have in the network
        self.source = ""

    def node(self, op: str, *inputs: str, results: int = 1, **attributes: Any) -> tuple[str, ...]:
        outputs = [f"{op.lower()}_{len(self.nodes)}" + (f"_{k}" if k else "") for k in range(results)]
        self.nodes.append(helper.make_node(op, list(inputs), outputs, **attributes))
        return tuple(outputs)

    def of(self, value: Tensor | float | int | bool) -> str:
        if not isinstance(value, Tensor):
            return self._constant(f"number_{value!r}", np.array(value, np.float32))
        if id(value) not in self.names and value.ndim and len(value) == self.batch and not value.stride(0):
            one = self.of(value[:1].clone())  # repeated for each picture
            self.name(value, self.node("Expand", one, *self.node("Concat", self.count(), self.whole(
                *value.shape[1:]), axis=0))[0])  # fmt: skip
        elif id(value) not in self.names:
            name = self.called.get(id(value), f"constant_{len(self.constants)}")
            self.name(value, self._constant(name, value.detach().cpu().contiguous().numpy()))
        return self.names[id(value)]

    def whole(self, *values: int, scalar: bool = False) -> str:
        key = "_".join(map(str, values)) + ("_scalar" if scalar else "")
        return self._constant(f"whole_{key}", np.array(values[0] if scalar else values, np.int64))

    def count(self) -> str:
        """The number of pictures, int64 (1,)."""
        return self.node("Shape", self.source, start=0, end=1)[0]

    def follow(self, tensor: Tensor, name: str) -> None:
        self.follows.add(id(tensor))
        self.name(tensor, name)

    def name(self, tensor: Tensor, name: str) -> None:
        self.names[id(tensor)] = name
        self.kept.append(tensor)

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
        return name


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within it every operation on what follows from the pictures is written into ``graph``."""

    def __init__(self, graph: _Graph) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.graph = graph

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Not torch's question: yes would import its compiler, which takes seconds."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        names = self._written(func, args, given)
        result = func(*args, **given)
        if names is not None:
            tensors = [x for x in tree_leaves(result) if isinstance(x, Tensor)]
            for tensor, name in zip(tensors, names, strict=True):
                self.graph.follow(tensor, name)
        return result

    def _written(self, func: Any, args: Any, kwargs: Any) -> tuple[str, ...] | None:
        """Return the names of the results; None of what does not follow from the pictures."""
        graph = self.graph
        inputs = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        if not any(id(x) in graph.follows for x in inputs):
            return None
        name = func.overloadpacket.__name__
        plain = name if name in OPERATIONS or name in SAME else name.removesuffix("_")
        if plain in SAME:
            return (graph.of(args[0]),)
        if plain not in OPERATIONS:
            raise UnknownOperationError(name)
        try:
            return OPERATIONS[plain](graph, *args, **kwargs)
        except (TypeError, ValueError, IndexError, RuntimeError) as error:  # arguments that no network had so far
            raise UnknownOperationError(name) from error


def written(module: nn.Module, shape: Sequence[int], engine: str = "onnxruntime") -> bytes | None:
    """Return what ``network_file`` writes for an engine, None of what cannot be written or is not what torch says."""
    example = torch.linspace(2, -2, 2 * int(np.prod(shape)), device=_device(module)).reshape(2, *shape)
    return _checked(module, example, example.cpu().numpy(), "outputs", lambda: network_file(module, shape), engine)


def model_file(
    module: nn.Module,
    mean: Sequence[float],
    std: Sequence[float],
    height: int,
    width: int,
    engine: str = "onnxruntime",
) -> bytes | None:
    """Return the file of a whole model in eval mode, from pictures to probabilities, or None as ``written`` does."""
    shape = (len(mean), height, width)
    pictures = np.arange(2 * height * width * len(mean)).astype(np.uint8).reshape(2, height, width, len(mean))
    example = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - _column(mean)) / _column(std)
    file = partial(network_file, module, shape, (mean, std))
    return _checked(module, example.to(_device(module)), pictures, "logits", file, engine)


def _checked(
    module: nn.Module, example: Tensor, rows: NDArray[Any], result: str, file: Callable[[], bytes], engine: str
) -> bytes | None:
    """Return the file if it says the same as the module of pictures other than those that were watched.

    An operation that is written wrongly is far away; the last digits may differ more where large numbers cancel. What
    is to be computed in bfloat16 is compared in float32: its rounding alone can be as far.
    """
    try:
        data = file()
        found = file_network(data, len(rows), ENGINES[engine].exact or engine).compute(rows, result)
    except (UnknownOperationError, ValueError):
        return None
    with torch.inference_mode():
        expected = module(example).cpu().numpy()
    close = np.allclose(expected, found, rtol=0.01, atol=0.01 * (float(abs(expected).max()) + 1e-6))
    return data if close else None


def network_file(
    module: nn.Module,
    shape: Sequence[int],
    normalization: tuple[Sequence[float], Sequence[float]] | None = None,
    temperature: float | None = None,
) -> bytes:
    """Return ``module`` in eval mode as an ONNX file; its result is called ``outputs``.

    Its input is ``x``, float32 (n, *shape): normalised pictures (C, H, W), or features (F,). With ``normalization``
    (mean, std) it is ``pictures``, uint8 (n, H, W, C), and the file also gives ``features`` (n, F), what the last
    layer gets, ``logits`` (n, K) and ``probabilities`` (n, K), the softmax of the logits divided by ``temperature``.

    Raises:
        UnknownOperationError: the network does something that cannot be written.
    """
    graph = _Graph(BATCH)
    graph.called = {id(tensor): name for name, tensor in module.state_dict(keep_vars=True).items()}
    example = torch.linspace(-2, 2, BATCH * int(np.prod(shape)), device=_device(module)).reshape(BATCH, *shape)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [N, *shape])]
    graph.source, name = "x", "x"
    if normalization is not None:
        channels, height, width = shape
        inputs = [helper.make_tensor_value_info("pictures", TensorProto.UINT8, [N, height, width, channels])]
        graph.source, name = "pictures", _normalized(graph, *normalization)
    graph.follow(example, name)
    with torch.no_grad(), _Watch(graph):
        result = module(example)
    outputs = list(_results(graph, graph.of(result), result.shape[1:], normalization is not None, temperature))
    return _file(graph, inputs, outputs)


def _column(values: Sequence[float]) -> Tensor:
    return torch.tensor(list(values)).reshape(1, -1, 1, 1)


def _device(module: nn.Module) -> torch.device:
    return next((tensor.device for tensor in module.state_dict().values()), torch.device("cpu"))


def _normalized(graph: _Graph, mean: Sequence[float], std: Sequence[float]) -> str:
    """Write ``(pictures / 255 - mean) / std`` in the order in which torch computes it, and return its name."""
    found = graph.node("Transpose", *graph.node("Cast", "pictures", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    found = graph.node("Div", *found, graph.of(255.0))
    for op, values in (("Sub", mean), ("Div", std)):
        found = graph.node(op, *found, graph.of(_column(values)))
    return found[0]


def _results(graph: _Graph, name: str, shape: Sequence[int], whole: bool, temperature: float | None) -> Iterator[Any]:
    """Write what the results are called, and yield each with its shape."""
    if not whole:
        graph.nodes.append(helper.make_node("Identity", [name], ["outputs"]))
        yield helper.make_tensor_value_info("outputs", TensorProto.FLOAT, [N, *shape])
        return
    last = next(node for node in graph.nodes if name in node.output)
    if last.op_type == "Gemm":
        count = numpy_helper.to_array(graph.constants[last.input[1]]).shape[0]
        graph.nodes.append(helper.make_node("Identity", [last.input[0]], ["features"]))
        yield helper.make_tensor_value_info("features", TensorProto.FLOAT, [N, count])
    graph.nodes.append(helper.make_node("Identity", [name], ["logits"]))
    yield helper.make_tensor_value_info("logits", TensorProto.FLOAT, [N, *shape])
    scaled = name if temperature is None else graph.node("Div", name, graph.of(float(temperature)))[0]
    graph.nodes.append(helper.make_node("Softmax", [scaled], ["probabilities"], axis=-1))
    yield helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [N, *shape])


def _file(graph: _Graph, inputs: list[Any], outputs: list[Any]) -> bytes:
    if sum(len(one.raw_data) for one in graph.constants.values()) > LIMIT:
        raise UnknownOperationError("size")
    made = helper.make_graph(graph.nodes, "network", inputs, outputs, list(graph.constants.values()))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="glasshouse")
    model.ir_version = IR_VERSION
    return bytes(model.SerializeToString())
