"""Layer: what holds Parameters and other Layers, and names them in a fixed order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .arrays import module_of
from .core import Parameter, Variable
from .faults import GraphError
from .weights import fill, read_arrays, write_arrays

__all__ = ["Layer"]


class Layer:
    """What holds Parameters: set them, and Layers, and lists of Layers, as attributes.

    Names and order are those of the attributes as they were first set: the same in every process.

    Source: Deep Learning from Scratch 3, steps 44 and 45.

    >>> class Pair(Layer):
    ...     def __init__(self):
    ...         self.scale = Parameter(np.ones(3))
    ...         self.parts = [Layer(), Layer()]
    ...         self.parts[1].shift = Parameter(np.zeros(3))
    >>> list(Pair().named_params())
    ['scale', 'parts/1/shift']
    """

    def __call__(self, *inputs: Any) -> Any:
        return self.forward(*inputs)

    def forward(self, *inputs: Any, **_: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, x); write it with functions and layers")

    def params(self) -> Iterator[Parameter]:
        """Every Parameter once, in the order of the attributes."""
        return iter(self.named_params().values())

    def named_params(self) -> dict[str, Parameter]:
        """Every Parameter once, under its name: the way to it, such as ``l1/W`` or ``blocks/0/conv/b``."""
        named: dict[str, Parameter] = {}
        _collect(self, "", named, set())
        return named

    def cleargrads(self) -> None:
        """Forget the gradients of all Parameters."""
        for parameter in self.params():
            parameter.grad = None

    def freeze(self, frozen: bool = True) -> None:
        """Leave these Parameters out of learning: no gradient is computed for them."""
        for parameter in self.params():
            parameter.requires_grad = not frozen

    def to_numpy(self) -> None:
        """Hold the numbers in NumPy arrays."""
        self._convert(lambda x: module_of(x).host(x))

    def to_torch(self, device: str = "cpu") -> None:
        """Hold the numbers in torch tensors on a device."""
        import torch  # loaded when it is asked for: the engine alone needs NumPy only

        if device == "cuda" and not torch.cuda.is_available():
            raise GraphError("there is no graphics card that torch can use here; stay with to_numpy() or to_torch()")
        self._convert(lambda x: torch.as_tensor(x, device=device))

    def to_cpu(self) -> None:
        """Hold the numbers in NumPy arrays, as the book's library does."""
        self.to_numpy()

    def to_gpu(self) -> None:
        """Hold the numbers in torch tensors on the graphics card."""
        self.to_torch("cuda")

    def save_weights(self, path: str | Path) -> None:
        """Write every Parameter to a file, in safetensors format (in NumPy's where the name ends in ``.npz``)."""
        named = self.named_params()
        empty = [name for name, parameter in named.items() if parameter.data is None]
        if empty:
            raise GraphError(
                "{kind} cannot be saved before its first use: {empty} hold no numbers yet; run it once on an "
                "input, or give each layer its in_size",
                kind=type(self).__name__,
                empty=", ".join(empty),
            )
        write_arrays(path, {name: module_of(p.data).host(p.data) for name, p in named.items()})

    def load_weights(self, path: str | Path) -> None:
        """Read every Parameter from a file that `save_weights`, or the book's library, wrote."""
        fill(self.named_params(), read_arrays(path), path)

    def _convert(self, convert: Any) -> None:
        for parameter in self.params():
            if parameter.data is not None:
                parameter.data = convert(parameter.data)
            if parameter.grad is not None:
                parameter.grad = Variable(convert(parameter.grad.data), requires_grad=False)


def _collect(x: Any, way: str, named: dict[str, Parameter], seen: set[int]) -> None:
    """Put every Parameter within x under its way from the top; whatever is met again is passed over."""
    items = vars(x) if isinstance(x, Layer) else x if isinstance(x, dict) else dict(enumerate(x))
    seen.add(id(x))
    for name, part in items.items():
        if isinstance(part, Parameter | Layer | list | tuple | dict) and id(part) not in seen:
            if isinstance(part, Parameter):
                seen.add(id(part))
                named[f"{way}{name}"] = part
            else:
                _collect(part, f"{way}{name}/", named, seen)
