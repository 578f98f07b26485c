"""What every route gets: the store and the person who asks."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from glasshouse.store.database import Store
from glasshouse.store.people import note
from glasshouse.store.records import UserRecord
from glasshouse.web.context.live_points import Board
from glasshouse.web.framework.settings import Settings

__all__ = ["Context", "Here"]


@dataclass(frozen=True)
class Context:
    """The store, and ``user``: None where there are no accounts; ``noted`` is what was written into the log."""

    store: Store
    settings: Settings
    board: Board
    user: UserRecord | None
    accounts: bool
    noted: list[str]

    def note(self, action: str, target: str, detail: str = "") -> None:
        """Write into the audit log, where there are accounts."""
        if self.accounts:
            self.noted.append(action)
            note(self.store, self.user, action, target, detail)


async def _context(request: Request) -> Context:  # async, so that it costs no thread
    state = request.app.state
    user, accounts = getattr(request.state, "user", None), getattr(request.state, "accounts", False)
    return Context(state.store, state.settings, state.board, user, accounts, getattr(request.state, "noted", []))


Here = Annotated[Context, Depends(_context)]
