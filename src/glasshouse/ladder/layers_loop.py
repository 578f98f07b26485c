"""The loop of the level Layers, from the first batch to the best epoch, and the scoring of the validation pictures."""

from glasshouse.ladder.features import feature_batches
from glasshouse.ladder.network import Layers
from glasshouse.ladder.script import loop_head, stopping_lines
from glasshouse.ladder.shared import drops_before_head, order_text, used_pictures
from glasshouse.ladder.story import Story

__all__ = ["loop_lines", "validate_lines"]

Say = dict[str, str]


def validate_lines(story: Story, say: Say) -> list[str]:
    """The function ``validate``, or nothing if there is no validation split."""
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
            "    inference = Inference(network, seen.shape[1:], body.block, body.engine)",
            "    logits = inference.outputs(len(val), lambda first, end: seen[first:end], task=len(val))",
            "    p = inference.softmax(logits)",
            *score,
        ]
    return [
        *head,
        "    inference = Inference(network, (data.height, data.width, data.channels))",
        "    parts = [np.arange(n, min(n + 512, len(val))) for n in range(0, len(val), 512)]",
        "    p = np.concatenate([inference.probabilities(val.rows(part), MEAN, STD) for part in parts])",
        *score,
    ]


def loop_lines(story: Story, layers: Layers, say: Say) -> list[str]:
    """The epochs with their batches, and the best epoch's weights put back."""
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
    lines += _tail(story, say, "module")
    return lines


def _order(story: Story, layers: Layers) -> str:
    text = order_text(story)
    return f"{text}[:PICTURES]" if used_pictures(story, layers) != len(story.dataset.splits["train"]) else text


def _pictures(story: Story) -> list[str]:
    lines = ["        x, y = batch.pictures.float().div_(255), batch.labels"]
    if story.recipe.augmentation.active:
        lines.append("        x, y = augment(x, y, batch.samples, AUGMENTATION, SEED, epoch, len(data.classes))")
    return [*lines, "        x = normalized(x, MEAN, STD)"]


def _step(story: Story, layers: Layers, say: Say, device: str) -> list[str]:
    step = "step" if story.recipe.accumulate > 1 else "number"
    return [*_begun(story, step), *_gradient(story, layers, say, device, step), *_moved(story, say)]


def _begun(story: Story, step: str) -> list[str]:
    """The rate of a step and its groups; with ``accumulate`` only before the step's first batch."""
    phased, many = story.recipe.strategy == "fine-tune", story.recipe.accumulate > 1
    done = f"(epoch - first) * STEPS + {step}" if phased else f"epoch * STEPS + {step}"
    total = "length * STEPS, base, form" if phased else "EPOCHS * STEPS"
    pad = "            " if many else "        "
    begin = [
        f"{pad}now = rate({done}, {total})",
        f"{pad}for group in optimizer.param_groups:",
        f'{pad}    group["lr"] = now * group["share"]',
        f"{pad}optimizer.zero_grad()",
    ]
    if not many:
        return begin
    return [
        "        step, part = divmod(number, ACCUMULATE)",
        "        if part == 0:",
        *begin,
        "            total = 0.0",
        "            count = min(BATCH * ACCUMULATE, PICTURES - step * BATCH * ACCUMULATE)",
    ]


def _gradient(story: Story, layers: Layers, say: Say, device: str, step: str) -> list[str]:
    """The scores of a batch, their loss, and its gradient."""
    many = story.recipe.accumulate > 1
    own = layers.own and story.recipe.strategy != "features"
    drawn = not own or drops_before_head(story, layers)
    seeds = f"SEED, epoch, {step}, {'part' if many else 0}"
    return [
        f"        # {say['dropout-seed']}",
        *([f"        module.seed({seeds})"] if own else []),
        *([f"        with seeded({device}, {seeds}):"] if drawn else []),
        f"        {'    ' if drawn else ''}scores = module(x)",
        f"        # {say['loss']}",
        f"        loss = {_loss(story)}.sum() / {'count' if many else 'len(y)'}",
        "        loss.backward()",
    ]


def _moved(story: Story, say: Say) -> list[str]:
    """The step of the optimizer; with ``accumulate`` only after the step's last batch."""
    recipe, lines = story.recipe, []
    if recipe.accumulate > 1:
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
    return [*lines, f"        losses.append({'total' if recipe.accumulate > 1 else 'loss'}.item())"]


def _loss(story: Story) -> str:
    """The loss of each picture (N,); a weight is before a softened or mixed target, which torch would bend."""
    recipe, changes = story.recipe.objective, story.recipe.augmentation
    mixed, weighted = changes.mixes, recipe.class_weights != "none"
    outside = weighted and bool(mixed or recipe.label_smoothing)
    parts = ["scores", "y", *(["CLASS_WEIGHTS"] if weighted and not outside else []), 'reduction="none"']
    if recipe.label_smoothing:
        parts.append(f"label_smoothing={recipe.label_smoothing!r}")
    loss = f"cross_entropy({', '.join(parts)})"
    if not outside:
        return loss
    return f"({'(y @ CLASS_WEIGHTS)' if mixed else 'CLASS_WEIGHTS[y]'} * {loss})"


def _tail(story: Story, say: Say, module: str) -> list[str]:
    """What is after a step: the end of an epoch, its scores, the best epoch's weights, the end."""
    recipe = story.recipe
    judged = "average.module" if recipe.ema_decay else module
    val = "val" in story.dataset.splits
    rows = "BATCH" if recipe.accumulate == 1 else "BATCH * ACCUMULATE"
    monitor = recipe.checkpoints.monitor if val else "train_loss"
    place = {"train_loss": 0, "valid_loss": 1, "valid_accuracy": 2}[monitor]
    lines = [
        f'        print(f"{say["printed-step"]}")',
        "        if len(losses) == LIMIT:",
        "            break",
        "    if len(losses) == LIMIT:",
        "        break",
        f"    sizes = [min({rows}, PICTURES - n) for n in range(0, PICTURES, {rows})]",
        "    mean = sum(loss * n for loss, n in zip(losses[-STEPS:], sizes)) / PICTURES",
        f"    history.append((mean, *validate({judged})))" if val else "    history.append((mean,))",
        f'    print(f"{say["printed-epoch"]}" + ", ".join(map(str, history[-1])))',
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
        f'    print(f"{say["printed-best"]}")',
    ]
