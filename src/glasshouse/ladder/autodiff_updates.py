"""How the weights change on the level Autodiff: groups of parameters, clipping, the moving average."""

from glasshouse.ladder.formulas import optimizer_class
from glasshouse.ladder.forward import part_names
from glasshouse.ladder.network import CUTS, Layers
from glasshouse.ladder.own_layers import own_groups
from glasshouse.ladder.story import Story
from glasshouse.layers.layer import InputLayer
from glasshouse.recipe import ScheduleRecipe

__all__ = ["average_lines", "clip_lines", "group_lines", "hook_text"]

Say = dict[str, str]


def clip_lines(story: Story, say: Say) -> list[str]:
    """The hook that shortens gradients as torch does: in the order of its groups, each a number rounded to float32."""
    if story.recipe.clip_norm is None:
        return []
    return [
        "",
        "def clip(parameters):",
        f'    """{say["clip-autodiff"]}"""',
        "    parameters = sorted(parameters, key=lambda p: (SHARES.get(p, 1.0), p.ndim < 2))",
        "    norms = [torch.linalg.vector_norm(p.grad.data) for p in parameters]",
        f"    share = {story.recipe.clip_norm!r} / (torch.linalg.vector_norm(torch.stack(norms)) + 1e-6)",
        "    for p in parameters:",
        "        p.grad.data *= share.clamp(max=1.0)",
        "",
    ]


def hook_text(story: Story) -> str:
    """The call that gives the optimizer its hook, or nothing."""
    return "" if story.recipe.clip_norm is None else ".add_hook(clip)"


def group_lines(story: Story, layers: Layers, say: Say) -> list[str]:
    """The optimizer of all parameters, or the groups and phases of fine-tuning."""
    recipe = story.recipe
    name, clip = optimizer_class(story.recipe.optimizer), hook_text(story)
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
    """Text that leaves ``early``, ``late`` and ``head``, and ``norms`` if there are any, by the layers' names."""
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


def average_lines(story: Story, say: Say) -> list[str]:
    """The functions ``follow`` and ``swap`` of the moving average, or nothing."""
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
