"""Who does the jobs, and how many at once, over the API."""

from fastapi import APIRouter
from pydantic import Field

from glasshouse.store.choices import Choices, change_choices, get_choices
from glasshouse.store.records import Role
from glasshouse.store.workers import WorkerRecord, list_workers
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import Shape

__all__ = ["router"]

router = APIRouter(prefix="/workers", tags=["jobs"])


class SlotOut(Shape):
    """A place for one job; ``aside`` is why nothing is begun there: its GPU failed."""

    name: str
    kinds: list[str]
    gpu: str | None
    job_id: str | None
    aside: str | None


class WorkerOut(Shape):
    """A computer's worker; ``silent`` seconds ago it was heard."""

    host: str
    version: str
    alive: bool
    silent: float
    slots: list[SlotOut]

    @classmethod
    def of(cls, worker: WorkerRecord, admin: bool) -> "WorkerOut":
        """Tell a worker; which job is where is an admin's to know, if there are accounts."""
        slots = [SlotOut(**{**slot, "job_id": slot["job_id"] if admin else None}) for slot in worker.slots]
        return cls(host=worker.host, version=worker.version, alive=worker.alive, silent=worker.silent, slots=slots)


class ChoicesShape(Shape):
    """Jobs at once on each computer; ``trainings`` null: one a GPU, or one on the processor."""

    trainings: int | None = Field(default=None, ge=1, le=64)
    datasets: int = Field(default=1, ge=1, le=16)
    answers: int = Field(default=1, ge=1, le=16)


class WorkersOut(Shape):
    items: list[WorkerOut]
    choices: ChoicesShape


@router.get("")
def show(context: Context) -> WorkersOut:
    """List the computers that do jobs, their slots, and how many jobs are done at once."""
    admin = context.user is None or context.user.role is Role.ADMIN
    choices = ChoicesShape(**get_choices(context.store).model_dump())
    return WorkersOut(items=[WorkerOut.of(one, admin) for one in list_workers(context.store)], choices=choices)


@router.put("/choices")
def choose(context: Context, choices: ChoicesShape) -> ChoicesShape:
    """Change how many jobs are done at once; workers follow within seconds."""
    change_choices(context.store, Choices(**choices.model_dump()), context.user)
    return choices
