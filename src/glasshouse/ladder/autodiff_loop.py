"""The loop of the level Autodiff, from the first batch to the best epoch, and the scores on the validation part."""

from glasshouse.ladder.autodiff_updates import hook_text
from glasshouse.ladder.features import feature_batches
from glasshouse.ladder.formulas import optimizer_class
from glasshouse.ladder.forward import Written
from glasshouse.ladder.network import Layers
from glasshouse.ladder.script import loop_head, stopping_lines
from glasshouse.ladder.shared import (
    order_text,
    used_pictures,
)
from glasshouse.ladder.story import Story

__all__ = ["loop_lines", "validate_lines"]

Say = dict[str, str]
_SCORES = [
    "    right = p[np.arange(len(val)), val.labels]",
    "    return float(-right.mean()), float((p.argmax(1) == val.labels).mean())",
    "",
]


def validate_lines(story: Story, say: Say) -> list[str]:
    """The function ``validate``, or nothing if there is no validation split."""
    if "val" not in story.dataset.splits:
        return []
    if story.recipe.strategy == "features":
        return [
            "",
            "def validate():",
            f'    """{say["validate-features"]}"""',
            "    with no_grad(), test_mode():",
            "        p = F.log_softmax(model(seen)).data.double().numpy()",
            *_SCORES,
        ]
    return [
        "",
        "def validate():",
        f'    """{say["validate-autodiff"]}"""',
        "    scores = []",
        "    with no_grad(), test_mode():",
        "        for batch in batches(val, np.arange(len(val)), 64):",
        "            x = normalized(batch.pictures.float() / 255, MEAN, STD)",
        "            scores.append(F.log_softmax(model(x)).data.double())",
        "    p = torch.cat(scores).numpy()",
        *_SCORES,
    ]


def loop_lines(story: Story, layers: Layers, written: Written, drawn: bool, say: Say) -> list[str]:
    """The epochs with their batches, and the best epoch's weights put back."""
    recipe = story.recipe
    phased = recipe.strategy == "fine-tune"
    lines = loop_head(story, layers, say)
    if recipe.ema_decay:
        lines += ["average = {name: p.data.clone() for name, p in model.named_params().items()}"]
    lines.append("for epoch in range(EPOCHS):")
    if phased:
        lines += [
            "    if epoch in PHASES:",
            "        first, (length, base, form, groups) = epoch, PHASES[epoch]",
            "        SHARES = {p: share for parameters, share in groups for p in parameters}",
            "        for p in [*early, *late, *head]:",
            "            p.requires_grad = p in SHARES",
            f"        optimizer = {optimizer_class(story.recipe.optimizer)}().setup(model){hook_text(story)}",
        ]
    if story.recipe.strategy == "features":
        lines += feature_batches(story)
    else:
        lines += _batches(story, layers)
    lines += _step(story, written, drawn, say)
    return lines + _end(story, say) + stopping_lines(story, "val" in story.dataset.splits) + _finish(story, say)


def _batches(story: Story, layers: Layers) -> list[str]:
    order = order_text(story)
    order = f"{order}[:PICTURES]" if used_pictures(story, layers) != len(story.dataset.splits["train"]) else order
    lines = [
        f"    for number, batch in enumerate(batches(train, {order}, BATCH)):",
        "        x, y = batch.pictures.float().div_(255), batch.labels",
    ]
    if story.recipe.augmentation.active:
        lines.append("        x, y = augment(x, y, batch.samples, AUGMENTATION, SEED, epoch, len(data.classes))")
    return [*lines, "        x = normalized(x, MEAN, STD)"]


