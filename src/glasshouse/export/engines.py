"""What can compute a finished network: torch, or one that reads its ONNX file. Loads none of them by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

from glasshouse.export.blocks import pictures_a_block
from glasshouse.export.file_network import FileNetwork
from glasshouse.export.onnx_network import OnnxNetwork
from glasshouse.export.openvino_network import OpenvinoNetwork, computes_bfloat16
from glasshouse.messages import Message

__all__ = ["ENGINES", "Engine", "engine_problem", "file_network", "installed", "picture_network"]


@dataclass(frozen=True)
class Engine:
    """An engine of recipes and models: ``package`` computes in ``precision``.

    ``exact`` is the same engine in float32, if that is another. ``make`` gives the network in an ONNX file, for blocks
    of a size; None is torch, which reads no file.
    """

    title: str
    package: str
    precision: str = "float32"
    exact: str = ""
    make: Callable[[bytes, int], FileNetwork] | None = None

    @property
    def version(self) -> str:
        """The version that is installed; it decides about the last digits."""
        return version(self.package)


ENGINES: dict[str, Engine] = {
    "torch": Engine("PyTorch", "torch"),
    "onnxruntime": Engine("onnxruntime", "onnxruntime", make=OnnxNetwork),
    "openvino": Engine("OpenVINO", "openvino", make=OpenvinoNetwork),
    "openvino-bf16": Engine(
        "OpenVINO (bfloat16)", "openvino", "bfloat16", "openvino", partial(OpenvinoNetwork, precision="bfloat16")
    ),
}  # fmt: skip


def installed(engine: str) -> bool:
    """Whether the package of an engine is installed; OpenVINO need not be."""
    return find_spec(ENGINES[engine].package) is not None


def engine_problem(engine: str) -> Message | None:
    """Return what hinders an engine from computing here, None if nothing does."""
    title = ENGINES[engine].title
    if not installed(engine):
        return Message(
            "{engine} is not installed here; install the Python package {package}, or choose another engine",
            engine=title,
            package=ENGINES[engine].package,
        )
    if ENGINES[engine].precision == "bfloat16" and not computes_bfloat16():
        return Message(
            "this processor does not compute bfloat16, which {engine} needs; choose another engine", engine=title
        )
    return None


def file_network(data: bytes, block: int, engine: str) -> FileNetwork:
    """Return the network in the bytes of an ONNX file, for blocks of a size, computed by an engine other than torch.

    Raises:
        ValueError: the engine cannot use the file.
    """
    make = ENGINES[engine].make
    assert make is not None, engine
    return make(data, block)


def picture_network(data: bytes, height: int, width: int, engine: str = "onnxruntime") -> FileNetwork:
    """Return the network of a model's file, which takes pictures of that size."""
    return file_network(data, pictures_a_block(height, width), engine)
