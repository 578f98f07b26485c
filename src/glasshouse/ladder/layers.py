"""The level Layers: the network layer by layer, and the training as a loop that can be read from top to bottom."""

from typing import Any

from glasshouse.errors import LevelError
from glasshouse.ladder.features import body_lines, body_of, feature_batches, features_lines, head_lines, head_of
from glasshouse.ladder.network import CUTS, Layers, layers_of
from glasshouse.ladder.schedules import factor_text
from glasshouse.ladder.shared import (
    augmentation_lines,
    build_call,
    data_lines,
    drops_before_head,
    has_norms,
    order_text,
    shrunk,
    used_pictures,
)
from glasshouse.ladder.story import Story
from glasshouse.ladder.units import network_text, words_of
from glasshouse.ladder.wording import call, value
from glasshouse.recipe import OptimizerRecipe, ScheduleRecipe

__all__ = ["frozen_lines", "layers_code", "loop_head", "loop_tail", "refuse_mixed"]

Say = dict[str, str]
CLASSES = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "nadam": "NAdam",
    "radam": "RAdam",
    "adamax": "Adamax",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
}


def layers_code(story: Story, say: Say) -> str:
    """The script of the level Layers.

    Raises:
        LevelError: the network's layers are not known, or the run computed in mixed precision.
    """
    refuse_mixed(story, "layers")
    layers = layers_of(story, "layers")
    blocks = [
        _imports(story, layers),
        ["", *constants(story, say)],
        ["", *data_lines(story, say, layers.own)],
        ["", *augmentation_lines(story.recipe.augmentation, say)],
        _class_weights(story, say),
    ]
    if story.recipe.strategy == "features":
        blocks += frozen_lines(story, layers, say)
        blocks += [head_lines(story, layers, say)]
    else:
        blocks += [[f"# {_commented(say[network_key(story, layers)])}", _network(layers)], _weights(story, layers, say)]
    blocks += [["", *_optimizer(story, say)], ["", *_groups(story, layers, say)], ["", *rate_lines(story, say)]]
    blocks += [["", *_validate(story, say)], ["", *_loop(story, layers, say)]]
    return shrunk("\n".join([title(story, say, "title-layers", "same-bits"), *("\n".join(b) for b in blocks)]))


def network_key(story: Story, layers: Layers) -> str:
    """What is said of the network."""
    if layers.own:
        return "network-own"
    return "network-body" if story.recipe.strategy == "features" else "network"


def frozen_lines(story: Story, layers: Layers, say: Say, arrays: bool = False) -> list[list[str]]:
    """The frozen network, and the features that it gives, as NumPy arrays for the level Autodiff."""
    said = say[network_key(story, layers)] + ("\n" + say["body-autodiff"] if arrays else "")
    written = f"# {_commented(said)}\n{_network(body_of(layers))}"
    return [body_lines(story, layers, say, written), features_lines(story, say, arrays)]


def title(story: Story, say: Say, key: str, promise: str) -> str:
    """The docstring of a script."""
    weights = story.recipe.weights
    more = "" if weights == "none" else say["downloads" if weights == "pretrained" else "and-weights"]
    return f'"""{say[key].format(run=story.name)}\n\n{say[promise].format(more=more)}\n"""\n'


def refuse_mixed(story: Story, level: str) -> None:
    """Raise a LevelError where the run computed in another precision than float32."""
    if story.recipe.precision == "mixed" and story.device.startswith("cuda"):
        raise LevelError(
            level,
            f"the run computed in mixed precision on {story.device}, which rounds inside torch's own modules; the "
            f"level {level} computes in float32. Train it with precision float32, or look at it on the level learner",
        )


