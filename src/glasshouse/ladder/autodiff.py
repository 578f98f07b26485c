"""The level Autodiff: the network as a Model, its gradients by backward(), the optimizer as a formula."""

from glasshouse.errors import LevelError
from glasshouse.ladder.arrays import NUMPY, TORCH, Arrays
from glasshouse.ladder.features import body_of, feature_batches, head_of
from glasshouse.ladder.formulas import optimizer_text
from glasshouse.ladder.forward import Written, model_text, part_names
from glasshouse.ladder.layers import (
    call_import,
    constants,
    frozen_lines,
    loop_head,
    rate_lines,
    refuse_mixed,
    stopping_lines,
    title,
)
from glasshouse.ladder.network import CUTS, Layers, layers_of
from glasshouse.ladder.own_layers import own_groups, own_start, reads_weights, weights_table, with_dropout
from glasshouse.ladder.shared import (
    augmentation_lines,
    build_call,
    data_lines,
    drops_before_head,
    order_text,
    shrunk,
    used_pictures,
)
from glasshouse.ladder.story import Story
from glasshouse.ladder.units import words_of
from glasshouse.ladder.wording import value
from glasshouse.layers.layer import InputLayer
from glasshouse.recipe import ScheduleRecipe

__all__ = ["autodiff_code"]

Say = dict[str, str]


def autodiff_code(story: Story, say: Say) -> str:
    """The script of the level Autodiff.

    Raises:
        LevelError: the network's layers are not known or not written yet, or the run did what the level cannot.
    """
    refuse_mixed(story, "autodiff")
    whole = layers_of(story, "autodiff")
    layers = head_of(story, whole) if _frozen(story) else with_dropout(story, whole)
    drawn, arrays = _torch_draws(story, whole), _arrays(layers)
    written = model_text(layers, _class_name(layers), _dropout_text(drawn, arrays, say))
    if written.dropout and story.device != "cpu":
        raise LevelError(
            "autodiff",
            f"the run drew its dropout on {story.device}, and the CPU cannot draw the same; train it "
            "with device cpu, or look at it on the level layers",
        )
    story = Story(story.name, story.recipe, story.dataset, story.place, "cpu")
    blocks = [
        _imports(story, layers, written, drawn, arrays, body_of(whole) if _frozen(story) else None),
        ["", *constants(story, say)],
        ["", *data_lines(story, say, whole.own)],
        ["", *augmentation_lines(story.recipe.augmentation, say)],
        _class_weights(story, arrays, say),
        *(frozen_lines(story, whole, say, arrays=True) if _frozen(story) else []),
        ["", *([f"# {say['head']}"] if _frozen(story) else []), written.text, "", f"model = {_class_name(layers)}()"],
        _start(story, layers, arrays, say),
        ["", "", optimizer_text(story.recipe.optimizer, say["optimizer-autodiff"], arrays is TORCH), ""],
        _clip(story, arrays, say),
        _groups(story, layers, arrays, say),
        _rate(story, say),
        _validate(story, arrays, say),
        _average(story, say),
        _loop(story, layers, written, drawn, arrays, say),
    ]
    return shrunk("\n".join([title(story, say, arrays.title, arrays.promise), *("\n".join(b) for b in blocks)]))


def _frozen(story: Story) -> bool:
    return story.recipe.strategy == "features"


def _arrays(layers: Layers) -> Arrays:
    """Torch's where batch norm learns: it divides by the deviation of a few numbers, so roundings grow step by step."""
    return TORCH if any(type(s.layer).__name__ == "BatchNormalization" for s in layers.net.steps) else NUMPY


def _class_name(layers: Layers) -> str:
    name = "".join(letter for letter in layers.entry.title() if letter.isascii() and letter.isalnum())
    return layers.entry if not layers.own else name if name[:1].isalpha() else "Own" + name


def _torch_draws(story: Story, whole: Layers) -> bool:
    """Whether torch's generator drew the run's dropout; in layers of one's own NumPy's does."""
    return not whole.own or _frozen(story) or drops_before_head(story, whole)


def _dropout_text(drawn: bool, arrays: Arrays, say: Say) -> str:
    said = say["mask-torch" if arrays is TORCH else "mask" if drawn else "mask-own"]
    if not drawn:
        return f'''
    def dropout(self, x, rate, whole=False):
        """{said}"""
        if not training():
            return x
        shape = (*x.shape[:2], 1, 1) if whole else x.shape
        kept = self.random.random(shape, dtype="float32") >= rate
        return x * {arrays.masked}
'''
    return f'''
    def dropout(self, x, rate):
        """{said}"""
        if not training():
            return x
        ones = {arrays.ones}
        return x * torch.nn.functional.dropout(ones, rate){arrays.host}
'''


