"""What one view of Follow one picture shows: its address, the question to the predictor, and drawings of vectors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from glasshouse.errors import ConflictError, InputError, MissingError
from glasshouse.explanation.layered import classic_name
from glasshouse.explanation.stages import passes_on
from glasshouse.layers.diagram import Diagram, DiagramWords
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.followed_pictures import kept_picture
from glasshouse.store.predictor import put_question
from glasshouse.store.records import ModelRecord, UserRecord

__all__ = [
    "Axis", "Followed", "ShownStage", "Stem", "View", "answer", "axes_of", "can_follow", "dataset_folder", "drawn",
    "kept_steps", "sentences", "stages_shown", "stems", "steps_shown",
]  # fmt: skip

Followed: TypeAlias = Mapping[str, Any]  # the predictor's answer, or a step in it, in the words of ``shapes.FollowOut``


class View(BaseModel):
    """What is looked at; every field is a part of the address.

    ``picture`` is the key of a picture that was brought, else ``row`` of ``split`` is followed; ``index`` is the place
    of a weight, such as ``0,2,0,5``; empty fields take the first layer with weights and its steepest weight.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    split: Literal["train", "val"] = "val"
    row: int = Field(default=0, ge=0)
    picture: str = ""
    label: str = ""
    moment: Literal["initial", "best", "last"] = "best"
    layer: str = ""
    channel: int = Field(default=0, ge=0)
    weight: str = ""
    index: str = ""
    all: bool = False
    since: str = ""

    def query(self, **changes: object) -> str:
        """The view's address behind the question mark, with some fields changed; defaults are left out."""
        chosen = self.model_copy(update=changes).model_dump(exclude_defaults=True, exclude={"since"})
        return urlencode(
            {key: str(value).lower() if isinstance(value, bool) else value for key, value in chosen.items()}
        )

    def numbers(self) -> list[int] | None:
        """The index as whole numbers, None if none was chosen; InputError where it is something else."""
        if not self.index:
            return None
        try:
            return [int(part) for part in self.index.split(",")]
        except ValueError:
            raise InputError(
                "index is whole numbers with commas, such as 0,2,0,5; got {index}", index=repr(self.index[:40])
            ) from None

    def question(self, model: ModelRecord, data: str | None) -> dict[str, object]:
        """What the predictor is asked."""
        source = {"split": None} if self.picture else {"split": self.split, "row": self.row}
        return {
            "kind": "follow", "model": model.folder, "data": data, "moment": self.moment, "label": self.label or None,
            "layer": self.layer or None, "channel": self.channel, "weight": self.weight or None,
            "index": self.numbers(), **source,
        }  # fmt: skip


def can_follow(recipe: Mapping[str, object]) -> bool:
    """Whether a model's network is made of the vocabulary, as far as that is known without building it."""
    network = recipe.get("network", "")
    return isinstance(network, Mapping) or classic_name(str(network)) is not None


def answer(store: Store, model: ModelRecord, view: View, user: UserRecord | None, patience: float = 1.5) -> Followed:
    """Ask the predictor: its answer, or ``{"state": "working", "done": None}`` while it is still being started.

    Raises:
        InputError: the picture, layer or weight cannot be followed; the text says why.
        MissingError: the picture is not kept any more.
    """
    picture = kept_picture(store, model, view.picture) if view.picture else b""
    question = view.question(model, dataset_folder(store, model, user))
    try:
        return put_question(store, question, picture, patience)
    except ConflictError:
        return {"state": "working", "done": None}


def dataset_folder(store: Store, model: ModelRecord, user: UserRecord | None) -> str | None:
    """The folder of a model's dataset in the home; None if it is gone."""
    try:
        return None if model.dataset_id is None else get_dataset(store, model.dataset_id, user).folder
    except MissingError:
        return None


def drawn(graph: Followed, _: Callable[[str], str]) -> str:
    """The predictor's graph as SVG text, in the words of a page; names and kinds of layers stay as they are."""
    title = _("{name}: {layers} layers in {boxes} boxes, {weights} weights")
    return Diagram.from_dict(graph).to_svg(DiagramWords(_("Input"), _("{count} weights"), title))


def kept_steps(steps: Sequence[Followed]) -> list[str]:
    """The names of the steps that are shown of a long network: those that do more than pass numbers on."""
    return [step["name"] for step in steps if not passes_on(step["kind"])]


def steps_shown(found: Followed, view: View) -> list[Followed]:
    """The steps of the page: all of a short network; of a long one those of ``kept_steps`` and the chosen one."""
    steps = list(found["steps"])
    if view.all or not found["stages"]:
        return steps
    kept = {*kept_steps(steps), view.layer, steps[-1]["name"]}
    return [step for step in steps if step["name"] in kept]


