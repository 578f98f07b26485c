"""fit, evaluate and predict on arrays, with torch. Read `fit_events` from top to bottom: all of training."""

import time
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glasshouse.errors import NetworkError, NotFiniteError

from .architecture import Architecture
from .arrays import inputs_of, targets_of
from .compiling import Compiled
from .history import BatchDone, EpochEnd, FitEvent
from .losses import METRICS
from .settings import FitSettings
from .torch_engine import activations

__all__ = ["evaluate", "fit_events", "predict"]


class Means:
    """Running means over samples, kept on the device so that no step waits for a number."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled, self.count, self.sums = compiled, 0, dict[str, Tensor]()

    def add(self, loss: Tensor, y: Tensor, p: Tensor) -> None:
        """Add a batch: its mean loss and its outputs."""
        compiled, n = self.compiled, len(p)
        self.count += n
        self._add("loss", loss.detach() * n)
        for word, metric in compiled.metrics.items():
            scores, cut = p, 0.0
            if not compiled.bare or "error" in metric:
                scores, cut = (outputs(compiled, p) if compiled.bare else p), 0.5
            self._add(word, METRICS[metric](y, scores, cut).sum())

    def _add(self, name: str, value: Tensor) -> None:
        self.sums[name] = self.sums[name] + value if name in self.sums else value

    def logs(self) -> dict[str, float]:
        """The means so far."""
        return {name: float(value) / self.count + 0.0 for name, value in self.sums.items()}


def fit_events(net: Architecture, compiled: Compiled, x: Any, y: Any, settings: FitSettings) -> Iterator[FitEvent]:
    """Train on arrays, and report each batch and each epoch."""
    xs, targets = inputs_of(net, x), targets_of(net, y, compiled.loss)
    (xs, targets), held_out = _parts(net, compiled, xs, targets, settings)
    weights = _class_weights(settings.class_weight, targets, compiled)
    module, n, size = net.module, len(targets), settings.batch_size
    parameters = list(module.parameters())
    if not any(p.requires_grad for p in parameters):
        raise NetworkError("{name} has no weights that learn: all its layers are frozen (trainable = False)",
                           name=net.name)  # fmt: skip
    device = _device(module)
    batches = -(-n // size)
    for epoch in range(settings.initial_epoch, settings.epochs):
        began, means = time.perf_counter(), Means(compiled)
        module.train()
        module.seed(settings.seed, epoch, 1)
        order = np.random.default_rng([settings.seed, epoch]).permutation(n) if settings.shuffle else np.arange(n)
        for batch, rows in enumerate(_pieces(order, size)):
            inputs = [_batch(x, rows, device) for x in xs]
            labels = targets[rows].to(device)
            p = module(*inputs, logits=compiled.bare)
            if weights is None:
                loss = compiled.loss.mean(labels, p, compiled.bare)
            else:
                loss = (compiled.loss.each(labels, p, compiled.bare) * weights[rows].to(device)).mean()
            torch.autograd.backward(loss)
            with torch.no_grad():
                compiled.step(parameters)
                means.add(loss, labels, p.detach())
            yield BatchDone(epoch, batch, batches, means.logs)
        module.eval()
        logs = means.logs()
        if not np.isfinite(logs.get("loss", 0.0)):
            raise NotFiniteError(f"the loss of epoch {epoch + 1} is {logs['loss']}; take a smaller learning rate, "
                                 "and look for NaN in the arrays", compiled.iterations)  # fmt: skip
        if held_out is not None:
            found = _evaluate(net, compiled, held_out[0], held_out[1], size)
            logs |= {f"val_{name}": value for name, value in found.items()}
        yield EpochEnd(epoch, settings.epochs, batches, logs, time.perf_counter() - began)


def evaluate(net: Architecture, compiled: Compiled, x: Any, y: Any, batch_size: int) -> dict[str, float]:
    """The mean loss and metrics over all samples."""
    return _evaluate(net, compiled, inputs_of(net, x), targets_of(net, y, compiled.loss), batch_size)


@torch.no_grad()
def _evaluate(net: Architecture, compiled: Compiled, xs: list[Tensor], y: Tensor, size: int) -> dict[str, float]:
    module, means = net.module.eval(), Means(compiled)
    device = _device(module)
    for start in range(0, len(y), size):
        rows = slice(start, start + size)
        labels = y[rows].to(device)
        p = module(*[_batch(x, rows, device) for x in xs], logits=compiled.bare)
        means.add(compiled.loss.mean(labels, p, compiled.bare), labels, p)
    return means.logs()


@torch.no_grad()
def predict(net: Architecture, x: Any, batch_size: int) -> Any:
    """The outputs as NumPy arrays; a list if there are several."""
    xs, module = inputs_of(net, x), net.module.eval()
    device = _device(module)
    found = []
    for start in range(0, len(xs[0]), batch_size):
        y = module(*[_batch(x, slice(start, start + batch_size), device) for x in xs])
        found.append(y if isinstance(y, tuple) else (y,))
    arrays = [torch.cat(parts).cpu().numpy() for parts in zip(*found)]
    return arrays[0] if len(arrays) == 1 else arrays


def outputs(compiled: Compiled, p: Tensor) -> Tensor:
    """What the last layer gives, from what comes before its activation."""
    apply = activations[compiled.activation or ""]
    return apply(p, -1) if compiled.activation == "softmax" else apply(p)


def _batch(x: Tensor, rows: Tensor | slice, device: torch.device) -> Tensor:
    return x[rows].to(device, torch.float32)


def _pieces(order: np.ndarray, size: int) -> list[Tensor]:
    return [torch.from_numpy(order[start : start + size]) for start in range(0, len(order), size)]


def _device(module: nn.Module) -> torch.device:
    first = next(module.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def _parts(net: Architecture, compiled: Compiled, xs: list[Tensor], y: Tensor, settings: FitSettings) -> Any:
    """Training part, validation part or None."""
    if settings.validation_data is not None:
        x_val, y_val = settings.validation_data[:2]
        return (xs, y), (inputs_of(net, x_val), targets_of(net, y_val, compiled.loss))
    if not settings.validation_split:
        return (xs, y), None
    cut = int(np.floor(len(y) * (1 - settings.validation_split)))
    if not 0 < cut < len(y):
        raise NetworkError(
            "validation_split {validation_split} of {y} samples leaves a part empty",
            validation_split=settings.validation_split,
            y=len(y),
        )
    _warn_of_missing(compiled, y[:cut], y[cut:])
    return ([x[:cut] for x in xs], y[:cut]), ([x[cut:] for x in xs], y[cut:])


def _warn_of_missing(compiled: Compiled, train: Tensor, valid: Tensor) -> None:
    if not (compiled.loss.sparse or "crossentropy" in compiled.loss.name):
        return
    before, after = (_classes(compiled, part) for part in (train, valid))
    sides = [("validation", before - after), ("training", after - before)]
    told = [f"{side} has none of class {', '.join(map(str, sorted(gone)[:10]))}" for side, gone in sides if gone]
    if told:
        message = "; ".join(told)
        warnings.warn(
            f"validation_split takes the last part of the arrays, and {message}. Shuffle them before fit, or give "
            "validation_data",
            UserWarning,
            stacklevel=2,
        )


def _classes(compiled: Compiled, y: Tensor) -> set[int]:
    labels = y if compiled.loss.sparse or y.shape[-1] == 1 else y.argmax(-1)
    return {int(label) for label in np.unique(labels.cpu().numpy())}


def _class_weights(given: Mapping[int, float] | None, y: Tensor, compiled: Compiled) -> Tensor | None:
    """A weight for each sample; 1 for a class that is not named."""
    if given is None:
        return None
    labels = y if compiled.loss.sparse else y.squeeze(-1).long() if y.shape[-1] == 1 else y.argmax(-1)
    table = torch.ones(int(max(int(labels.max()), *given)) + 1)
    for label, weight in given.items():
        table[label] = weight
    return table[labels]
