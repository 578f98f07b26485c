"""Training as plain formulas on NumPy's float64: a dense layer on pixels, with every setting that shapes a step."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from glasshouse.data.augment import augment
from glasshouse.data.batches import order
from glasshouse.data.dataset import Dataset
from glasshouse.layers import Dense, Flatten, Network
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe

Array = NDArray[np.float64]
LINEAR = Network([Flatten(), Dense(3, activation="softmax")], input_shape=(8, 8, 1), name="linear").to_dict()


@dataclass(frozen=True)
class Plain:
    """What a training by formulas gives: (train loss, valid loss, accuracy) of each epoch, and the best weights."""

    history: list[tuple[float, float, float]]
    kernel: Array
    bias: Array
    best: int


def plain_training(recipe: TrainingRecipe, dataset: Dataset) -> Plain:
    """Follow ``recipe`` (sgd at a constant rate, strategy scratch) on a network of one dense layer (LINEAR)."""
    recipe, split, K = recipe.resolved(), dataset.splits["train"], len(dataset.classes)
    built = build(LINEAR, K, dataset.channels, dataset.width, dataset.height, seed=recipe.seed)
    θ = [p.detach().numpy().astype(np.float64) for p in (built.head.weight, built.head.bias)]
    average, velocity, updates = [a.copy() for a in θ], [np.zeros_like(a) for a in θ], 0
    weights = class_weights(recipe, dataset)
    history: list[tuple[float, float, float]] = []
    best, kept, watched, waited = 0, θ, math.inf, 0
    group = recipe.batch_size * recipe.accumulate
    for epoch in range(recipe.epochs or 1):
        samples, total = order(split, recipe, epoch), 0.0
        for first in range(0, len(samples), group):
            part = samples[first : first + group]
            batches = [part[at : at + recipe.batch_size] for at in range(0, len(part), recipe.batch_size)]
            found = [step_of(θ, *inputs(recipe, dataset, batch, epoch), weights, recipe) for batch in batches]
            gradients = [sum(g[place] for _, g in found) / len(part) for place in (0, 1)]
            total += sum(loss for loss, _ in found)
            if recipe.clip_norm is not None:
                norm = math.sqrt(sum((g**2).sum() for g in gradients))
                gradients = [g * min(1.0, recipe.clip_norm / (norm + 1e-6)) for g in gradients]
            gradients[0] = gradients[0] + recipe.optimizer.weight_decay * θ[0]
            velocity = [recipe.optimizer.momentum * v + g for v, g in zip(velocity, gradients)]
            θ = [a - (recipe.optimizer.lr or 0.0) * v for a, v in zip(θ, velocity)]
            d = min(recipe.ema_decay, (1 + updates) / (10 + updates))
            average, updates = [d * a + (1 - d) * w for a, w in zip(average, θ)], updates + 1
        evaluated = average if recipe.ema_decay else θ
        history.append((total / len(samples), *scores(evaluated, dataset)))
        if history[-1][1] < (history[best - 1][1] if best else math.inf):
            best, kept = epoch + 1, evaluated
        early = recipe.early_stopping
        if early is not None:
            better = watched - history[-1][1] > early.min_delta
            waited, watched = (0, history[-1][1]) if better else (waited + 1, watched)
            if waited >= early.patience:
                break
    return Plain(history, *kept, best)


def class_weights(recipe: TrainingRecipe, dataset: Dataset) -> Array:
    """The weight (K,) of an example of each class."""
    given, labels = recipe.objective.class_weights, dataset.splits["train"].labels
    if given == "balanced":
        return np.array([len(labels) / (len(dataset.classes) * (labels == k).sum()) for k in range(3)])
    return np.array([given.get(name, 1.0) if isinstance(given, dict) else 1.0 for name in dataset.classes])


def step_of(θ: list[Array], x: Array, y: Array, weights: Array, recipe: TrainingRecipe) -> tuple[float, list[Array]]:
    """The sum over examples of w(y)·(-Σ t log p), t the smoothed y (N, K), and its derivatives."""
    s, K = recipe.objective.label_smoothing, y.shape[1]
    t, w = (1 - s) * y + s / K, y @ weights
    logp = log_softmax(x @ θ[0].T + θ[1])
    δ = w[:, None] * (np.exp(logp) - t)
    return float((w * -(t * logp).sum(1)).sum()), [δ.T @ x, δ.sum(0)]


def inputs(recipe: TrainingRecipe, dataset: Dataset, samples: Any, epoch: int) -> tuple[Array, Array]:
    """Normalised pixels (N, F) and targets (N, K) of a batch; what is mixed with what is the augmentation's."""
    split, changes, K = dataset.splits["train"], recipe.augmentation, len(dataset.classes)
    rows = samples % len(split)
    pictures, labels = split.rows(rows).astype(np.float64) / 255, split.labels[rows]
    if not changes.active:
        return flat(pictures, dataset), np.eye(K)[labels]
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    x, y = augment(x, torch.from_numpy(labels), samples, changes, recipe.seed, epoch, K)
    return flat(x.permute(0, 2, 3, 1).numpy().astype(np.float64), dataset), y.numpy().astype(np.float64)


def flat(pictures: Array, dataset: Dataset) -> Array:
    normal = (pictures - np.array(dataset.mean)) / np.maximum(dataset.std, 1e-3)
    return normal.reshape(len(pictures), -1)


def scores(θ: list[Array], dataset: Dataset) -> tuple[float, float]:
    """Mean cross-entropy without weights or smoothing, and accuracy, on the validation pictures."""
    val = dataset.splits["val"]
    logp = log_softmax(flat(val.rows(np.arange(len(val))).astype(np.float64) / 255, dataset) @ θ[0].T + θ[1])
    return float(-logp[np.arange(len(val)), val.labels].mean()), float((logp.argmax(1) == val.labels).mean())


def log_softmax(z: Array) -> Array:
    z = z - z.max(1, keepdims=True)
    found: Array = z - np.log(np.exp(z).sum(1, keepdims=True))
    return found
