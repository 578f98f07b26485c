"""Name, notes, group and sharing of a thing; if two people edit one, nothing is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.errors import ConflictError, RecipeError, RefusedError
from glasshouse.store.resources import change_resource, get_resource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resource import Resource
from glasshouse.web.context.resources import find_resource, group_names
from glasshouse.web.framework.templating import page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Words:
    """What the form holds."""

    name: str
    notes: str
    group: str
    shared: bool


@dataclass(frozen=True)
class EditPage:
    """The form of what stands over a resource; ``theirs`` is what somebody else saved meanwhile."""

    job: Resource
    words: Words
    found: Mapping[str, str]
    groups: Sequence[str]
    theirs: Words | None


@router.get("/{kind}/{key}/edit", response_class=HTMLResponse)
def show(request: Request, context: Context, kind: str, key: str) -> HTMLResponse:
    """Ask for name, notes, group and whether it is shared."""
    job = find_resource(context, kind, key)
    if not job.yours:
        raise RefusedError("{title} is somebody else's; only its owner or an admin may change it.", title=job.name)
    return _form(request, context, job, _words(job), {})


@router.post("/{kind}/{key}/describe")
def describe(
    request: Request,
    context: Context,
    kind: str,
    key: str,
    name: Annotated[str | None, Form()] = None,
    notes: Annotated[str | None, Form()] = None,
    group_name: Annotated[str | None, Form()] = None,
    sharing: Annotated[bool, Form()] = False,
    shared: Annotated[bool, Form()] = False,
    revision: Annotated[int | None, Form()] = None,
) -> Response:
    """Change them; who was later sees both versions, with theirs still in the form. A field not sent stays."""
    job = find_resource(context, kind, key)
    now = _words(job)
    given = None if notes is None else notes.replace("\r\n", "\n")
    mine = Words(now.name if name is None else name, now.notes if given is None else given,
                 now.group if group_name is None else group_name, shared if sharing else now.shared)  # fmt: skip
    changes: dict[str, object] = {"name": mine.name, "notes": mine.notes, "group_name": mine.group.strip()}
    if mine.shared != now.shared:
        changes["shared"] = mine.shared
    try:
        record = get_resource(context.store, job.kind, job.id, context.user)
        if revision is not None:
            changes["revision"] = revision
        change_resource(context.store, record, changes, context.user)
    except RecipeError as error:
        return _form(request, context, job, mine, {one.field: one.message for one in error.problems}, 422)
    except ConflictError:
        theirs = find_resource(context, kind, key)
        if mine == _words(theirs):
            return RedirectResponse(job.address, 303)
        return _form(request, context, theirs, mine, {}, 409)
    return RedirectResponse(job.address, 303)


def _words(job: Resource) -> Words:
    return Words(job.name, job.notes, job.group, job.shared)


def _form(
    request: Request, context: RequestContext, job: Resource, words: Words, found: dict[str, str], status: int = 200
) -> HTMLResponse:
    shown = EditPage(job, words, found, group_names(context), theirs=_words(job) if status == 409 else None)
    return page(request, "edit.html", shown, status=status)