def constants(story: Story, say: Say) -> list[str]:
    """SEED, EPOCHS, BATCH and LIMIT."""
    recipe = story.recipe
    epochs = (recipe.epochs or 1) + (recipe.freeze_epochs if recipe.strategy == "fine-tune" else 0)
    lines = [f"SEED, EPOCHS, BATCH = {recipe.seed}, {epochs}, {recipe.batch_size}"]
    if recipe.accumulate > 1:
        lines.append(f"ACCUMULATE = {recipe.accumulate}  # {say['accumulate'].format(count=recipe.accumulate)}")
    if recipe.early_stopping is not None:
        lines.append(
            f"PATIENCE = {recipe.early_stopping.patience}  # "
            f"{say['stopping'].format(count=recipe.early_stopping.patience)}"
        )
    lines.append(f"LIMIT = int(sys.argv[1]) if len(sys.argv) > 1 else None  # {say['limit']}")
    if story.device != "cpu":
        lines.append(f"DEVICE = torch.device({value(story.device)})")
    return lines


def _commented(text: str) -> str:
    return text.replace("\n", "\n# ")


def _network(layers: Layers) -> str:
    return network_text(layers, "SEED" if layers.own else None)


def _imports(story: Story, layers: Layers) -> list[str]:
    recipe, own, active = story.recipe, layers.own, story.recipe.augmentation.active
    features = recipe.strategy == "features"
    batches = [] if features else ["batches"]
    built = not own or recipe.weights != "none" or drops_before_head(story, layers)
    words = words_of(body_of(layers)) | words_of(head_of(story, layers)) if features else words_of(layers)
    words |= {"BatchNormalization"} if recipe.strategy == "fine-tune" and has_norms(layers) else set()
    found = {
        "glasshouse.data.augment": ["augment"] if active else [],
        "glasshouse.data.batches": (["balanced"] if recipe.sampling == "balanced" else []) + batches,
        "glasshouse.data.draws": (["choice"] if features else [])
        + (["permutation"] if recipe.sampling != "balanced" else []),
        "glasshouse.export.inference": ["Inference", "normalized"]
        + (["softmax"] if features and "val" in story.dataset.splits else []),
        "glasshouse.layers": sorted(words, key=lambda w: (w.islower(), w)),
        "glasshouse.layers.classics": ["take_weights"] if features or not own else [],
        "glasshouse.networks.build": ["build"] if built else [],
        "glasshouse.networks.folding": ["Pooled"] if own and features else [],
        "glasshouse.networks.layered": [] if built else ["Layered"],
        "glasshouse.networks.weights": ["load_weights"] if recipe.weights != "none" else [],
        "glasshouse.recipe": ["AugmentationRecipe"] if active else [],
        "glasshouse.training.averaging": ["MovingAverage"] if recipe.ema_decay else [],
        "glasshouse.training.randomness": ["seeded"] if features or not own or drops_before_head(story, layers) else [],
    }
    lines = [call_import(home, names) for home, names in found.items() if names]
    math = ["import math"] if _needs_math(recipe.schedule) else []
    return [
        *(["import copy"] if own and features else []),
        *math,
        "import sys",
        "",
        "import numpy as np",
        "import torch",
        "from torch.nn.functional import cross_entropy",
        "",
        "import glasshouse as gh",
        *lines,
    ]


def call_import(home: str, names: list[str]) -> str:
    """An import on one line, or in brackets where it is long."""
    line = f"from {home} import {', '.join(names)}"
    return line if len(line) <= 110 else f"from {home} import (\n    " + ",\n    ".join(names) + ",\n)"


def _needs_math(schedule: ScheduleRecipe) -> bool:
    return schedule.name != "constant"


def _weights(story: Story, layers: Layers, say: Say) -> list[str]:
    to = ", ".join((["DEVICE"] if story.device != "cpu" else []) + ["memory_format=torch.channels_last"])
    lines = []
    if story.device.startswith("cuda"):
        lines += [f"torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False  # {say['cudnn']}"]
    if layers.own and story.recipe.weights == "none" and not drops_before_head(story, layers):
        return [*lines, f"# {say['layered']}", f"module = Layered(net.to_dict()).to({to})  # {say['channels-last']}"]
    lines += [
        f"# {say['begin' if story.recipe.weights == 'none' else 'begin-loaded']}",
        f"start = {build_call(story, layers)}",
    ]
    if story.recipe.weights != "none":
        lines.append(f"load_weights(start, {value(story.recipe.weights)})")
    if layers.own:
        return [*lines, f"# {say['layered']}", f"module = start.module.to({to})  # {say['channels-last']}"]
    return [
        *lines,
        "take_weights(net, start.module.state_dict())",
        f"module = net.module.to({to})  # {say['channels-last']}",
    ]


