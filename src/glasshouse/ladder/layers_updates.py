"""How the weights change on the level Layers: the optimizer, and the groups with their shares of the rate."""

from glasshouse.ladder.network import CUTS, Layers
from glasshouse.ladder.script import commented
from glasshouse.ladder.shared import has_norms
from glasshouse.ladder.story import Story
from glasshouse.ladder.wording import call, value
from glasshouse.recipe import OptimizerRecipe, ScheduleRecipe
from glasshouse.recipe.optimizer import ADAMS

__all__ = ["CLASSES", "group_lines", "optimizer_lines"]

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


def optimizer_lines(story: Story, say: Say) -> list[str]:
    """The function ``optimizer_for``, which takes the groups."""
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
    if recipe.name in ADAMS:
        betas = (recipe.beta1, recipe.beta2)
        return ([] if betas == (0.9, 0.999) else [f"betas={betas!r}"]) + eps
    if recipe.name == "rmsprop":
        momentum = [f"momentum={recipe.momentum!r}"] if recipe.momentum else []
        return [f"alpha={recipe.rho!r}", *momentum, *eps]
    return ([f"rho={recipe.rho!r}"] if recipe.name == "adadelta" else []) + eps


def group_lines(story: Story, layers: Layers, say: Say) -> list[str]:
    """The groups of parameters: one for all, or those of the phases of fine-tuning."""
    recipe = story.recipe
    lr = recipe.optimizer.lr
    if recipe.strategy == "features":
        return [f"BASE = {lr!r}", "optimizer = optimizer_for([(list(module.parameters()), 1.0)])"]
    if recipe.strategy == "scratch":
        every = "[p for p in module.parameters() if p.requires_grad]" if layers.own else "list(module.parameters())"
        return [f"BASE = {lr!r}", f"optimizer = optimizer_for([({every}, 1.0)])"]
    return [f"# {commented(say['fine-tune'])}", *_cut(layers), *_phases(story, layers, say)]


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
