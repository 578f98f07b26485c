"""On which arrays a script of the level Autodiff computes: NumPy's, or torch's where rounding would grow too fast."""

from dataclasses import dataclass

__all__ = ["NUMPY", "TORCH", "Arrays"]


@dataclass(frozen=True)
class Arrays:
    """What a script says differently of one kind of array; keys of sentences, and pieces of Python."""

    title: str
    promise: str
    graph: str
    fill: str
    copy: str
    first: str  # the arrays that a torch module begins with
    start: str
    filled: str
    batch: str
    host: str
    scores: str
    joined: str
    weights: str
    masked: str
    ones: str
    read: str


NUMPY = Arrays(
    title="title-autodiff",
    promise="same-closely",
    graph="own-graph",
    fill="fill",
    copy="copy()",
    first="a.numpy()",
    start="start.module",
    filled="array.T.copy() if array.ndim == 2 else array.copy()",
    batch="np.ascontiguousarray(normalized(x, MEAN, STD).numpy()), y.numpy()",
    host=".numpy()",
    scores="astype(np.float64)",
    joined="np.concatenate(scores)",
    weights="np.array({}, np.float32)",
    ones="torch.ones(x.shape)\n        ones = ones.to(memory_format=torch.channels_last) if ones.ndim == 4 else ones",
    masked="(kept * np.float32(1 / (1 - rate)))",
    read='array.T.copy() if name == "head.weight" else array.copy(order="C")',
)
TORCH = Arrays(
    title="title-autodiff-torch",
    promise="same-on-torch",
    graph="own-graph-torch",
    fill="fill-torch",
    copy="clone()",
    first="a",
    start="start.module.to(memory_format=torch.channels_last)",
    filled="array.T if array.ndim == 2 else array",
    batch="normalized(x, MEAN, STD), y",
    host="",
    scores="double()",
    joined="torch.cat(scores).numpy()",
    weights="torch.tensor({}, dtype=torch.float32)",
    ones="torch.ones_like(x.data)",
    masked="torch.from_numpy(kept).to(x.dtype).mul_(1 / (1 - rate))",
    read='array.T if name == "head.weight" else array',
)
