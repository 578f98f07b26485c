"""The strategy features: the frozen network without its last layer, and the one layer that learns on what it gives."""

from typing import Any

from glasshouse.ladder.network import Layers
from glasshouse.ladder.shared import build_call, order_text
from glasshouse.ladder.story import Story
from glasshouse.ladder.units import network_text
from glasshouse.ladder.wording import value
from glasshouse.layers import Dense, Dropout, Network

__all__ = ["body_lines", "body_of", "feature_batches", "features_lines", "has_bias", "head_lines", "head_of"]

Say = dict[str, str]


def body_of(layers: Layers) -> Layers:
    """The network that is written: a classic without its last layer; custom layers whole, as they were built."""
    if layers.own:
        return layers
    data = layers.net.to_dict()
    last = data["layers"].pop()
    if data["layers"][-1]["layer"] == "Dropout":  # it would do nothing: the body is in use, it does not learn
        last = data["layers"].pop()
    data["outputs"] = last["inputs"]
    return Layers(Network.from_dict(data), False, layers.entry)


def head_of(story: Story, layers: Layers) -> Layers:
    """What learns: dropout where the recipe asks for it, and a dense layer of scores."""
    step = layers.net.steps[-1]
    last: Any = step.layer
    rate = story.recipe.dropout
    dense = Dense(story.classes, use_bias=last.use_bias)
    return Layers(
        Network([*([Dropout(rate)] if rate else []), dense], input_shape=step.input_shapes[0], name="head"),
        False,
        "Head",
    )


def body_lines(story: Story, layers: Layers, say: Say, written: str) -> list[str]:
    """Text that leaves ``body``, an Inference of the frozen network without its last layer, and ``start``."""
    to = ", ".join((["DEVICE"] if story.device != "cpu" else []) + ["memory_format=torch.channels_last"])
    cudnn = "torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False"
    lines = [f"{cudnn}  # {say['cudnn']}"] if story.device.startswith("cuda") else []
    lines += [written, f"# {say['begin-loaded']}", f"start = {build_call(story, layers)}"]
    lines += [f"load_weights(start, {value(story.recipe.weights)})"]
    if layers.own:
        taken = ["frozen = copy.deepcopy(start.module)", "frozen.head = Pooled()"]
    else:
        taken = [
            "state = start.module.state_dict().items()",
            'take_weights(net, {name: a for name, a in state if not name.startswith(start.head_name + ".")})',
            "frozen = net.module",
        ]
    return [
        *lines,
        *taken,
        f"frozen.requires_grad_(False).to({to})  # {say['channels-last']}",
        f"body = Inference(frozen, (data.height, data.width, data.channels){_engine(story)})",
        "",
    ]


def _engine(story: Story) -> str:
    """The argument of an Inference that is not computed by torch."""
    return "" if story.recipe.engine in (None, "torch") else f", engine={story.recipe.engine!r}"


def features_lines(story: Story, say: Say) -> list[str]:
    """Text that leaves ``views`` (V, N, F), ``labels`` (N,), and ``seen`` (n, F) of the validation pictures."""
    changes = story.recipe.augmentation.active
    origin = "rows" if story.recipe.learn_from == "train" else "split.origin(rows)"
    where = ".to(DEVICE)" if story.device != "cpu" else ""
    view = [
        "        if view is not None:",
        f"            y = torch.from_numpy(split.labels[rows]){where}",
        f"            x, _ = augment(x, y, {origin}, AUGMENTATION, SEED, view, len(data.classes))",
    ]
    count = story.recipe.views
    numbers = [0] if count == 1 else [None, *range(1, count)]
    plain = [f"views = features(train).unsqueeze(0){where}  # (V, N, F)"]
    several = [f"# {say['view']}", f"views = torch.stack([features(train, view) for view in {numbers!r}]){where}"]
    return [
        "",
        f"# {say['features'].replace(chr(10), chr(10) + '# ')}",
        f"def features(split{', view=None' if changes else ''}):",
        "    def pictures(first, end):",
        "        rows = np.arange(first, end)",
        "        x = torch.from_numpy(np.ascontiguousarray(split.rows(rows))).permute(0, 3, 1, 2)",
        f"        x = x{where}.float().div_(255)",
        *(view if changes else []),
        "        return normalized(x, MEAN, STD)",
        "",
        "    return body.outputs(len(split), pictures)",
        "",
        "",
        *(several if changes else plain),
        *([f"seen = features(val){where}"] if "val" in story.dataset.splits else []),
        f"labels = torch.from_numpy(train.labels.copy()){where}",
        "",
    ]


def head_lines(story: Story, layers: Layers, say: Say) -> list[str]:
    """Text that leaves ``module``, the layer that learns."""
    to = ".to(DEVICE)" if story.device != "cpu" else ""
    return [
        "",
        f"# {say['head']}",
        network_text(head_of(story, layers)).replace("net = ", "head = ", 1).rstrip("\n"),
        f"take_weights(head, {_state(story, layers)})",
        f"module = head.module{to}",
        "",
    ]


def _state(story: Story, layers: Layers) -> str:
    if not story.recipe.linear:
        return "start.head.state_dict()"
    return '{"weight": weights, "bias": biases}' if has_bias(layers) else '{"weight": weights}'


def has_bias(layers: Layers) -> bool:
    """Whether the last layer adds a bias."""
    last: Any = layers.net.steps[-1].layer
    return bool(last.use_bias)


def feature_batches(story: Story) -> list[str]:
    """The beginning of the loop over the batches of an epoch."""
    return [
        f"    samples = {order_text(story)}",
        '    chosen = choice(SEED, epoch, samples, "view", len(views))',
        "    for number, at in enumerate(range(0, len(samples), BATCH)):",
        "        rows = torch.from_numpy(samples[at : at + BATCH] % len(train))",
        "        x, y = views[torch.from_numpy(chosen[at : at + BATCH]), rows], labels[rows]",
    ]
