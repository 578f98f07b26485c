"""Custom layers on the level Autodiff: where their weights begin, and which are tuned how fast."""

from dataclasses import replace
from math import prod

from glasshouse.ladder.network import Layers
from glasshouse.ladder.shared import build_call, drops_before_head
from glasshouse.ladder.story import Story
from glasshouse.ladder.units import network_text
from glasshouse.ladder.wording import value
from glasshouse.layers import Network
from glasshouse.layers.holding import Holder

__all__ = ["own_groups", "own_start", "reads_weights", "weights_table", "with_dropout"]

Say = dict[str, str]
PARTS = {
    "kernel": "W",
    "bias": "b",
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "avg_mean",
    "moving_variance": "avg_var",
    "depthwise_kernel": "W",
    "pointwise_kernel": "W",
}


def reads_weights(story: Story) -> bool:
    """Whether the run began from weights of a file."""
    return story.recipe.weights != "none"


def with_dropout(story: Story, layers: Layers) -> Layers:
    """The layers, with the recipe's dropout before the last one where they have none."""
    if not drops_before_head(story, layers):
        return layers
    data = layers.net.to_dict()
    last = data["layers"][-1]
    settings = {"rate": story.recipe.dropout}
    data["layers"].insert(-1, {"name": "dropout", "layer": "Dropout", "settings": settings, "inputs": last["inputs"]})
    last["inputs"] = ["dropout"]
    return replace(layers, net=Network.from_dict(data))


def own_start(story: Story, layers: Layers, say: Say) -> list[str]:
    """Text that gives every parameter its first numbers: by the layers' formulas, or from the file."""
    if reads_weights(story):
        return _read(story, layers, say)
    last = f"model.{layers.net.steps[-1].weights}.W"
    return [
        f"# {say['first-weights']}",
        "FIRST = [",
        weights_table(layers),
        "]",
        "for parameter, name, formula, shape, layout in FIRST:",
        "    array = draw(formula, shape, SEED, name)",
        '    if layout == "conv":  # (KH, KW, C, O) to (O, C, KH, KW)',
        "        array = array.transpose(3, 2, 0, 1)",
        '    elif layout == "depthwise":  # (KH, KW, C, M) to (C M, 1, KH, KW)',
        "        array = array.transpose(2, 3, 0, 1).reshape(-1, 1, *shape[:2])",
        "    array = torch.from_numpy(np.ascontiguousarray(array))",
        "    parameter.data = array.to(memory_format=torch.channels_last) if array.ndim == 4 else array",
        f"{last}.data = {last}.data.T.contiguous().T  # {say['turned']}",
    ]


def weights_table(layers: Layers) -> str:
    """A row for each array: its place in the model, its name, formula, shape and layout."""
    rows = [
        f'    ({place}, "{holder.name}/{weight.name}", {value(weight.initializer)}, {weight.shape!r}, '
        f'"{weight.layout}"),'
        for holder in layers.net.holders.values()
        for weight, place in zip(holder.weights, _places(holder))
    ]
    return "\n".join(rows)


def _read(story: Story, layers: Layers, say: Say) -> list[str]:
    last = layers.net.steps[-1].weights
    rows = []
    for name, holder in layers.net.holders.items():
        for weight, place in zip(holder.weights, _places(holder)):
            head = f"head.{'weight' if weight.name == 'kernel' else weight.name}"
            rows.append(f'    ({place}, "{head if name == last else f"body.layers.{name}.{weight.name}"}"),')
    return [
        f"# {say['read-own']}",
        network_text(layers, "SEED"),
        f"# {say['begin-loaded']}",
        f"start = {build_call(story, layers)}",
        f"load_weights(start, {value(story.recipe.weights)})",
        "state = start.module.to(memory_format=torch.channels_last).state_dict()",
        "FIRST = [",
        *rows,
        "]",
        "for parameter, name in FIRST:",
        "    array = state[name]",
        '    parameter.data = array.T if name == "head.weight" else array',
    ]


def own_groups(layers: Layers) -> list[str]:
    """Text that leaves ``early``, ``late`` and ``head``, and ``norms`` where batch norm learns before the head."""
    net, last = layers.net, layers.net.steps[-1].weights
    body, sizes, norms = [], [], []
    kinds = {step.weights: type(step.layer).__name__ for step in net.steps}
    for name, holder in net.holders.items():
        learned = [(w, place) for w, place in zip(holder.weights, _places(holder)) if w.trainable and holder.trainable]
        if name == last:
            continue
        body += [place for _, place in learned]
        sizes += [prod(w.shape) for w, _ in learned]
        norms += [place for _, place in learned if kinds[name] == "BatchNormalization"]
    at = next((i for i in range(len(sizes)) if sum(sizes[:i]) >= sum(sizes) / 2), len(sizes))
    groups = {"early": body[:at], "late": body[at:], "head": _places(net.holders[last])}
    return [_list(name, places) for name, places in (groups | ({"norms": norms} if norms else {})).items()]


def _places(holder: Holder) -> list[str]:
    """Where the model holds the arrays of a layer; a separable convolution is two of its layers."""
    separable = any(w.name == "depthwise_kernel" for w in holder.weights)
    names = [
        f"{holder.name}_{'deep' if w.name == 'depthwise_kernel' else 'wide'}" if separable else holder.name
        for w in holder.weights
    ]
    return [f"model.{name}.{PARTS[w.name]}" for name, w in zip(names, holder.weights)]


def _list(name: str, places: list[str]) -> str:
    line = f"{name} = [{', '.join(places)}]"
    return line if len(line) <= 110 else f"{name} = [\n" + "".join(f"    {place},\n" for place in places) + "]"
