"""All routes of the API."""

from fastapi import APIRouter

from glasshouse.web.api import datasets, files, jobs, models, people

__all__ = ["router"]

router = APIRouter()
for part in (datasets, models, jobs, files, people):
    router.include_router(part.router)