def _optimizer(story: Story, say: Say) -> list[str]:
    recipe = story.recipe.optimizer
    name = CLASSES[recipe.name]
    parts = ['[part for part in parts if part["params"]]', "lr=0.0", *_optimizer_settings(recipe)]
    return [
        "",
        "def optimizer_for(groups):",
        f'    """{say["optimizer"].format(name=name)}"""',
        "    module.requires_grad_(False)",
        "    parts = []",
        "    for parameters, share in groups:",
        "        for p in parameters:",
        "            p.requires_grad_(True)",
        "        weights, others = [p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim <= 1]",
        f'        parts.append({{"params": weights, "weight_decay": {recipe.weight_decay!r}, "share": share}})',
        '        parts.append({"params": others, "weight_decay": 0.0, "share": share})',
        f"    return {call(f'torch.optim.{name}', *parts).replace(chr(10), chr(10) + '    ')}",
        "",
    ]


def _optimizer_settings(recipe: OptimizerRecipe) -> list[str]:
    """The constants that the recipe's optimizer takes, where torch has others."""
    eps = [] if recipe.eps is None else [f"eps={recipe.eps!r}"]
    if recipe.name == "sgd":
        found = [f"momentum={recipe.momentum!r}"] if recipe.momentum else []
        return found + (["nesterov=True"] if recipe.nesterov else [])
    if recipe.name in ("adam", "adamw", "nadam", "radam", "adamax"):
        betas = (recipe.beta1, recipe.beta2)
        return ([] if betas == (0.9, 0.999) else [f"betas={betas!r}"]) + eps
    if recipe.name == "rmsprop":
        momentum = [f"momentum={recipe.momentum!r}"] if recipe.momentum else []
        return [f"alpha={recipe.rho!r}", *momentum, *eps]
    return ([f"rho={recipe.rho!r}"] if recipe.name == "adadelta" else []) + eps


def _class_weights(story: Story, say: Say) -> list[str]:
    """The constant CLASS_WEIGHTS, or nothing."""
    given = story.recipe.objective.class_weights
    where = ", device=DEVICE" if story.device != "cpu" else ""
    if given == "none":
        return []
    if isinstance(given, dict):
        weights = [given.get(name, 1.0) for name in story.dataset.classes]
        return [f"CLASS_WEIGHTS = torch.tensor({weights!r}{where})  # {say['class-weights']}", ""]
    return [
        "counts = np.bincount(train.labels, minlength=len(data.classes))",
        "balance = [len(train) / (len(data.classes) * max(1, n)) for n in counts]",
        f"CLASS_WEIGHTS = torch.tensor(balance, dtype=torch.float32{where})  # {say['class-weights']}",
        "",
    ]


def _groups(story: Story, layers: Layers, say: Say) -> list[str]:
    """The groups of parameters: one for all, or those of the phases of fine-tuning."""
    recipe = story.recipe
    lr = recipe.optimizer.lr
    if recipe.strategy == "features":
        return [f"BASE = {lr!r}", "optimizer = optimizer_for([(list(module.parameters()), 1.0)])"]
    if recipe.strategy == "scratch":
        every = "[p for p in module.parameters() if p.requires_grad]" if layers.own else "list(module.parameters())"
        return [f"BASE = {lr!r}", f"optimizer = optimizer_for([({every}, 1.0)])"]
    return [f"# {_commented(say['fine-tune'])}", *_cut(layers), *_phases(story, layers, say)]


