"""The pictures of a dataset over the API, its downloads, and a source seen before it is imported."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from glasshouse.data.dataset import Dataset, Twin
from glasshouse.data.stored.rows import Split
from glasshouse.errors import ConflictError, MissingError, PictureError
from glasshouse.store.datasets import get_dataset
from glasshouse.store.discretion import may_see_places
from glasshouse.store.ownership import check_member
from glasshouse.store.records import JobState
from glasshouse.store.submit import NewDataset
from glasshouse.web.context.request_context import Context
from glasshouse.web.datasets.attachments import dataset_file
from glasshouse.web.datasets.explorer import PAGE, Search, beside, class_counts, find, opened
from glasshouse.web.datasets.exports import own_sizes
from glasshouse.web.datasets.originals import original_file
from glasshouse.web.datasets.picture_shapes import (
    ClassOut,
    CostOut,
    FindingOut,
    LeftOutOut,
    LeftOutPage,
    PictureDetail,
    PictureOut,
    PicturePage,
    PreviewOut,
    PreviewRequest,
    StatisticsOut,
    TwinOut,
    TwinPage,
)
from glasshouse.web.datasets.preview import preview_of
from glasshouse.web.datasets.rejected_files import left_out_files, reasons, twin_groups, twins_of
from glasshouse.web.datasets.statistics import mean_picture, sizes
from glasshouse.web.framework.pictures import file_of, shrunk

__all__ = ["router"]

router = APIRouter(prefix="/datasets", tags=["pictures"])
LARGEST = 4096  # pixels of a side
Class = Annotated[str, Query(alias="class")]
Side = Annotated[int, Query(ge=1, le=LARGEST)]


@router.post("/preview")
def preview(context: Context, request: PreviewRequest) -> PreviewOut:
    """Look at a source with a recipe: classes, counts, sample pictures, problems, time and size. Nothing is made."""
    check_member(context.user)
    found = preview_of(context.store, NewDataset("-", request.recipe), context.user, request.example)
    return PreviewOut(
        **{name: getattr(found, name) for name in ("count", "used", "looked", "splits", "problem_count")},
        classes=[ClassOut(name=c.name, count=c.count, used=c.used, pictures={p.path: p.address for p in c.pictures})
                 for c in found.classes],
        problems=[asdict(one) for one in found.problems],
        warnings=[FindingOut(kind=one.kind, message=one.message) for one in found.warnings],
        cost=CostOut(**asdict(found.cost)) if found.cost else None,
        example=found.example.path if found.example else None,
        modes=dict(found.modes),
        refusal=found.refusal,
        idle=dict(found.idle),
    )  # fmt: skip


@router.get("/{dataset_id}/pictures")
def pictures(
    context: Context, dataset_id: str, split: str = "train", label: Class = "", q: str = "", after: int = -1,
    before: int | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
) -> PicturePage:  # fmt: skip
    """List pictures of a split by class and words of the path; ``after`` (or ``before``) is the key of a page."""
    dataset = _dataset(context, dataset_id)
    _split(dataset, split)
    if label and label not in dataset.classes:
        raise MissingError("The dataset has no class {label}.", label=label)
    found = find(dataset, Search(split, label, q), after if before is None else before, before is not None, limit)
    items = [PictureOut(row=one.row, path=one.path, label=one.label) for one in found.pictures]
    return PicturePage(items=items, total=found.total, first=found.first, before=found.before, after=found.after)


@router.get("/{dataset_id}/pictures/{split}/{row}")
def picture(context: Context, dataset_id: str, split: str, row: int, label: Class = "", q: str = "") -> PictureDetail:
    """Tell what is known of one picture; the rows beside it are of the same search."""
    dataset = _dataset(context, dataset_id)
    one = _split(dataset, split, row).row(row)
    before, after = beside(dataset, Search(split, label, q), row)
    return PictureDetail(
        row=row, split=split, path=one.path, label=dataset.classes[one.label], width=one.width, height=one.height,
        sha256=one.sha256, before=before, after=after,
        twins=[_twin(*pair) for pair in twins_of(dataset, one.path, split)],
    )  # fmt: skip


@router.get("/{dataset_id}/pictures/{split}/{row}/image")
def image(context: Context, dataset_id: str, split: str, row: int, side: Side = LARGEST) -> Response:
    """Return a picture as the dataset has it, its longer side at most ``side``."""
    part = _split(_dataset(context, dataset_id), split, row)
    data, kind = file_of(shrunk(part.rows([row])[0], side))
    return Response(data, media_type=kind)


@router.get("/{dataset_id}/pictures/{split}/{row}/original")
def original_image(context: Context, dataset_id: str, split: str, row: int, side: Side = LARGEST) -> Response:
    """Return the file that a picture was made from, upright, where it still lies there unchanged."""
    dataset = _dataset(context, dataset_id)
    one = _split(dataset, split, row).row(row)
    try:
        data, kind = original_file(dataset, context.store, one.path, one.sha256, side)
    except PictureError as error:
        raise MissingError("The original of {path} cannot be shown: {error}.", path=one.path, error=error) from None
    return Response(data, media_type=kind)


@router.get("/{dataset_id}/mean")
def mean(context: Context, dataset_id: str, label: Class = "") -> Response:
    """Return the mean of the training pictures, of all or of one class, as a picture."""
    dataset = _dataset(context, dataset_id)
    if label and label not in dataset.classes:
        raise MissingError("The dataset has no class {label}.", label=label)
    data, kind = mean_picture(dataset, label)
    return Response(data, media_type=kind)


@router.get("/{dataset_id}/statistics")
def statistics(context: Context, dataset_id: str) -> StatisticsOut:
    """Tell the pictures of each class and split, the sizes of the originals, and those of the files."""
    dataset = _dataset(context, dataset_id)
    found = sizes(dataset)
    counts = {name: dict(zip(dataset.classes, numbers)) for name, numbers in class_counts(dataset).items()}
    return StatisticsOut(
        counts=counts, smallest=found.smallest, median=found.median, largest=found.largest, enlarged=found.enlarged,
        files=own_sizes(dataset),
    )  # fmt: skip


@router.get("/{dataset_id}/left-out")
def left_out(
    context: Context, dataset_id: str, why: str = "", offset: Annotated[int, Query(ge=0, lt=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> LeftOutPage:  # fmt: skip
    """List the files that were left out, with the reason; ``why`` is one of ``reasons``."""
    dataset = _dataset(context, dataset_id)
    found = [one for one in left_out_files(dataset) if why in ("", one.kind)]
    items = [LeftOutOut(path=one.path, reason=one.reason, sha256=one.sha256) for one in found[offset : offset + limit]]
    return LeftOutPage(items=items, total=len(found), reasons=dict(reasons(dataset)))


@router.get("/{dataset_id}/twins")
def twins(context: Context, dataset_id: str, after: int = -1, only: str = "") -> TwinPage:
    """List groups of pictures that look the same; ``only=classes`` those with several labels."""
    groups, total, following = twin_groups(_dataset(context, dataset_id), after, only == "classes")
    return TwinPage(groups=[[_twin(*pair) for pair in group] for group in groups], total=total, after=following)


@router.get("/{dataset_id}/download/{name}")
def download(context: Context, dataset_id: str, name: str) -> Response:
    """Return a dataset as ``folders.zip``, ``table.csv``, ``dataset.zip`` or one of its files (``train.arrow``)."""
    record = get_dataset(context.store, dataset_id, context.user)
    places = may_see_places(record.owner_id, context.user)
    return dataset_file(record.name, _dataset(context, dataset_id), name, places=places)


def _dataset(context: Context, dataset_id: str) -> Dataset:
    record = get_dataset(context.store, dataset_id, context.user)
    if record.state is not JobState.DONE:
        raise ConflictError("{name} is not made yet ({state}).", name=record.name, state=record.state)
    return opened(context.store.path(record.folder))


def _split(dataset: Dataset, split: str, row: int = 0) -> Split:
    part = dataset.splits.get(split)
    if part is None or not 0 <= row < len(part):
        raise MissingError(
            "There is no picture {row} in the split {split}; there are {splits}.",
            row=row,
            split=split,
            splits=", ".join(dataset.splits),
        )
    return part


def _twin(twin: Twin, row: int | None) -> TwinOut:
    return TwinOut(kind=twin.kind, label=twin.label, split=twin.split, path=twin.path, row=row)
