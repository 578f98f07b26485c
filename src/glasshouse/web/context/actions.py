"""What pages change in the store, with a line in the audit log."""

from collections.abc import Mapping
from typing import Any

from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import abort_job, resume_job
from glasshouse.store.models import get_model
from glasshouse.store.ownership import check_change
from glasshouse.store.people import note
from glasshouse.store.records import DatasetRecord, ModelRecord
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_evaluation, submit_models
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import RequestContext
from glasshouse.web.context.resource import ACTIONS, DATASET, Resource

__all__ = [
    "abort_work",
    "change_resource",
    "delete_resource",
    "evaluate_on",
    "make_dataset",
    "make_models",
    "note_action",
    "restore_resource",
    "resume_work",
]


def note_action(context: RequestContext, action: str, target: str, detail: str = "") -> None:
    """Write into the audit log, where there are accounts."""
    if context.accounts:
        context.noted.append(action)
        note(context.store, context.user, action, target, detail)


def make_dataset(context: RequestContext, new: NewDataset) -> str:
    """Queue a dataset and return its id."""
    made = submit_dataset(context.store, new, context.user)
    note_action(context, "dataset-create", made.id, new.name)
    return made.id


def make_models(context: RequestContext, new: NewModel) -> list[str]:
    """Queue a training, or one for each pair of a sweep; return their ids."""
    made = submit_models(context.store, new, context.user)
    for one in made:
        note_action(context, "model-create", one.id, one.name)
    return [one.id for one in made]


def abort_work(context: RequestContext, resource: JobResource) -> None:
    """Ask a job to stop; what it kept stays."""
    abort_job(context.store, _changeable(context, resource).job_id, context.user)
    note_action(context, f"{resource.kind}-abort", resource.id, resource.name)


def resume_work(context: RequestContext, resource: JobResource) -> None:
    """Queue an aborted or failed job again, from its last checkpoint."""
    resume_job(context.store, _changeable(context, resource).job_id, context.user)
    note_action(context, f"{resource.kind}-resume", resource.id, resource.name)


def restore_resource(context: RequestContext, resource: Resource) -> None:
    """Take a resource out of the bin."""
    ACTIONS[resource.kind].restore(context.store, [resource.id], context.user)
    note_action(context, f"{resource.kind}-restore", resource.id, resource.name)


def delete_resource(context: RequestContext, resource: Resource) -> None:
    """Delete what is in the bin for good, with its files."""
    ACTIONS[resource.kind].empty(context.store, resource.id, context.user)
    note_action(context, f"{resource.kind}-delete", resource.id, resource.name)


def change_resource(context: RequestContext, resource: Resource, changes: Mapping[str, Any]) -> None:
    """Change ``name``, ``notes``, ``group_name`` or ``shared``; ``revision`` notices another's change.

    Raises:
        ConflictError: somebody else changed it meanwhile.
    """
    ACTIONS[resource.kind].change(context.store, resource.id, dict(changes), context.user)
    words = {"name": resource.name, "notes": resource.notes, "group_name": resource.group, "shared": resource.shared}
    differ = [f"{name} was {old!r}" for name, old in words.items() if changes.get(name, old) != old]
    if differ:
        detail = f"{changes.get('name', resource.name)}: {'; '.join(differ)}"
        note_action(context, f"{resource.kind}-change", resource.id, detail)


def evaluate_on(context: RequestContext, model: JobResource, split: str) -> None:
    """Queue the scoring of a model on a split; ``test`` opens the seal."""
    submit_evaluation(context.store, model.id, split, user=context.user)
    note_action(context, "model-evaluate", model.id, split)


def _changeable(context: RequestContext, resource: JobResource) -> DatasetRecord | ModelRecord:
    """Return the record behind a resource; refuse who may only look."""
    get = get_dataset if resource.kind == DATASET else get_model
    record = get(context.store, resource.id, context.user)
    check_change(record, context.user)
    return record