def _imports(
    story: Story, layers: Layers, written: Written, drawn: bool, arrays: Arrays, body: Layers | None
) -> list[str]:
    recipe, own, on_torch = story.recipe, layers.own, arrays is TORCH
    read = own and reads_weights(story)
    words = words_of(body or layers) if body or read else set()
    words |= {"Initializer"} if own and not read and "Initializer(" in weights_table(layers) else set()
    found = {
        "glasshouse.autodiff": ["Model", "functions as F", "layers as L", "no_grad", "test_mode"],
        "glasshouse.autodiff.optimizers": (["ClipGrad"] if recipe.clip_norm is not None and not on_torch else [])
        + ["Optimizer"],
        "glasshouse.autodiff.switches": ["training"] if written.dropout else [],
        "glasshouse.data.augment": ["augment"] if recipe.augmentation.active else [],
        "glasshouse.data.batches": (["balanced"] if recipe.sampling == "balanced" else [])
        + (["batches"] if body is None else []),
        "glasshouse.data.draws": (["choice"] if body else [])
        + (["permutation"] if recipe.sampling != "balanced" else []),
        "glasshouse.export.inference": ([] if body is None else ["Inference"]) + ["normalized"],
        "glasshouse.layers": sorted(words, key=lambda w: (w.islower(), w))
        + (["autodiff_engine as engine"] if written.engine else []),
        "glasshouse.layers.classics": ["take_weights"] if body and not body.own else [],
        "glasshouse.layers.initializers": ["draw"] if own and not read else [],
        "glasshouse.networks.build": ["build"] if read or not own else [],
        "glasshouse.networks.folding": ["Pooled"] if body and body.own else [],
        "glasshouse.networks.weights": ["load_weights"] if recipe.weights != "none" else [],
        "glasshouse.recipe": ["AugmentationRecipe"] if recipe.augmentation.active else [],
        "glasshouse.training.randomness": ["seeded"] if written.dropout and drawn else [],
    }
    lines = [call_import(home, names) for home, names in found.items() if names]
    math = ["import math"] if recipe.schedule.name != "constant" or recipe.optimizer.name == "nadam" else []
    return [
        *(["import copy"] if body and body.own else []),
        *math,
        "import sys",
        "",
        "import numpy as np",
        "import torch" if on_torch or written.dropout or body else "",
        "",
        "import glasshouse as gh",
        *lines,
    ]


def _plain_loss(story: Story) -> bool:
    objective, changes = story.recipe.objective, story.recipe.augmentation
    mixed = changes.mixup or changes.cutmix
    return not mixed and not objective.label_smoothing and objective.class_weights == "none"


def _class_weights(story: Story, arrays: Arrays, say: Say) -> list[str]:
    given = story.recipe.objective.class_weights
    if given == "none":
        return []
    if isinstance(given, dict):
        weights = [given.get(name, 1.0) for name in story.dataset.classes]
        return [f"CLASS_WEIGHTS = {arrays.weights.format(weights)}  # {say['class-weights']}", ""]
    return [
        "counts = np.bincount(train.labels, minlength=len(data.classes))",
        f"# {say['class-weights']}",
        "CLASS_WEIGHTS = " + arrays.weights.format("len(train) / (len(data.classes) * np.maximum(1, counts))"),
        "",
    ]


def _start(story: Story, layers: Layers, arrays: Arrays, say: Say) -> list[str]:
    """How the parameters get their first numbers."""
    if layers.own:
        return own_start(story, layers, arrays, say)
    fill = f'''

def fill(model, arrays):
    """{say[arrays.fill]}"""
    arrays = iter(arrays)
    for layer in vars(model).values():
        norm = isinstance(layer, L.BatchNorm)
        for name in ("gamma", "beta", "avg_mean", "avg_var") if norm else ("W", "b"):
            if getattr(layer, name) is not None:
                array = next(arrays)
                getattr(layer, name).data = {arrays.filled}

'''
    if _frozen(story):
        return [fill, "fill(model, [a.numpy() for a in start.head.state_dict().values()])"]
    lines = [
        fill,
        f"# {say['begin' if story.recipe.weights == 'none' else 'begin-loaded']}",
        f"start = {build_call(story, layers)}",
    ]
    if story.recipe.weights != "none":
        lines.append(f"load_weights(start, {value(story.recipe.weights)})")
    return [
        *lines,
        f"state = {arrays.start}.state_dict()",
        f'fill(model, [{arrays.first} for name, a in state.items() if not name.endswith("num_batches_tracked")])',
    ]


