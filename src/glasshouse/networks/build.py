"""Building a network for the pictures and classes at hand."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from glasshouse.errors import NetworkError
from glasshouse.networks.catalogue import CATALOGUE, Entry
from glasshouse.networks.layered import Layered, is_norm, layered
from glasshouse.networks.own import OWN, Head
from glasshouse.networks.resolved import ResolvedNetwork, resolve
from glasshouse.networks.unfilled import Unfilled

__all__ = ["Built", "build", "construct", "frame"]


class Built:
    """A network that is ready to train: ``module`` gives logits (N, K) from normalised pictures (N, C, H, W)."""

    def __init__(self, entry: Entry, module: nn.Module, head_name: str) -> None:
        self.entry = entry
        self.module = module
        self.head_name = head_name

    @property
    def head(self) -> Head:
        """The last layer, inside ``module``."""
        head = self.module.get_submodule(self.head_name)
        if not isinstance(head, Head):
            raise NetworkError(
                "{head_name} of {name} is a {kind}, not a Head; build it anew.",
                head_name=self.head_name,
                name=self.entry.name,
                kind=type(head).__name__,
            )
        return head

    @property
    def feature_count(self) -> int:
        """How many features (F) the head gets."""
        return self.head.in_features

    def features(self, x: Tensor) -> Tensor:
        """Return what the head gets, (N, F), for normalised pictures (N, C, H, W)."""
        seen: list[Tensor] = []
        head = self.head
        hook = head.register_forward_pre_hook(lambda _, inputs: seen.append(head.pool(inputs[0])))
        try:
            self.module(x)
        finally:
            hook.remove()
        return seen[0]

    def groups(self) -> list[list[nn.Parameter]]:
        """Return the parameters in three groups for discriminative rates: body early, body late, head.

        The catalogue says where the late half begins; for other networks it is half of the parameters. Layers that a
        description calls frozen are in none of them.
        """
        left_out = {id(p) for p in self.head.parameters()}
        if isinstance(self.module, Layered):
            left_out |= {id(p) for p in self.module.frozen()}
        body = [(name, p) for name, p in self.module.named_parameters() if id(p) not in left_out]
        at = self._cut(body)
        return [[p for _, p in body[:at]], [p for _, p in body[at:]], list(self.head.parameters())]

    def _cut(self, body: list[tuple[str, nn.Parameter]]) -> int:
        for index, (name, _) in enumerate(body):
            if self.entry.cut and name.startswith(self.entry.cut + "."):
                return index
        half, count = sum(p.numel() for _, p in body) / 2, 0
        for index, (_, parameter) in enumerate(body):
            if count >= half:
                return index
            count += parameter.numel()
        return len(body)

    def batch_norms(self) -> list[nn.Module]:
        """Return every batch-norm layer that learns, in order."""
        return [m for m in self.module.modules() if is_norm(m)]


def build(
    name: str | Mapping[str, Any], classes: int, channels: int, width: int, height: int, dropout: float | None = None,
    seed: int = 42,
) -> Built:  # fmt: skip
    """Return the network of that name with fresh weights, which are a function of ``seed`` alone.

    In the place of a name, layers as data (``glasshouse.layers.description``) are fitted to the pictures and classes.
    This is `resolve` and `construct` in one, for scripts.

    Raises:
        NetworkError: no such network, or it does not fit pictures of that size.
        RecipeError: layers as data are no classifier, or do not fit; every problem is reported under its layer's name.
    """
    found = resolve(name, classes=classes, channels=channels, width=width, height=height)
    return construct(found, dropout=dropout, seed=seed)


def construct(network: ResolvedNetwork, *, dropout: float | None = None, seed: int = 42) -> Built:
    """Return a resolved network with fresh weights, which are a function of ``seed`` alone.

    ``dropout`` None keeps the network's own; a number takes its place (just before the head if it has none).

    Raises:
        NetworkError: it cannot be built for pictures of that size, or does not fit into memory.
    """
    if network.layers is not None:
        return Built(network.entry, layered(network.layers.starting(seed, dropout), dropout), network.head_name)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also seed the accelerators
        built = _make(network)
    if dropout is not None:
        _set_dropout(built, dropout)
    return built


def frame(network: ResolvedNetwork, *, dropout: float | None = None) -> nn.Module:
    """Return a resolved network whose weights are to be read: of the catalogue's networks none is drawn in vain.

    Raises:
        NetworkError: as ``construct`` does.
    """
    if network.layers is not None or network.entry.name not in CATALOGUE:
        return construct(network, dropout=dropout, seed=0).module
    with Unfilled():
        module = construct(network, dropout=dropout, seed=0).module
    kept = module.state_dict(keep_vars=True).keys()
    if all(name in kept for name, _ in module.named_buffers()):
        return module
    return construct(network, dropout=dropout, seed=0).module  # a buffer that no file holds has to be made


def _make(network: ResolvedNetwork) -> Built:
    entry, (channels, height, width) = network.entry, network.shape
    if entry.library == "own":
        return Built(entry, OWN[entry.id](channels, height, width, network.classes), entry.head)
    try:
        if entry.library == "timm":
            from glasshouse.networks import timm_networks  # slow to import, and the networks of our own do not need it

            module = timm_networks.make_timm(entry.id, network.classes, channels, (height, width))
        else:
            from glasshouse.networks import vision  # slow to import as well

            module = vision.make_torchvision(entry.id, network.classes)
            _adapt_input(module, channels)
        _replace_head(entry, module, network.classes)
        if entry.name not in CATALOGUE:  # whose sizes are known
            _try(entry, module, (channels, height, width), network.classes)
    except NetworkError:
        raise
    except (AssertionError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NetworkError(
            "{name} cannot be built for {width}x{height} pictures of {channels} channels ({reason}). It was made "
            "for {width2}x{height2}; make the dataset with that size.",
            name=entry.name,
            width=width,
            height=height,
            channels=channels,
            reason=reason,
            width2=entry.width,
            height2=entry.height,
        ) from error
    return Built(entry, module, entry.head)


@torch.no_grad()
def _try(entry: Entry, module: nn.Module, shape: tuple[int, int, int], classes: int) -> None:
    found = module.eval()(torch.zeros(1, *shape))
    if not isinstance(found, torch.Tensor) or found.shape != (1, classes):
        raise _without_head(entry)
    module.train()


def _adapt_input(module: nn.Module, channels: int) -> None:
    """Put a first convolution for ``channels`` in the place of the one for three."""
    name, first = next((n, m) for n, m in module.named_modules() if isinstance(m, nn.Conv2d))
    if first.in_channels == channels:
        return
    fresh = copy.deepcopy(first)
    fresh.in_channels = channels
    fresh.weight = nn.Parameter(torch.empty(first.out_channels, channels, *first.kernel_size))
    fresh.reset_parameters()
    module.set_submodule(name, fresh)


def _replace_head(entry: Entry, module: nn.Module, classes: int) -> None:
    """Put a Head in the place of the last layer: a dense one, a 1x1 convolution, or several beside each other."""
    last = module.get_submodule(entry.head) if entry.head else module
    if isinstance(last, nn.Linear | nn.Conv2d):
        features = last.in_features if isinstance(last, nn.Linear) else last.in_channels
    elif entry.head and isinstance(module.num_features, int) and not isinstance(last, nn.ModuleList):
        # several heads in one, as RepVit has: all of them go
        features = module.num_features
    else:
        raise _without_head(entry)
    module.set_submodule(entry.head, Head(features, classes))


def _without_head(entry: Entry) -> NetworkError:
    return NetworkError(
        "{name} does not end in one dense layer (it is an encoder, or it has several heads), so it cannot "
        "get a head for new classes; choose another network: `glasshouse networks --search TEXT`.",
        name=entry.name,
    )


def _set_dropout(built: Built, dropout: float) -> None:
    layers = [m for m in built.module.modules() if isinstance(m, nn.Dropout) and m.p > 0]
    for layer in layers:
        layer.p = dropout
    if not layers:
        built.head.dropout = dropout