def _step(story: Story, written: Written, drawn: bool, say: Say) -> list[str]:
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
    if written.dropout or written.random:
        lines.append(f"        # {say['dropout-seed']}")
    if written.random or (written.dropout and not drawn):
        lines.append(f"        model.random = np.random.default_rng(({seeds}))")
    if written.dropout and drawn:
        lines += [f'        with seeded(torch.device("cpu"), {seeds}):', "            scores = model(x)"]
    else:
        lines.append("        scores = model(x)")
    lines += [*_loss(story, say, many), f"        loss.backward()  # {say['own-graph']}"]
    if many:
        lines += [
            "        total = total + loss.data",
            "        if part < ACCUMULATE - 1 and number < -(-PICTURES // BATCH) - 1:",
            "            continue",
        ]
    done = f"(epoch - first) * STEPS + {step}" if phased else f"epoch * STEPS + {step}"
    total = "length * STEPS, base, form" if phased else "EPOCHS * STEPS"
    lines += [f"        optimizer.lr = rate({done}, {total})", "        optimizer.update()"]
    lines += ["        follow(average, len(losses))"] if recipe.ema_decay else []
    return [*lines, f"        losses.append(float({'total' if many else 'loss.data'}))"]


def _plain_loss(story: Story) -> bool:
    objective, changes = story.recipe.objective, story.recipe.augmentation
    return not changes.mixes and not objective.label_smoothing and objective.class_weights == "none"


def _loss(story: Story, say: Say, many: bool) -> list[str]:
    objective, changes = story.recipe.objective, story.recipe.augmentation
    said, count = f"        # {say['loss']}", "count" if many else "len(y)"
    if _plain_loss(story) and not many:
        return [said, "        loss = F.softmax_cross_entropy(scores, y)"]
    smoothing, weighted = objective.label_smoothing, objective.class_weights != "none"
    lines = ["        log_p = F.log_softmax(scores)"]
    if changes.mixes:  # y (N, K): parts of classes
        weight = " * (y @ CLASS_WEIGHTS)" if weighted else ""
        softened = f"({1 - smoothing!r} * y + {smoothing!r} / len(data.classes))" if smoothing else "y"
        lines.append(f"        each = F.sum(log_p * -{softened}, axis=1){weight}")
        return [*lines, said, f"        loss = F.sum(each) / {count}"]
    lines.append("        each = -log_p[np.arange(len(y)), y]")
    if smoothing:
        lines.append("        every = -F.sum(log_p, axis=1)")
        lines.append(f"        each = {1 - smoothing!r} * each + {smoothing!r} / len(data.classes) * every")
    if weighted:
        lines.append("        each = each * CLASS_WEIGHTS[y]")
    return [*lines, said, f"        loss = F.sum(each) / {count}"]


def _end(story: Story, say: Say) -> list[str]:
    """The end of an epoch."""
    recipe, val = story.recipe, "val" in story.dataset.splits
    rows = "BATCH" if recipe.accumulate == 1 else "BATCH * ACCUMULATE"
    monitor = recipe.checkpoints.monitor if val else "train_loss"
    place = {"train_loss": 0, "valid_loss": 1, "valid_accuracy": 2}[monitor]
    swap = ["    swap(average)"] if recipe.ema_decay else []
    return [
        f'        print(f"{say["printed-step"]}")',
        "        if len(losses) == LIMIT:",
        "            break",
        "    if len(losses) == LIMIT:",
        "        break",
        f"    sizes = [min({rows}, PICTURES - n) for n in range(0, PICTURES, {rows})]",
        "    mean = sum(loss * n for loss, n in zip(losses[-STEPS:], sizes)) / PICTURES",
        *swap,
        "    history.append((mean, *validate()))" if val else "    history.append((mean,))",
        f'    print(f"{say["printed-epoch"]}" + ", ".join(map(str, history[-1])))',
        f"    if best is None or history[-1][{place}] {'>' if monitor == 'valid_accuracy' else '<'} "
        f"history[best_epoch - 1][{place}]:",
        "        best_epoch, best = epoch + 1, {name: p.data.clone() for name, p in model.named_params().items()}",
        *swap,
    ]


def _finish(story: Story, say: Say) -> list[str]:
    return [
        "",
        f"# {say['restore']}",
        "if best is not None:",
        "    for name, p in model.named_params().items():",
        "        p.data = best[name]",
        f'    print(f"{say["printed-best"]}")',
    ]