def _cut(layers: Layers) -> list[str]:
    net = layers.net
    last = net.steps[-1].name
    if layers.own:
        kept = [h for name, h in net.holders.items() if h.trainable and name != last]
        sizes = [int(_product(w.shape)) for holder in kept for w in holder.weights if w.trainable]
        at, count = len(sizes), 0
        for index, size in enumerate(sizes):
            if count >= sum(sizes) / 2:
                at = index
                break
            count += size
        lines = [
            "body = [p for p in module.body.parameters() if p.requires_grad]",
            f"early, late, head = body[:{at}], body[{at}:], list(module.head.parameters())",
        ]
        where = "module.body.layers"
        learns = " and layer.learns"
    else:
        lines = [
            "names = list(module.layers)",
            f"first, last = names.index({value(CUTS[layers.entry])}), names.index({value(last)})",
            "early = [p for name in names[:first] for p in module.layers[name].parameters()]",
            "late = [p for name in names[first:last] for p in module.layers[name].parameters()]",
            f"head = list(module.layers[{value(last)}].parameters())",
        ]
        where, learns = "module.layers", ""
    if has_norms(layers):
        lines.append(
            f"norms = [p for layer in {where}.values() if isinstance(layer.layer, BatchNormalization){learns}\n"
            "         for p in layer.parameters()]"
        )
    return lines


def _product(shape: tuple[int, ...]) -> int:
    found = 1
    for n in shape:
        found *= n
    return found


def _phases(story: Story, layers: Layers, say: Say) -> list[str]:
    recipe = story.recipe
    lr = recipe.optimizer.lr or 2e-3
    default = recipe.schedule == ScheduleRecipe()
    cycle = recipe.schedule.name == "one-cycle"
    freeze = recipe.freeze_epochs

    def row(first: int, epochs: int | None, rate: float, form: dict[str, float], groups: str) -> str:
        shape = ("{" + ", ".join(f'"{k}": {v!r}' for k, v in form.items()) + "}") if cycle else "{}"
        return f"    {first}: ({epochs}, {rate!r}, {shape}, {groups}),"

    frozen_groups = "[(norms, 0.1), (head, 1.0)]" if has_norms(layers) else "[([], 0.1), (head, 1.0)]"
    early, late = 100.0 ** (0 / 2 - 1), 100.0 ** (1 / 2 - 1)
    lines = [f"PHASES = {{  # {say['phases']}"]
    if freeze:
        lines.append(row(0, freeze, lr, {"peak": 0.99} if default else {}, frozen_groups))
    unfrozen = f"[(early, {early!r}), (late, {late!r}), (head, 1.0)]"
    lines.append(row(freeze, recipe.epochs, lr / 2, {"peak": 0.3, "div": 5.0} if default else {}, unfrozen))
    return [*lines, "}"]


def rate_lines(story: Story, say: Say) -> list[str]:
    """The functions ``factor`` and ``rate``."""
    recipe = story.recipe
    phased = recipe.strategy == "fine-tune"
    lines = ["", factor_text(recipe.schedule, say, phased and recipe.schedule.name == "one-cycle"), ""]
    form = ", **form" if phased and recipe.schedule.name == "one-cycle" else ""
    arguments = "done, total, base, form" if phased else "done, total"
    base = "base" if phased else "BASE"
    if not recipe.schedule.warmup:
        return [*lines, f"def rate({arguments}):", f"    return {base} * factor(done / total{form})", ""]
    return [
        *lines,
        f"def rate({arguments}):",
        f"    warmup = round({recipe.schedule.warmup!r} * STEPS)  # {say['warmup']}",
        "    if done < warmup:",
        f"        return {base} * factor(0.0{form}) * (done + 1) / warmup",
        f"    return {base} * factor((done - warmup) / max(1, total - warmup){form})",
        "",
    ]


def _validate(story: Story, say: Say) -> list[str]:
    if "val" not in story.dataset.splits:
        return []
    head = ["", "def validate(network):", f'    """{say["validate"]}"""']
    score = [
        "    right = p[np.arange(len(val)), val.labels].astype(np.float64)",
        "    return float(-np.log(np.maximum(right, 1e-38)).mean()), float((p.argmax(1) == val.labels).mean())",
        "",
    ]
    if story.recipe.strategy == "features":
        return [
            *head,
            "    inference = Inference(network, seen.shape[1:], body.block)",
            "    p = softmax(inference.outputs(len(val), lambda first, end: seen[first:end], task=len(val)))",
            *score,
        ]
    return [
        *head,
        "    inference = Inference(network, (data.height, data.width, data.channels))",
        "    parts = [np.arange(n, min(n + 512, len(val))) for n in range(0, len(val), 512)]",
        "    p = np.concatenate([inference.probabilities(val.rows(part), MEAN, STD) for part in parts])",
        *score,
    ]


