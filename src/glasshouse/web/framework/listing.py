"""What lists of datasets, models and networks can be asked for over the API."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, Query

from glasshouse.store.ownership import Listing
from glasshouse.store.paging import Page
from glasshouse.store.records import JobState

__all__ = ["AskedListing", "AskedNetworks", "listed"]

Record = TypeVar("Record")
Limit = Annotated[int, Query(ge=1, le=1000)]
Mark = Annotated[str, Query(max_length=2000)]
Offset = Annotated[int, Query(ge=0, lt=2**53)]
Owner = Literal["", "mine", "others"]
States = Annotated[list[JobState] | None, Query()]


async def _networks(  # async, so that it costs no thread
    search: str = "", group: str | None = None, binned: bool = False, sort: str = "-created_at", owner: Owner = "",
    after: Mark = "", before: Mark = "", limit: Limit = 200, offset: Offset = 0,
) -> Listing:  # fmt: skip
    return Listing(search, group, binned, sort, limit, offset, (), owner, after, before)


AskedNetworks = Annotated[Listing, Depends(_networks)]


async def _with_jobs(asked: AskedNetworks, state: States = None) -> Listing:
    return replace(asked, states=tuple(state or ()))


AskedListing = Annotated[Listing, Depends(_with_jobs)]


def listed(
    listing: Listing, rows: Callable[[Listing], Sequence[Record]], page: Callable[[Listing], Page[Record]]
) -> Page[Record]:
    """Return a page by its marks; by ``offset`` its rows are counted instead, and it has no marks."""
    if listing.offset and not (listing.after or listing.before):
        return Page(list(rows(listing)), None, None)
    return page(listing)
