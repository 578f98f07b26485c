"""Searches over the API: asked for, followed, stopped with the best so far, given more time."""

from fastapi import APIRouter

from glasshouse.errors import MissingError
from glasshouse.store.models import get_model, list_models
from glasshouse.store.ownership import check_change
from glasshouse.store.records import JobKind, ModelRecord
from glasshouse.store.resources import abort_resource
from glasshouse.store.searches import NewSearch, prolong_search, read_found, submit_search
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.shapes import JobOut
from glasshouse.web.searches.shapes import MoreMinutes, SearchList, SearchOut, SearchRequest

__all__ = ["router"]

router = APIRouter(prefix="/searches", tags=["models"])


@router.get("")
def show_all(context: Context) -> SearchList:
    """List the searches, the newest first."""
    found = list_models(context.store, context.user, job_kind=JobKind.SEARCH)
    return SearchList(items=[_told(context, one) for one in found])


@router.post("", status_code=201)
def make(context: Context, request: SearchRequest) -> SearchOut:
    """Queue a search for the best model on a dataset; its first answer comes after seconds."""
    return _told(context, submit_search(context.store, NewSearch(**request.model_dump()), context.user))


@router.get("/{model_id}")
def show(context: Context, model_id: str) -> SearchOut:
    """Tell what a search has found so far."""
    return _told(context, _search(context, model_id))


@router.post("/{model_id}/stop")
def stop(context: Context, model_id: str) -> JobOut:
    """Stop it; the best so far is what it leaves."""
    return JobOut.of(abort_resource(context.store, _search(context, model_id, changes=True), context.user))


@router.post("/{model_id}/prolong")
def prolong(context: Context, model_id: str, more: MoreMinutes) -> SearchOut:
    """Give it more minutes: one that has ended goes on with what it knows."""
    _search(context, model_id, changes=True)
    return _told(context, prolong_search(context.store, model_id, more.minutes, context.user))


def _search(context: RequestContext, model_id: str, *, changes: bool = False) -> ModelRecord:
    record = get_model(context.store, model_id, context.user)
    if changes:
        check_change(record, context.user)
    if record.job.kind is not JobKind.SEARCH:
        raise MissingError("{name} was not found by a search.", name=record.name)
    return record


def _told(context: RequestContext, record: ModelRecord) -> SearchOut:
    return SearchOut.of(record, read_found(context.store, record.id))
