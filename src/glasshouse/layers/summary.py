"""The table of a network: one row per layer, with output shape, parameters and what it takes."""

from .architecture import Architecture

__all__ = ["table"]


def table(net: Architecture) -> str:
    """A table with the weights counted as inputs times outputs, and the totals."""
    rows = [("Layer", "Output shape", "Parameters", "Weights", "From")]
    for step in net.steps:
        shape = "(" + ", ".join(["N", *map(str, step.shape(net.channels_last))]) + ")"
        shared = step.weights != step.name
        count = "shared" if shared else f"{net.count(step.name):,}"
        sources = ", ".join(net.steps[i].name for i in step.inputs)
        rows.append((f"{step.name} ({type(step.layer).__name__})", shape, count, _weights(net, step.name), sources))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = ["  ".join(cell.rjust(w) if i == 2 else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths)))
             for row in rows]  # fmt: skip
    rule = "-" * max(map(len, lines))
    total, learned = net.parameters, net.trainable_parameters
    ends = [
        f"Parameters: {total:,} ({total * 4 / 2**20:,.2f} MB)",
        f"  learned: {learned:,}",
        f"  not learned: {total - learned:,}",
    ]
    return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:], rule, *ends])


def _weights(net: Architecture, name: str) -> str:
    """784 x 128 + 128: each array by its lengths."""
    if name not in net.holders:
        return ""
    frozen = "" if net.holders[name].trainable or not net.holders[name].weights else " (frozen)"
    return " + ".join(" x ".join(map(str, w.shape)) for w in net.holders[name].weights) + frozen
