"""What the API does alike with datasets, models and networks; each answers with the record as it is then."""

from collections.abc import Mapping
from typing import TypeVar, cast

from glasshouse.store.records import DatasetRecord, ModelRecord, NetworkRecord
from glasshouse.store.resources import (
    bin_resources,
    change_resource,
    delete_resource,
    get_resource,
    kind_of,
    restore_resources,
)
from glasshouse.web.context.request_context import RequestContext

__all__ = ["changed", "put_away", "restored"]

Record = TypeVar("Record", DatasetRecord, ModelRecord, NetworkRecord)


def changed(context: RequestContext, record: Record, changes: Mapping[str, object]) -> Record:
    """Change name, notes, group, sharing, and what else its kind has."""
    change_resource(context.store, record, changes, context.user)
    return _again(context, record)


def put_away(context: RequestContext, record: Record, *, for_good: bool, even_if_used: bool = False) -> Record:
    """Put it into the bin; with ``for_good`` delete it, with its files, from there."""
    if for_good:
        delete_resource(context.store, record, context.user)
        return record
    bin_resources(context.store, [record], context.user, even_if_used=even_if_used)
    return _again(context, record)


def restored(context: RequestContext, record: Record) -> Record:
    """Take it out of the bin."""
    restore_resources(context.store, [record], context.user)
    return _again(context, record)


def _again(context: RequestContext, record: Record) -> Record:
    return cast(Record, get_resource(context.store, kind_of(record), record.id, context.user))
