"""Datasets over the API."""

from fastapi import APIRouter

from glasshouse.store.class_names import rename_classes, shown_names
from glasshouse.store.dataset_versions import NewVersion, submit_version
from glasshouse.store.datasets import (
    count_datasets,
    dependants,
    get_dataset,
    list_datasets,
    page_of_datasets,
)
from glasshouse.store.resources import (
    abort_resource,
    resume_resource,
)
from glasshouse.store.submit import NewDataset, submit_dataset
from glasshouse.web.context.owned_records import changed, put_away, restored
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import Changes, DatasetList, DatasetOut, DatasetRequest, JobOut
from glasshouse.web.datasets.version_shapes import VersionRequest
from glasshouse.web.framework.listing import AskedListing, listed

__all__ = ["router"]

router = APIRouter(prefix="/datasets", tags=["datasets"])


@router.get("")
def show_all(context: Context, listing: AskedListing) -> DatasetList:
    """List datasets, as Home does.

    ``binned`` shows the bin, ``sort`` is a column with - before it for falling; ``state`` may
    be given several times; ``owner`` is mine or others. The next page is asked with the ``after`` of this one, the page
    before it with its ``before``; with ``offset`` rows are counted instead, which is slower.
    """
    store, user = context.store, context.user
    page = listed(
        listing,
        lambda asked: list_datasets(store, user, asked),
        lambda asked: page_of_datasets(store, user, asked),
    )
    count = count_datasets(store, user, listing)
    return DatasetList(
        items=[DatasetOut.of(one) for one in page.items], count=count, after=page.after, before=page.before
    )


@router.post("", status_code=201)
def make(context: Context, request: DatasetRequest) -> DatasetOut:
    """Queue the making of a dataset."""
    return DatasetOut.of(submit_dataset(context.store, NewDataset(**request.model_dump()), context.user))


@router.get("/{dataset_id}")
def show(context: Context, dataset_id: str) -> DatasetOut:
    """Show one dataset."""
    return DatasetOut.of(get_dataset(context.store, dataset_id, context.user))


@router.patch("/{dataset_id}")
def change(context: Context, dataset_id: str, changes: Changes) -> DatasetOut:
    """Change its name, notes, group or sharing."""
    record = get_dataset(context.store, dataset_id, context.user)
    return DatasetOut.of(changed(context, record, changes.model_dump(exclude_unset=True)))


@router.get("/{dataset_id}/class-names")
def class_names(context: Context, dataset_id: str) -> dict[str, str]:
    """Show the display names of its classes, for those that have one."""
    return shown_names(context.store, get_dataset(context.store, dataset_id, context.user))


@router.put("/{dataset_id}/class-names")
def name_classes(context: Context, dataset_id: str, names: dict[str, str]) -> dict[str, str]:
    """Give classes display names, the others none; the models on it get them too. Nothing that is computed changes."""
    return rename_classes(context.store, get_dataset(context.store, dataset_id, context.user), names, context.user)


@router.post("/{dataset_id}/versions", status_code=201)
def edit(context: Context, dataset_id: str, request: VersionRequest) -> DatasetOut:
    """Queue a new version of it: other labels, pictures left out or moved, classes renamed or joined.

    The dataset stays as it is. An edit that fits nothing is answered with 422, and nothing is made.
    """
    new = NewVersion(request.edits, request.name, request.why)
    return DatasetOut.of(submit_version(context.store, dataset_id, new, context.user))


@router.get("/{dataset_id}/models")
def used_by(context: Context, dataset_id: str) -> list[dict[str, str]]:
    """List the models that depend on it."""
    get_dataset(context.store, dataset_id, context.user)
    return [{"id": key, "name": name} for key, name in dependants(context.store, dataset_id, context.user)]


@router.delete("/{dataset_id}")
def delete(context: Context, dataset_id: str, even_if_used: bool = False, for_good: bool = False) -> DatasetOut:
    """Put it into the bin; with ``for_good`` a dataset in the bin is deleted with its files."""
    record = get_dataset(context.store, dataset_id, context.user)
    return DatasetOut.of(put_away(context, record, for_good=for_good, even_if_used=even_if_used))


@router.post("/{dataset_id}/restore")
def restore(context: Context, dataset_id: str) -> DatasetOut:
    """Take it out of the bin."""
    return DatasetOut.of(restored(context, get_dataset(context.store, dataset_id, context.user)))


@router.post("/{dataset_id}/abort")
def abort(context: Context, dataset_id: str) -> JobOut:
    """Abort its making; nothing half-made is left."""
    record = get_dataset(context.store, dataset_id, context.user)
    return JobOut.of(abort_resource(context.store, record, context.user))


@router.post("/{dataset_id}/resume")
def resume(context: Context, dataset_id: str) -> JobOut:
    """Queue its making again."""
    record = get_dataset(context.store, dataset_id, context.user)
    return JobOut.of(resume_resource(context.store, record, context.user))