@dataclass(frozen=True)
class ShownStage:
    """A stage of a long network: its steps that are shown, of ``count``, and its last one, which is what it gives."""

    number: int
    size: tuple[int, int]
    first: str
    end: Followed
    steps: Sequence[Followed]
    count: int
    open: bool


def stages_shown(found: Followed, view: View) -> list[ShownStage]:
    """The stages of a long network, folded but for that of the chosen layer; none of a short one."""
    steps = {step["name"]: step for step in found["steps"]}
    shown = {step["name"] for step in steps_shown(found, view)}
    return [
        ShownStage(
            stage["number"], (stage["size"][0], stage["size"][1]), names[0], steps[names[-1]],
            [steps[name] for name in names if name in shown], len(names), view.all or view.layer in names,
        )
        for stage in found["stages"] for names in [stage["steps"]]
    ]  # fmt: skip


@dataclass(frozen=True)
class Stem:
    """One bar of a vector, in a drawing 100 high whose zero line is at ``zero``."""

    x: float
    y: float
    height: float
    negative: bool
    value: float


def stems(values: Sequence[float]) -> list[Stem]:
    """A vector as bars, 4 wide and 5 apart, up and down from a zero line that suits it."""
    low, high = min([0.0, *values]), max([0.0, *values])
    scale = 100 / ((high - low) or 1)
    return [
        Stem(5 * i, (high - max(v, 0)) * scale, max(abs(v) * scale, 0.6), v < 0, v) for i, v in enumerate(values)
    ]  # fmt: skip


@dataclass(frozen=True)
class Axis:
    """One axis of a weight's place: its value, how long it is, and the places one before and one behind."""

    name: str
    value: int
    length: int
    before: str | None
    behind: str | None


def axes_of(index: Sequence[int], shape: Sequence[int], _: Callable[[str], str]) -> list[Axis]:
    """How a person walks from one weight to its neighbours."""
    words = {
        4: (_("row"), _("column"), _("channel in"), _("channel out")), 2: (_("input"), _("output")), 1: (_("number"),),
    }.get(len(shape), tuple(map(str, range(len(shape)))))  # fmt: skip
    found = []
    for axis, (word, value, length) in enumerate(zip(words, index, shape)):
        beside = [",".join(str(n + by if i == axis else n) for i, n in enumerate(index)) for by in (-1, 1)]
        found.append(Axis(word, value, length, beside[0] if value else None, beside[1] if value + 1 < length else None))
    return found


def sentences(_: Callable[[str], str]) -> dict[str, str]:
    """What each kind of layer computes; the English ones are those of ``explanation.sentences``."""
    return {
        "InputLayer": _("The picture as numbers: each pixel minus the mean, divided by the standard deviation."),
        "Dense": _("y = x·W + b: each output is the sum of all inputs times its weights, plus its bias."),
        "Conv2D": _("y = W * x + b: kernels slide over the picture; each output is the sum of the pixels under a kernel times its weights, plus its bias."),  # noqa: E501
        "DepthwiseConv2D": _("y = W * x, channel by channel: each channel has its own kernel, and channels do not mix."),  # noqa: E501
        "SeparableConv2D": _("First a kernel for each channel, then a 1x1 convolution that mixes the channels."),
        "MaxPooling2D": _("y = max under each window: only the largest number of each window goes on."),
        "AveragePooling2D": _("y = mean under each window."),
        "GlobalAveragePooling2D": _("y = the mean of each channel: one number a channel."),
        "GlobalMaxPooling2D": _("y = the largest number of each channel: one number a channel."),
        "BatchNormalization": _("y = γ·(x - μ) / √(σ² + ε) + β for each channel. Here, as in use, μ and σ² are the averages that training kept; while training they come from the batch."),  # noqa: E501
        "Flatten": _("The same numbers as one row."),
        "Reshape": _("The same numbers in another shape."),
        "Dropout": _("y = x: in use dropout lets everything pass; only training sets some numbers to 0."),
        "Activation": _("The same numbers, before the activation."),
        "ReLU": _("y = max(x, 0): negative numbers become 0."),
        "Add": _("y = a + b: the shortcut and the block are added."),
        "Concatenate": _("The channels of all inputs, one after the other."),
        "ZeroPadding2D": _("Zeros around the picture."),
        "Conv2DTranspose": _("y = Wᵀ * x + b: each number paints a kernel into a larger picture, and what overlaps is added."),  # noqa: E501
        "Embedding": _("y = W[x]: the row of the table that each whole number names."),
        "GaussianNoise": _("y = x: in use everything passes; only training adds noise."),
        "LayerNormalization": _("y = γ·(x - μ) / √(σ² + ε) + β, μ and σ² over the channels of each place of this picture."),  # noqa: E501
        "UpSampling2D": _("Each pixel repeated, or blended with its neighbours: a larger picture."),
        "Rescaling": _("y = scale·x + offset."),
        "": _("One step of the network."),
    }  # fmt: skip
