"""fit, evaluate and predict on arrays, with torch. Read `fit_events` from top to bottom: all of training."""

import time
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from glasshouse.errors import NetworkError, NotFiniteError

from .architecture import Architecture
from .arrays import inputs_of, targets_of
from .batches import ArrayBatches, Batch, RowBatches, StreamBatches, class_weights, is_rows, is_stream
from .compiling import Compiled
from .history import BatchDone, Control, EpochEnd, FitEvent
from .losses import METRICS
from .settings import FitSettings
from .torch_engine import activations

__all__ = ["evaluate", "fit_events", "predict"]

Source: TypeAlias = ArrayBatches | RowBatches | StreamBatches


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


def fit_events(
    net: Architecture, compiled: Compiled, x: object, y: object, settings: FitSettings
) -> Iterator[FitEvent]:
    """Train on arrays, or on what gives batches (``y`` None then), and report each batch and each epoch."""
    source, held_out = _sources(net, compiled, x, y, settings)
    module, control = net.module, Control(compiled)
    parameters = list(module.parameters())
    if not any(p.requires_grad for p in parameters):
        raise NetworkError(
            "{name} has no weights that learn: all its layers are frozen (trainable = False)", name=net.name
        )
    device = _device(module)
    for epoch in range(settings.initial_epoch, settings.epochs):
        began, means = time.perf_counter(), Means(compiled)
        module.train()
        module.seed(settings.seed, epoch, 1)
        for batch, (xs, y, weights) in enumerate(source.epoch(epoch)):
            inputs = [part.to(device, torch.float32) for part in xs]
            labels = y.to(device)
            p = module(*inputs, logits=compiled.bare)
            if weights is None:
                loss = compiled.loss.mean(labels, p, compiled.bare)
            else:
                loss = (compiled.loss.each(labels, p, compiled.bare) * weights.to(device)).mean()
            if (penalty := module.penalty()) is not None:
                loss = loss + penalty
            torch.autograd.backward(loss)
            with torch.no_grad():
                compiled.step(parameters)
                means.add(loss, labels, p.detach())
            yield BatchDone(epoch, batch, source.count, means.logs, control)
            if control.stop:
                break
        module.eval()
        logs = means.logs()
        if not np.isfinite(logs.get("loss", 0.0)):
            raise NotFiniteError(f"the loss of epoch {epoch + 1} is {logs['loss']}; take a smaller learning rate, "
                                 "and look for NaN in the arrays", compiled.iterations)  # fmt: skip
        if held_out is not None:
            found = _evaluate(net, compiled, held_out.epoch(epoch))
            logs |= {f"val_{name}": value for name, value in found.items()}
        yield EpochEnd(epoch, settings.epochs, source.count, logs, time.perf_counter() - began, control)
        if control.stop:
            return


def evaluate(
    net: Architecture, compiled: Compiled, x: object, y: object, batch_size: int, steps: int | None = None
) -> dict[str, float]:
    """The mean loss and metrics over all samples of arrays, or over ``steps`` batches of what gives them."""
    return _evaluate(net, compiled, _held_out(net, compiled, x, y, batch_size, steps).epoch(0))


@torch.no_grad()
def _evaluate(net: Architecture, compiled: Compiled, batches: Iterable[Batch]) -> dict[str, float]:
    module, means = net.module.eval(), Means(compiled)
    device = _device(module)
    for xs, y, _ in batches:
        labels = y.to(device)
        p = module(*[x.to(device, torch.float32) for x in xs], logits=compiled.bare)
        loss, penalty = compiled.loss.mean(labels, p, compiled.bare), module.penalty()
        means.add(loss if penalty is None else loss + penalty, labels, p)
    return means.logs()


@torch.no_grad()
def predict(net: Architecture, x: object, batch_size: int) -> Any:
    """The outputs as NumPy arrays, of arrays or of a split of a dataset; a list if there are several."""
    if is_rows(x):
        starts = range(0, len(x), batch_size)
        parts = [predict(net, x.rows(np.arange(at, min(at + batch_size, len(x)))), batch_size) for at in starts]
        return [np.concatenate(one) for one in zip(*parts)] if len(net.outputs) > 1 else np.concatenate(parts)
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


def _device(module: nn.Module) -> torch.device:
    first = next(module.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def _sources(
    net: Architecture, compiled: Compiled, x: object, y: object, settings: FitSettings
) -> tuple[Source, Source | None]:
    """Where batches come from, and where those of validation come from, or None."""
    given, size = settings.validation_data, settings.batch_size
    held_out: Source | None = None
    if given is not None:
        arrays = isinstance(given, tuple | list) and not is_stream(given)
        x_val, y_val = given[:2] if arrays else (given, None)
        held_out = _held_out(net, compiled, x_val, y_val, size, settings.validation_steps)
    batched = y is None and (is_rows(x) or is_stream(x))
    if batched and settings.validation_split:
        raise NetworkError("validation_split divides arrays; give validation_data with a source of batches")
    if y is None and is_rows(x):
        return RowBatches(net, compiled, x, settings, settings.steps_per_epoch), held_out
    if y is None and is_stream(x):
        return StreamBatches(net, compiled, x, settings.steps_per_epoch, settings.class_weight), held_out
    xs, targets = inputs_of(net, x), targets_of(net, y, compiled.loss)
    if held_out is None and settings.validation_split:
        cut = _cut(compiled, targets, settings.validation_split)
        held_out = ArrayBatches([x[cut:] for x in xs], targets[cut:], None, FitSettings(size, shuffle=False))
        xs, targets = [x[:cut] for x in xs], targets[:cut]
    return ArrayBatches(xs, targets, class_weights(settings.class_weight, targets, compiled), settings), held_out


def _held_out(net: Architecture, compiled: Compiled, x: object, y: object, size: int, steps: int | None) -> Source:
    if y is None and is_rows(x):
        return RowBatches(net, compiled, x, FitSettings(size, shuffle=False), steps)
    if y is None and is_stream(x):
        return StreamBatches(net, compiled, x, steps)
    targets = targets_of(net, y, compiled.loss)
    return ArrayBatches(inputs_of(net, x), targets, None, FitSettings(size, shuffle=False))


def _cut(compiled: Compiled, y: Tensor, share: float) -> int:
    """Where the last ``share`` of the samples begins."""
    cut = int(np.floor(len(y) * (1 - share)))
    if not 0 < cut < len(y):
        raise NetworkError(
            "validation_split {validation_split} of {y} samples leaves a part empty", validation_split=share, y=len(y)
        )
    _warn_of_missing(compiled, y[:cut], y[cut:])
    return cut


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
