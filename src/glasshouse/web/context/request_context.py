"""The request context of every page and API route: who asks, on which store, in which language, and what is allowed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from glasshouse.store.database import Store
from glasshouse.store.ownership import check_member
from glasshouse.store.records import Role, UserRecord
from glasshouse.web.context.live_points import LivePoints
from glasshouse.web.framework.settings import Settings
from glasshouse.web.framework.templating import language_of

__all__ = ["Context", "MemberContext", "RequestContext"]


@dataclass(frozen=True)
class RequestContext:
    """Who asks, of which store; ``user`` is None if there are no accounts.

    ``language`` is the code of the language in which to answer. What changes the store writes who did it.
    """

    store: Store
    settings: Settings
    live_points: LivePoints
    user: UserRecord | None
    accounts: bool
    language: str

    @property
    def admin(self) -> bool:
        """Whether everything is allowed: to admins, and to everybody if there are no accounts."""
        return self.user is None or self.user.role is Role.ADMIN

    @property
    def folders(self) -> list[Path]:
        """The folders of the server that may be named as a source."""
        return list(self.store.folders)

    @property
    def suggested_folders(self) -> list[Path]:
        """The folders of the server that a page proposes: none to members, whose folders they are not."""
        return self.folders if self.admin else []


async def _request_context(request: Request) -> RequestContext:  # async, so that it costs no thread
    app, state = request.app.state, request.state
    return RequestContext(
        app.store,
        app.settings,
        app.live_points,
        getattr(state, "user", None),
        getattr(state, "accounts", False),
        language_of(request),
    )


Context = Annotated[RequestContext, Depends(_request_context)]


async def _member_context(context: Context) -> RequestContext:
    check_member(context.user)
    return context


MemberContext = Annotated[RequestContext, Depends(_member_context)]