def _clip(story: Story, arrays: Arrays, say: Say) -> list[str]:
    """The hook that shortens gradients as torch does: in the order of its groups, each a number rounded to float32."""
    if story.recipe.clip_norm is None or arrays is NUMPY:
        return []
    return [
        "",
        "def clip(parameters):",
        f'    """{say["clip-torch"]}"""',
        "    parameters = sorted(parameters, key=lambda p: (SHARES.get(p, 1.0), p.ndim < 2))",
        "    norms = [torch.linalg.vector_norm(p.grad.data) for p in parameters]",
        f"    share = {story.recipe.clip_norm!r} / (torch.linalg.vector_norm(torch.stack(norms)) + 1e-6)",
        "    for p in parameters:",
        "        p.grad.data *= share.clamp(max=1.0)",
        "",
    ]


def _hook(story: Story, arrays: Arrays) -> str:
    if story.recipe.clip_norm is None:
        return ""
    return ".add_hook(clip)" if arrays is TORCH else f".add_hook(ClipGrad({story.recipe.clip_norm!r}))"


def _groups(story: Story, layers: Layers, arrays: Arrays, say: Say) -> list[str]:
    recipe = story.recipe
    name, clip = _optimizer_name(story), _hook(story, arrays)
    if recipe.strategy != "fine-tune":
        return [f"BASE, SHARES = {recipe.optimizer.lr!r}, {{}}", f"optimizer = {name}().setup(model){clip}"]
    lr, default = recipe.optimizer.lr or 2e-3, recipe.schedule == ScheduleRecipe()
    forms = ['{"peak": 0.99}', '{"peak": 0.3, "div": 5.0}'] if default else ["{}", "{}"]
    freeze = recipe.freeze_epochs
    said = f"# {say['fine-tune'].replace(chr(10), chr(10) + '# ')}"
    grouped = ["", said, *own_groups(layers)] if layers.own else _named_groups(layers, said)
    norms = any(line.startswith("norms = ") for line in grouped)
    lines = [*grouped, f"PHASES = {{  # {say['phases']}"]
    if freeze:
        groups = "[(norms, 0.1), (head, 1.0)]" if norms else "[(head, 1.0)]"
        lines.append(f"    0: ({freeze}, {lr!r}, {forms[0]}, {groups}),")
    unfrozen = f"[(early, {100.0**-1.0!r}), (late, {100.0**-0.5!r}), (head, 1.0)]"
    lines += [f"    {freeze}: ({recipe.epochs}, {lr / 2!r}, {forms[1]}, {unfrozen}),", "}"]
    return lines


def _named_groups(layers: Layers, said: str) -> list[str]:
    """Text that leaves ``early``, ``late`` and ``head``, and ``norms`` where there are any, by the layers' names."""
    early, late, head, norms = _cut(layers)
    groups = {"early": early, "late": late, "head": head} | ({"norms": norms} if norms else {})
    return [
        "",
        "def parameters(names):",
        "    return [p for name in names.split() for p in getattr(model, name).params() if p.requires_grad]",
        "",
        "",
        said,
        *(f"{key} = parameters(\n    {_wrapped(names)}\n)" for key, names in groups.items()),
    ]


def _wrapped(names: list[str]) -> str:
    """Names in one text, over several lines where they are many."""
    lines: list[str] = [""]
    for name in names:
        if len(lines[-1]) + len(name) > 100:
            lines.append("")
        lines[-1] += name + " "
    return "\n    ".join(f'"{line}"' for line in lines)


def _cut(layers: Layers) -> tuple[list[str], list[str], list[str], list[str]]:
    """The attributes of the early half, of the late half, of the last layer, and the batch norms before it."""
    net = layers.net
    last = net.steps[-1].name
    names = [
        step.name
        for step in net.steps
        if not isinstance(step.layer, InputLayer) and step.weights == step.name and net.holders[step.name].weights
    ]
    body = [name for name in names if name != last]
    at = body.index(CUTS[layers.entry]) if CUTS[layers.entry] in body else len(body)
    norms = [
        name
        for name in body
        if any(s.name == name and type(s.layer).__name__ == "BatchNormalization" for s in net.steps)
    ]
    return (*(part_names(layers, part) for part in (body[:at], body[at:], [last])), norms)  # type: ignore[return-value]


