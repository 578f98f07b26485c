"""How a route gets at the desk of the person who asks (``MakerDesk``: no viewer), and at one thing on it."""

from typing import Annotated

from fastapi import Depends, Request

from glasshouse.store.ownership import check_member
from glasshouse.web.context.desk import Desk, Job

__all__ = ["DatasetJob", "DeskNow", "MakerDesk", "ModelJob"]


async def _desk(request: Request) -> Desk:  # async, so that it costs no thread
    return Desk(request.app.state.store, getattr(request.state, "user", None), getattr(request.state, "noted", []))


DeskNow = Annotated[Desk, Depends(_desk)]


async def _maker(desk: DeskNow) -> Desk:
    check_member(desk.user)
    return desk


MakerDesk = Annotated[Desk, Depends(_maker)]


def _dataset(desk: DeskNow, key: str) -> Job:
    return desk.dataset(key)


def _model(desk: DeskNow, key: str) -> Job:
    return desk.model(key)


DatasetJob = Annotated[Job, Depends(_dataset)]
ModelJob = Annotated[Job, Depends(_model)]
