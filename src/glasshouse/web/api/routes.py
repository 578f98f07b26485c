"""All routes of the API."""

from fastapi import APIRouter, Depends

from glasshouse.web.api import (
    answers,
    code,
    compare,
    datasets,
    estimates,
    files,
    follow,
    in_and_out,
    jobs,
    model_files,
    models,
    networks,
    people,
    pictures,
    presets,
    several,
    workers,
)
from glasshouse.web.api.bodies import check_body

__all__ = ["router"]

router = APIRouter(dependencies=[Depends(check_body)])
for part in (
    answers,
    compare,
    estimates,
    presets,
    datasets,
    pictures,
    models,
    follow,
    in_and_out,
    code,
    model_files,
    several,
    networks,
    jobs,
    workers,
    files,
    people,
):
    router.include_router(part.router)