def _optimizer_name(story: Story) -> str:
    names = {
        "sgd": "SGD",
        "adam": "Adam",
        "adamw": "AdamW",
        "nadam": "NAdam",
        "radam": "RAdam",
        "adamax": "Adamax",
        "rmsprop": "RMSprop",
        "adagrad": "AdaGrad",
        "adadelta": "AdaDelta",
    }
    return names[story.recipe.optimizer.name]


def _rate(story: Story, say: Say) -> list[str]:
    return ["", *rate_lines(story, say)]


_SCORES = [
    "    right = p[np.arange(len(val)), val.labels]",
    "    return float(-right.mean()), float((p.argmax(1) == val.labels).mean())",
    "",
]


def _validate(story: Story, arrays: Arrays, say: Say) -> list[str]:
    if "val" not in story.dataset.splits:
        return []
    if _frozen(story):
        return [
            "",
            "def validate():",
            f'    """{say["validate-features"]}"""',
            "    with no_grad(), test_mode():",
            "        p = F.log_softmax(model(seen)).data.astype(np.float64)",
            *_SCORES,
        ]
    return [
        "",
        "def validate():",
        f'    """{say["validate-autodiff"]}"""',
        "    scores = []",
        "    with no_grad(), test_mode():",
        "        for batch in batches(val, np.arange(len(val)), 64):",
        f"            x = normalized(batch.pictures.float() / 255, MEAN, STD){arrays.host}",
        f"            scores.append(F.log_softmax(model(x)).data.{arrays.scores})",
        f"    p = {arrays.joined}",
        *_SCORES,
    ]


def _average(story: Story, say: Say) -> list[str]:
    decay = story.recipe.ema_decay
    if not decay:
        return []
    return [
        "",
        "def follow(average, updates):",
        f'    """{say["average"]}"""',
        f"    d = min({decay!r}, (1 + updates) / (10 + updates))",
        "    for name, p in model.named_params().items():",
        "        average[name] += (1 - d) * (p.data - average[name])",
        "",
        "",
        "def swap(average):",
        "    for name, p in model.named_params().items():",
        "        p.data, average[name] = average[name], p.data",
        "",
    ]


def _loop(story: Story, layers: Layers, written: Written, drawn: bool, arrays: Arrays, say: Say) -> list[str]:
    recipe = story.recipe
    phased = recipe.strategy == "fine-tune"
    lines = loop_head(story, layers, say)
    if recipe.ema_decay:
        lines += [f"average = {{name: p.data.{arrays.copy} for name, p in model.named_params().items()}}"]
    lines.append("for epoch in range(EPOCHS):")
    if phased:
        lines += [
            "    if epoch in PHASES:",
            "        first, (length, base, form, groups) = epoch, PHASES[epoch]",
            "        SHARES = {p: share for parameters, share in groups for p in parameters}",
            "        for p in [*early, *late, *head]:",
            "            p.requires_grad = p in SHARES",
            f"        optimizer = {_optimizer_name(story)}().setup(model){_hook(story, arrays)}",
        ]
    if _frozen(story):
        lines += feature_batches(story, arrays=True)
    else:
        lines += _batches(story, layers, arrays)
    lines += _step(story, written, drawn, arrays, say)
    return lines + _end(story, arrays, say) + stopping_lines(story, "val" in story.dataset.splits) + _finish(story, say)


def _batches(story: Story, layers: Layers, arrays: Arrays) -> list[str]:
    order = order_text(story)
    order = f"{order}[:PICTURES]" if used_pictures(story, layers) != len(story.dataset.splits["train"]) else order
    lines = [
        f"    for number, batch in enumerate(batches(train, {order}, BATCH)):",
        "        x, y = batch.pictures.float().div_(255), batch.labels",
    ]
    if story.recipe.augmentation.active:
        lines.append("        x, y = augment(x, y, batch.samples, AUGMENTATION, SEED, epoch, len(data.classes))")
    return [*lines, f"        x, y = {arrays.batch}"]


