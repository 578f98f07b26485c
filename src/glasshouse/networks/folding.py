"""Batch norm folded into the convolution before it: the same function, with fewer passes over memory.

For an evaluated batch norm y = γ(x-μ)/√(σ²+ε) + β after a convolution W, b this is the convolution
W·γ/√(σ²+ε), (b-μ)·γ/√(σ²+ε) + β.
"""

import copy
from typing import Any

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from glasshouse.layers.torch_network import TorchNetwork
from glasshouse.networks.folding_layers import fold_layers
from glasshouse.networks.layered import Layered

__all__ = ["Pooled", "folded"]


class Pooled(nn.Module):
    """The place of a head that is taken off: the features (N, F); a map (N, F, H, W) is averaged first."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=(2, 3)) if x.ndim == 4 else x


class _Tracer(fx.Tracer):
    """Traces to modules of torch.nn, and keeps other libraries' convolutions and batch norms, and heads, whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        whole = isinstance(m, (nn.Conv2d, nn.BatchNorm2d, nn.Linear, Pooled))
        return whole or bool(super().is_leaf_module(m, module_qualified_name))


def folded(module: nn.Module, example: torch.Tensor) -> nn.Module:
    """Return ``module`` in eval mode with its batch norms folded, or unchanged where that cannot be shown to be right.

    ``example`` (N, C, H, W) is what both are compared on; networks that torch.fx cannot trace stay as they are.
    """
    plain = module.eval()
    with torch.inference_mode():
        expected = plain(example)
    try:
        folded = _folded(plain)
        with torch.inference_mode():
            found = folded(example)
    except Exception:  # noqa: BLE001  tracing may fail in any way; the plain network is always right
        return plain
    return folded if _close(expected, found) else plain


def _folded(module: nn.Module) -> nn.Module:
    if isinstance(module, TorchNetwork):
        return fold_layers(module)
    return module.folded() if isinstance(module, Layered) else _fold(copy.deepcopy(module))


def _close(expected: torch.Tensor, found: torch.Tensor) -> bool:
    if expected.shape != found.shape or not expected.isfinite().all():  # weights that exploded: nothing to compare
        return False
    return bool(torch.allclose(expected, found, rtol=1e-3, atol=1e-4 * (float(expected.abs().max()) + 1e-6)))


def _fold(module: nn.Module) -> fx.GraphModule:
    graph = _Tracer().trace(module)
    traced = fx.GraphModule(module, graph)
    modules: dict[str, Any] = dict(traced.named_modules())
    for node in list(graph.nodes):
        before: Any = node.args[0] if node.args else None
        if not (_calls(node, modules, nn.BatchNorm2d) and _calls(before, modules, nn.Conv2d)):
            continue
        if len(before.users) > 1 or _reused(graph, before.target) or _reused(graph, node.target):
            continue
        _replace(traced, before.target, fuse_conv_bn_eval(modules[before.target], modules[node.target]))
        _replace(traced, node.target, _rest(modules[node.target]))
    traced.recompile()
    traced.eval()
    return traced


def _rest(norm: nn.Module) -> nn.Module:
    """Return what a batch norm does besides: nothing, or timm's ``BatchNormAct2d`` dropout and activation."""
    extra = [getattr(norm, name) for name in ("drop", "act") if isinstance(getattr(norm, name, None), nn.Module)]
    return nn.Sequential(*extra) if extra else nn.Identity()


def _calls(node: Any, modules: dict[str, Any], kind: type[nn.Module]) -> bool:
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return False
    called: object = modules.get(str(node.target))
    return isinstance(called, kind)


def _reused(graph: fx.Graph, target: Any) -> bool:
    return len([node for node in graph.nodes if node.op == "call_module" and node.target == target]) > 1


def _replace(module: nn.Module, target: str, new: nn.Module) -> None:
    parent, _, name = target.rpartition(".")
    setattr(module.get_submodule(parent), name, new)
