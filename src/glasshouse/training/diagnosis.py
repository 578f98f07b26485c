"""What stops a training, told with what can help: numbers that are not finite, and batches of one picture."""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import nn

from glasshouse.errors import Problem, RecipeError
from glasshouse.export.inference import evaluating
from glasshouse.layers.torch_network import TorchLayer
from glasshouse.messages import Message, Option
from glasshouse.networks.build import Built
from glasshouse.recipe import TrainingRecipe
from glasshouse.recipe.training import STRATEGY_DEFAULTS

__all__ = ["advice", "alone_in_batch", "broken", "left_out", "lonely_norms", "refuse_batch_of_one"]

USUAL = {"sgd": 0.01, "adagrad": 0.01, "adadelta": 1.0}  # rates; the others have the strategy's default
LOWEST = 1e-7  # a rate below which a lower one will not help
HEAVY = 100.0  # a class weight that multiplies the gradient as much as such a rate would


def broken(module: nn.Module) -> list[str]:
    """Return the names of the weights and buffers of ``module`` that hold NaN or infinite numbers."""
    floats = {name: value for name, value in module.state_dict().items() if value.is_floating_point()}
    if not floats:
        return []
    whole = torch.stack([value.isfinite().all() for value in floats.values()]).tolist()  # one wait for the device
    return [name for name, fine in zip(floats, whole, strict=True) if not fine]


def advice(recipe: TrainingRecipe) -> tuple[str, str]:
    """Return what to change where a training of ``recipe`` grew beyond all numbers: a sentence, and its end."""
    rate = recipe.optimizer.lr or STRATEGY_DEFAULTS[recipe.strategy]["lr"]
    lower = min(rate / 10, USUAL.get(recipe.optimizer.name, STRATEGY_DEFAULTS[recipe.strategy]["lr"]))
    if lower >= LOWEST:
        hint = Message("Try a lower rate ({lr}; it was {rate})", lr=Option("lr", f"{lower:.2g}"), rate=f"{rate:.2g}")
    else:
        hint = Message(
            "The rate is low already ({rate}): try a simpler network or other first weights", rate=f"{rate:.2g}"
        )
    given, more = recipe.objective.class_weights, ""
    if isinstance(given, dict) and max(given.values(), default=0.0) >= HEAVY:
        more = Message(", or class weights that are not as large as {given}", given=f"{max(given.values()):.4g}")
    if recipe.precision == "mixed":
        more = Message(", or precision float32{more}", more=more)
    if recipe.clip_norm is None:
        more = Message(", or clip the gradient with {norm}{more}", norm=Option("clip-norm", 1), more=more)
    return hint, more


def refuse_batch_of_one(recipe: TrainingRecipe, built: Built, pictures: int, shape: tuple[int, int, int]) -> None:
    """Refuse batches from which batch normalization can learn nothing; ``shape`` is (C, H, W).

    Raises:
        RecipeError: every batch is one picture, and a batch norm of the network sees one value a channel of it.
    """
    if recipe.strategy == "features" or min(recipe.batch_size, pictures) > 1:
        return
    lonely = lonely_norms(built, shape)
    if lonely:
        size = f"{shape[2]}x{shape[1]}"
        raise RecipeError("the training recipe", [alone_in_batch(built.entry.name, pictures, size, lonely[0])])


def alone_in_batch(network: str, pictures: int, size: str, name: str = "") -> Problem:
    """Return the problem of a batch of one picture for a network with batch normalization."""
    where = f"{network} ({name})" if name else network
    start = Message(
        "batch normalization in {where} sees one number per channel of a picture of {size}, and a batch of "
        "one has no spread to normalize by",
        where=where,
        size=size,
    )
    if pictures == 1:
        return Problem(
            "data", Message("{start}, but there is one training picture; make the dataset with more", start=start)
        )
    return Problem(
        "batch_size",
        Message("{start}; choose a batch size of 2 or more, or a dataset with larger pictures", start=start),
    )


def lonely_norms(built: Built, shape: tuple[int, int, int]) -> list[str]:
    """Return the names of batch norms that get one value per channel from a batch of one picture (C, H, W)."""
    found: list[str] = []
    norms = {id(norm) for norm in built.batch_norms()}
    parts = [(name, part) for name, part in built.module.named_modules() if id(part) in norms]
    hooks = [part.register_forward_pre_hook(partial(_note, name, found)) for name, part in parts]
    device = next(built.module.parameters()).device
    try:
        with evaluating(built.module), torch.no_grad():
            built.module(torch.zeros(1, *shape, device=device))
    finally:
        for hook in hooks:
            hook.remove()
    return found


def left_out(recipe: TrainingRecipe, norms: Sequence[nn.Module], pictures: int) -> Iterator[str]:
    """Yield what to say of batches of one picture that batch normalization learns from, or would have to."""
    if recipe.strategy == "features" or not norms or pictures < 2:
        return
    if recipe.batch_size == 1:
        yield Message(
            "every batch is one picture, so batch normalization learns from one picture at a time, and what it "
            "keeps for later is uneven; a batch size of 16 or more is usual"
        )
    elif pictures % recipe.batch_size == 1:
        yield (
            Message(
                "{pictures} training pictures in batches of {batch_size} end in a batch of one, from which batch "
                "normalization cannot learn: one picture is left out, another one in each epoch",
                pictures=pictures,
                batch_size=recipe.batch_size,
            )
        )


def _note(name: str, found: list[str], norm: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    """Add the norm's name where it gets as many numbers as it has channels."""
    channels = norm.held()["moving_mean"].numel() if isinstance(norm, TorchLayer) else norm.num_features
    if inputs[0].numel() == channels:
        found.append(name)