def _step(story: Story, written: Written, drawn: bool, arrays: Arrays, say: Say) -> list[str]:
    recipe = story.recipe
    phased, many = recipe.strategy == "fine-tune", recipe.accumulate > 1
    step = "step" if many else "number"
    lines = []
    if many:
        lines += [
            "        step, part = divmod(number, ACCUMULATE)",
            "        count = min(BATCH * ACCUMULATE, PICTURES - step * BATCH * ACCUMULATE)",
            "        if part == 0:",
            "            model.cleargrads()",
            "            total = 0.0",
        ]
    else:
        lines += ["        model.cleargrads()"]
    seeds = f"SEED, epoch, {step}, {'part' if many else 0}"
    if written.dropout:
        lines.append(f"        # {say['dropout-seed']}")
    if written.dropout and not drawn:
        lines += [f"        model.random = np.random.default_rng(({seeds}))", "        scores = model(x)"]
    elif written.dropout:
        lines += [f'        with seeded(torch.device("cpu"), {seeds}):', "            scores = model(x)"]
    else:
        lines.append("        scores = model(x)")
    lines += [*_loss(story, say, many), f"        loss.backward()  # {say[arrays.graph]}"]
    if many:
        lines += [
            "        total += float(loss.data)",
            "        if part < ACCUMULATE - 1 and number < -(-PICTURES // BATCH) - 1:",
            "            continue",
        ]
    done = f"(epoch - first) * STEPS + {step}" if phased else f"epoch * STEPS + {step}"
    total = "length * STEPS, base, form" if phased else "EPOCHS * STEPS"
    lines += [f"        optimizer.lr = rate({done}, {total})", "        optimizer.update()"]
    lines += ["        follow(average, len(losses))"] if recipe.ema_decay else []
    return [*lines, f"        losses.append({'total' if many else 'float(loss.data)'})"]


def _loss(story: Story, say: Say, many: bool) -> list[str]:
    objective, changes = story.recipe.objective, story.recipe.augmentation
    said, count = f"        # {say['loss']}", "count" if many else "len(y)"
    if _plain_loss(story) and not many:
        return [said, "        loss = F.softmax_cross_entropy(scores, y)"]
    smoothing = objective.label_smoothing
    weighted = "" if objective.class_weights == "none" else " * CLASS_WEIGHTS"
    lines = ["        log_p = F.log_softmax(scores)"]
    if changes.mixup or changes.cutmix:  # y (N, K): parts of classes
        smoothed = f"        y = {1 - smoothing!r} * y + {smoothing!r} / len(data.classes)"
        lines += [smoothed] if smoothing else []
        return [*lines, said, f"        loss = F.sum(log_p * -y{weighted}) / {count}"]
    lines.append(f"        each = -log_p[np.arange(len(y)), y]{weighted and weighted + '[y]'}")
    if smoothing:
        lines.append(f"        every = -F.sum(log_p{weighted}, axis=1)")
        lines.append(f"        each = {1 - smoothing!r} * each + {smoothing!r} / len(data.classes) * every")
    return [*lines, said, f"        loss = F.sum(each) / {count}"]


def _end(story: Story, arrays: Arrays, say: Say) -> list[str]:
    """The end of an epoch."""
    recipe, val = story.recipe, "val" in story.dataset.splits
    rows = "BATCH" if recipe.accumulate == 1 else "BATCH * ACCUMULATE"
    monitor = recipe.checkpoints.monitor if val else "train_loss"
    place = {"train_loss": 0, "valid_loss": 1, "valid_accuracy": 2}[monitor]
    swap = ["    swap(average)"] if recipe.ema_decay else []
    return [
        '        print(f"step {len(losses)}: loss {losses[-1]!r}")',
        "        if len(losses) == LIMIT:",
        "            break",
        "    if len(losses) == LIMIT:",
        "        break",
        f"    sizes = [min({rows}, PICTURES - n) for n in range(0, PICTURES, {rows})]",
        "    mean = sum(loss * n for loss, n in zip(losses[-STEPS:], sizes)) / PICTURES",
        *swap,
        "    history.append((mean, *validate()))" if val else "    history.append((mean,))",
        '    print(f"epoch {epoch + 1}: " + ", ".join(map(str, history[-1])))',
        f"    if best is None or history[-1][{place}] {'>' if monitor == 'valid_accuracy' else '<'} "
        f"history[best_epoch - 1][{place}]:",
        "        best_epoch, best = epoch + 1, "
        f"{{name: p.data.{arrays.copy} for name, p in model.named_params().items()}}",
        *swap,
    ]


def _finish(story: Story, say: Say) -> list[str]:
    return [
        "",
        f"# {say['restore']}",
        "if best is not None:",
        "    for name, p in model.named_params().items():",
        "        p.data = best[name]",
        '    print(f"the best epoch is {best_epoch}: {history[best_epoch - 1]}")',
    ]