def _loop(story: Story, layers: Layers, say: Say) -> list[str]:
    recipe = story.recipe
    where = ", device=DEVICE" if story.device != "cpu" else ""
    device = "DEVICE" if story.device != "cpu" else 'torch.device("cpu")'
    lines = loop_head(story, layers, say)
    if recipe.ema_decay:
        lines.append(f"average = MovingAverage(module, {recipe.ema_decay!r})  # {say['average']}")
    lines += ["for epoch in range(EPOCHS):", "    module.train()"]
    if recipe.strategy == "fine-tune":
        lines += [
            "    if epoch in PHASES:",
            "        first, (length, base, form, groups) = epoch, PHASES[epoch]",
            "        optimizer = optimizer_for(groups)",
        ]
    if recipe.strategy == "features":
        lines += feature_batches(story)
    else:
        lines += [f"    for number, batch in enumerate(batches(train, {_order(story, layers)}, BATCH{where})):"]
        lines += _pictures(story)
    lines += _step(story, layers, say, device)
    lines += loop_tail(story, say, "module")
    return lines


def _order(story: Story, layers: Layers) -> str:
    text = order_text(story)
    return f"{text}[:PICTURES]" if used_pictures(story, layers) != len(story.dataset.splits["train"]) else text


def _pictures(story: Story) -> list[str]:
    lines = ["        x, y = batch.pictures.float().div_(255), batch.labels"]
    if story.recipe.augmentation.active:
        lines.append("        x, y = augment(x, y, batch.samples, AUGMENTATION, SEED, epoch, len(data.classes))")
    return [*lines, "        x = normalized(x, MEAN, STD)"]


def loop_head(story: Story, layers: Layers, say: Say) -> list[str]:
    """What stands before the loop: numbers of pictures and steps, lists that are filled, the watch."""
    count = len(story.dataset.splits["train"])
    recipe = story.recipe
    used = count if recipe.strategy == "features" else used_pictures(story, layers)
    lines = ["PICTURES = len(train)"] if used == count else [f"PICTURES = len(train) - 1  # {say['one-left-out']}"]
    size = "BATCH" if recipe.accumulate == 1 else "(BATCH * ACCUMULATE)"
    lines.append(f"STEPS = -(-PICTURES // {size})")
    early = recipe.early_stopping is not None
    lines += [f"losses, history, best_epoch, best = [], [], 0, None  # {say['best']}"]
    return lines + (["waited, watched = 0, None"] if early else [])


def _step(story: Story, layers: Layers, say: Say, device: str) -> list[str]:
    recipe = story.recipe
    many, phased = recipe.accumulate > 1, recipe.strategy == "fine-tune"
    own = layers.own and recipe.strategy != "features"
    drawn = not own or drops_before_head(story, layers)
    step = "step" if many else "number"
    lines = ["        step, part = divmod(number, ACCUMULATE)"] if many else []
    done = f"(epoch - first) * STEPS + {step}" if phased else f"epoch * STEPS + {step}"
    total = "length * STEPS, base, form" if phased else "EPOCHS * STEPS"
    pad = "            " if many else "        "
    begin = [
        f"{pad}now = rate({done}, {total})",
        f"{pad}for group in optimizer.param_groups:",
        f'{pad}    group["lr"] = now * group["share"]',
        f"{pad}optimizer.zero_grad()",
    ]
    if many:
        lines += [
            "        if part == 0:",
            *begin,
            "            total = 0.0",
            "            count = min(BATCH * ACCUMULATE, PICTURES - step * BATCH * ACCUMULATE)",
        ]
    else:
        lines += begin
    seeds = f"SEED, epoch, {step}, {'part' if many else 0}"
    lines += [
        f"        # {say['dropout-seed']}",
        *([f"        module.seed({seeds})"] if own else []),
        *([f"        with seeded({device}, {seeds}):"] if drawn else []),
        f"        {'    ' if drawn else ''}scores = module(x)",
        f"        # {say['loss']}",
        f"        loss = {_loss(story)}.sum() / {'count' if many else 'len(y)'}",
        "        loss.backward()",
    ]
    if many:
        lines += [
            "        total = total + loss.detach()",
            "        if part < ACCUMULATE - 1 and number < -(-PICTURES // BATCH) - 1:",
            "            continue",
        ]
    if recipe.clip_norm is not None:
        moving = '[p for group in optimizer.param_groups for p in group["params"]]'
        lines += [f"        # {say['clip']}", f"        torch.nn.utils.clip_grad_norm_({moving}, {recipe.clip_norm!r})"]
    lines.append("        optimizer.step()")
    lines += ["        average.update(module)"] if recipe.ema_decay else []
    lines += [f"        losses.append({'total' if many else 'loss'}.item())"]
    return [line for line in lines if line]


