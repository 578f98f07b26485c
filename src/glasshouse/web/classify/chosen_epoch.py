"""Which epoch of a training answers: the model that it left, or one of the checkpoints that it keeps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.errors import MissingError
from glasshouse.store.datasets import get_dataset
from glasshouse.store.predictor import ask
from glasshouse.store.records import ModelRecord
from glasshouse.training.kept_epochs import chosen_epoch, kept_epochs
from glasshouse.web.context.request_context import RequestContext

__all__ = ["EpochChoice", "answered", "epoch_choices", "epoch_text"]


@dataclass(frozen=True)
class EpochChoice:
    """An epoch to choose: the ``value`` of a form (empty: the model) and its ``text`` in the language of the page."""

    value: str
    text: str
    chosen: bool


def answered(
    context: RequestContext, model: ModelRecord, picture: bytes, *, top: int = 5, seen: bool = False,
    checkpoint: str = "", coverage: float | None = None,
) -> dict[str, object]:  # fmt: skip
    """Return what the chosen epoch of a model says about a picture, as ``ask`` does; with ``checkpoint`` and ``epoch``.

    Raises:
        MissingError: no epoch of that name is kept.
        PictureError, InputError, ConflictError: as ``ask``.
    """
    epoch = chosen_epoch(context.store.path(model.folder), checkpoint)
    if epoch is None:
        return ask(context.store, model.folder, picture, top, seen=seen, coverage=coverage)
    try:
        data = None if model.dataset_id is None else get_dataset(context.store, model.dataset_id).folder
    except MissingError:
        data = None
    found = ask(context.store, model.folder, picture, top, seen=seen, checkpoint=epoch.checkpoint, data=data,
                coverage=coverage)  # fmt: skip
    return {**found, "checkpoint": epoch.checkpoint, "epoch": epoch.epoch, "step": epoch.step}


def epoch_choices(_: Callable[[str], str], run: Path, checkpoint: str = "") -> Sequence[EpochChoice]:
    """Return the epochs to choose from, the model or the best one first; none if there is no choice."""
    trained = (run / "model" / "model.json").is_file()
    kept = sorted(kept_epochs(run), key=lambda one: not one.best)
    choices = []
    for one in kept:
        value = "" if one.best and trained else one.checkpoint
        text = epoch_text(_, one.epoch, one.step)
        marks = [_("the best")] * one.best + [_("the last")] * one.last
        score = [] if one.accuracy is None else [_("{score} on validation pictures").format(
            score=f"{100 * one.accuracy:.1f} %")]  # fmt: skip
        choices.append(EpochChoice(value, " · ".join([text, *marks, *score]), value == checkpoint))
    if trained and kept and not kept[0].best:
        choices.insert(0, EpochChoice("", _("The model"), not checkpoint))
    return choices if len(choices) > 1 else []


def epoch_text(_: Callable[[str], str], epoch: int, step: int) -> str:
    """Return how a page names an epoch, or a checkpoint within one."""
    return _("Within epoch {epoch}").format(epoch=epoch + 1) if step else _("Epoch {epoch}").format(epoch=epoch)