def _loss(story: Story) -> str:
    recipe = story.recipe.objective
    parts = ["scores", "y"]
    if recipe.class_weights != "none":
        parts.append("CLASS_WEIGHTS")
    parts.append('reduction="none"')
    if recipe.label_smoothing:
        parts.append(f"label_smoothing={recipe.label_smoothing!r}")
    return f"cross_entropy({', '.join(parts)})"


def loop_tail(story: Story, say: Say, module: str) -> list[str]:
    """What stands after a step: the end of an epoch, its scores, the best epoch's weights, the end."""
    recipe = story.recipe
    judged = "average.module" if recipe.ema_decay else module
    val = "val" in story.dataset.splits
    rows = "BATCH" if recipe.accumulate == 1 else "BATCH * ACCUMULATE"
    monitor = recipe.checkpoints.monitor if val else "train_loss"
    place = {"train_loss": 0, "valid_loss": 1, "valid_accuracy": 2}[monitor]
    lines = [
        '        print(f"step {len(losses)}: loss {losses[-1]!r}")',
        "        if len(losses) == LIMIT:",
        "            break",
        "    if len(losses) == LIMIT:",
        "        break",
        f"    sizes = [min({rows}, PICTURES - n) for n in range(0, PICTURES, {rows})]",
        "    mean = sum(loss * n for loss, n in zip(losses[-STEPS:], sizes)) / PICTURES",
        f"    history.append((mean, *validate({judged})))" if val else "    history.append((mean,))",
        '    print(f"epoch {epoch + 1}: " + ", ".join(map(str, history[-1])))',
        f"    if best is None or history[-1][{place}] {'>' if monitor == 'valid_accuracy' else '<'} "
        f"history[best_epoch - 1][{place}]:",
        f"        best_epoch, best = epoch + 1, {{n: value.clone() for n, value in {judged}.state_dict().items()}}",
    ]
    return [
        *lines,
        *stopping_lines(story, val),
        "",
        f"# {say['restore']}",
        "if best is not None:",
        f"    {judged}.load_state_dict(best)",
        '    print(f"the best epoch is {best_epoch}: {history[best_epoch - 1]}")',
    ]


def stopping_lines(story: Story, val: bool) -> list[str]:
    early: Any = story.recipe.early_stopping
    if early is None:
        return []
    place = {"train_loss": 0, "valid_loss": 1, "valid_accuracy": 2}[early.monitor if val else "train_loss"]
    gain = f"history[-1][{place}] - watched" if place == 2 else f"watched - history[-1][{place}]"
    freeze = story.recipe.freeze_epochs if story.recipe.strategy == "fine-tune" else 0
    pad = "        " if freeze else "    "
    return [
        *([f"    if epoch >= {freeze}:"] if freeze else []),
        f"{pad}better = watched is None or {gain} > {early.min_delta!r}",
        f"{pad}waited, watched = (0, history[-1][{place}]) if better else (waited + 1, watched)",
        f"{pad}if waited >= PATIENCE:",
        f"{pad}    break",
    ]
