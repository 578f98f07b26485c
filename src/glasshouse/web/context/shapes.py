"""What the API tells and takes, field by field; a column of a table does not leak into it by itself."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from glasshouse.store.records import DatasetRecord, JobRecord, ModelRecord, UploadRecord

__all__ = [
    "CardOut",
    "Changes",
    "Classification",
    "DatasetList",
    "DatasetOut",
    "DatasetRequest",
    "EstimateOut",
    "EvaluationRequest",
    "Finish",
    "JobList",
    "JobOut",
    "LogOut",
    "MachineOut",
    "ModelList",
    "ModelOut",
    "ModelRequest",
    "Move",
    "NewUpload",
    "NextStepOut",
    "PlanOut",
    "PointsOut",
    "PresetOut",
    "RemarkOut",
    "Sweep",
    "Times",
    "UploadOut",
    "VerdictOut",
]


class Shape(BaseModel):
    """The base: fields that were not asked for are refused."""

    model_config = ConfigDict(extra="forbid")


class JobOut(Shape):
    """A job; times are seconds since 1970, ``progress`` is 0..1 of the whole job, ``failure`` a code of why."""

    id: str
    kind: str
    state: str
    title: str
    dataset_id: str | None
    model_id: str | None
    depends_on: str | None
    position: float
    arguments: dict[str, object]
    stage: str | None
    done: int
    total: int
    progress: float
    remaining: float | None
    notices: list[dict[str, str]]
    reason: str | None
    detail: str | None
    failure: str | None
    stopping: bool
    attempt: int
    result: dict[str, object] | None
    created_at: float
    started_at: float | None
    finished_at: float | None

    @classmethod
    def of(cls, job: JobRecord) -> Self:
        """Tell a job."""
        own = {name: getattr(job, name) for name in cls.model_fields if name not in ("stopping", "kind", "state")}
        return cls(**own, kind=str(job.kind), state=str(job.state), stopping=job.wish == "abort")


class DatasetOut(Shape):
    """A dataset; ``summary`` is what ``glasshouse dataset show --json`` prints, once it is made."""

    id: str
    name: str
    state: str
    owner_id: str | None
    shared: bool
    group_name: str
    notes: str
    recipe: dict[str, object]
    fingerprint: str | None
    pictures: int | None
    size: int | None
    summary: dict[str, object] | None
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None
    job: JobOut

    @classmethod
    def of(cls, record: DatasetRecord) -> Self:
        """Tell a dataset."""
        own = {name: getattr(record, name) for name in cls.model_fields if name not in ("job", "state", "summary")}
        summary = {k: v for k, v in record.summary.items() if k != "path"} if record.summary else None
        return cls(**own, summary=summary, state=str(record.state), job=JobOut.of(record.job))


class ModelOut(Shape):
    """A model; ``scores`` are those of its last epoch, and of the validation pictures when it is done.

    ``verdict`` is reported a single model that is done and scored, and not in lists.
    """

    id: str
    name: str
    state: str
    owner_id: str | None
    shared: bool
    group_name: str
    notes: str
    dataset_id: str | None
    dataset_name: str | None
    parent_id: str | None
    sweep_id: str | None
    search_id: str | None
    network: str
    recipe: dict[str, object]
    scores: dict[str, object]
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None
    job: JobOut
    verdict: "VerdictOut | None" = None

    @classmethod
    def of(cls, record: ModelRecord, verdict: Mapping[str, Any] | None = None) -> Self:
        """Tell a model; ``verdict`` is ``evaluation.verdict.Verdict.to_dict()``."""
        own = {name: getattr(record, name) for name in cls.model_fields if name not in ("job", "state", "verdict")}
        said = VerdictOut(**verdict) if verdict else None
        return cls(**own, state=str(record.state), job=JobOut.of(record.job), verdict=said)


class NextStepOut(Shape):
    """What to do next with a model: ``pretrained``, ``epochs``, ``pictures``, ``augmentation``, ``labels``, ``good``.

    ``low`` to ``high`` is the accuracy that it is expected to bring (0..1); ``classes`` those that need pictures.
    """

    kind: str
    message: str
    low: float
    high: float
    classes: list[str]


class VerdictOut(Shape):
    """What a finished model is worth, in a sentence, and the step that would help most; ``others`` help less.

    Accuracy and interval are of ``count`` validation pictures, ``wrong`` of which it got wrong.
    """

    accuracy: float
    interval: list[float]
    count: int
    wrong: int
    message: str
    step: NextStepOut
    others: list[NextStepOut]
    remarks: list[str]


class DatasetList(Shape):
    """A page of the ``count`` that fit; ``after`` and ``before`` are the marks of the pages around it, if any."""

    items: list[DatasetOut]
    count: int
    after: str | None = None
    before: str | None = None


class ModelList(Shape):
    """A page of the ``count`` that fit; ``after`` and ``before`` are the marks of the pages around it, if any."""

    items: list[ModelOut]
    count: int
    after: str | None = None
    before: str | None = None


class JobList(Shape):
    items: list[JobOut]


class PointsOut(Shape):
    """Points of a run's curves; start over from 0 if ``version`` is another than before, stop where ``ended``.

    ``progress`` is 0..1 of the whole job, which is now in ``stage``; ``stopping`` tells that it was aborted and keeps
    what it did first; ``remaining`` in seconds, ``epoch`` how many of ``epochs`` are done.
    An epoch has the 95 % ``interval`` of its accuracy on this many validation ``pictures``. ``remarks`` is what the
    curves say, most important first; ``machine`` how loaded the computer is, numbered on their own up to
    ``machine_last``. Numbers have five digits, as a drawing needs; the whole ones are in the run's ``events.jsonl``.
    """

    version: int
    last: int
    points: list[dict[str, object]]
    state: str
    ended: bool
    stage: str
    progress: float | None
    stopping: bool
    remaining: float | None
    epoch: int
    epochs: int | None
    steps_per_epoch: int | None
    remarks: list["RemarkOut"]
    machine: list["MachineOut"]
    machine_last: int


class LogOut(Shape):
    """What a job wrote, ``told`` in the reader's language; ask again from the byte ``last``, unless it ``ended``."""

    text: str
    told: str
    last: int
    ended: bool


class RemarkOut(Shape):
    """One thing that the curves say: a word for it, whether it is a warning, and the numbers behind it."""

    kind: str
    warm: bool
    numbers: dict[str, str]


class CardOut(Shape):
    """A GPU: percent of use, bytes of memory, degrees Celsius."""

    name: str
    use: float | None
    memory: int | None
    memory_total: int | None
    temperature: float | None


class MachineOut(Shape):
    """How loaded the computer was at a time (seconds since 1970).

    ``cpu`` is in percent of the whole computer, ``cpu_job`` of one core; memory and disk in bytes.
    """

    n: int
    at: float
    cpu: float | None
    cpu_job: float | None
    memory: int
    memory_job: int | None
    memory_total: int
    disk_free: int
    gpus: list[CardOut]


class DatasetRequest(Shape):
    """A dataset to make: ``recipe`` is a DatasetRecipe; its source a server path, ``upload:ID``, ``sample:digits``."""

    name: str
    recipe: dict[str, object]
    group_name: str = Field("", max_length=120)
    notes: str = Field("", max_length=20_000)
    shared: bool = False


class ModelRequest(Shape):
    """Models to train: ``recipe`` is a TrainingRecipe without ``data``; ``sweep`` has lists of lr and batch_size."""

    name: str
    dataset_id: str
    recipe: dict[str, object]
    group_name: str = Field("", max_length=120)
    notes: str = Field("", max_length=20_000)
    shared: bool = False
    parent_id: str | None = None
    sweep: "Sweep | None" = None


class Sweep(Shape):
    """Learning rates and batch sizes, each pair of which becomes a model; an empty list leaves the recipe's own."""

    lr: list[float] = []
    batch_size: list[int] = []


class EstimateOut(Shape):
    """Seconds of the whole job and bytes of memory on ``device``; ``kind``: measured by a ``trial`` or on a ``run``.

    ``busy`` tells that other work ran while it was measured, so that it may be quicker.
    """

    seconds: float
    memory: int
    device: str
    kind: str
    busy: bool


class PresetOut(Shape):
    """A way to train: ``key`` is fast, balanced or accurate, ``recipe`` what a new model may be asked for with.

    ``estimate`` is None if nothing like it was measured on this computer; ``POST /trials/estimate`` measures it.
    """

    key: str
    name: str
    about: str
    recipe: dict[str, object]
    estimate: EstimateOut | None


class PlanOut(Shape):
    """How many models a sweep makes, of how many rates and batch sizes; ``one``: what one takes, None if unmeasured."""

    models: int
    rates: int
    sizes: int
    one: EstimateOut | None


class Changes(Shape):
    """What may be changed; with ``revision`` the change is refused where somebody else was quicker."""

    name: str | None = None
    notes: str | None = None
    group_name: str | None = None
    shared: bool | None = None
    revision: int | None = None


class EvaluationRequest(Shape):
    split: str = "val"
    dataset_id: str | None = None


class Classification(Shape):
    """Many pictures to classify: a server path of a folder, archive or list, or ``upload:ID``.

    ``checkpoint`` names the epoch that answers, as ``GET checkpoints`` lists it; without it the model does, or the
    best epoch of a training that has none yet.
    """

    source: str
    title: str = Field("", max_length=120)
    checkpoint: str = Field("", max_length=120)


class Move(Shape):
    """Where a queued job goes: before another queued one, or (None) to the end."""

    before: str | None = None


class Times(Shape):
    """How many epochs more."""

    epochs: int = Field(ge=1, le=100_000)


class NewUpload(Shape):
    name: str = Field("upload", max_length=200)


class Finish(Shape):
    """``sha256`` maps names of files to their digests, which are checked."""

    sha256: dict[str, str] = {}


class UploadOut(Shape):
    id: str
    name: str
    finished: bool
    source: str

    @classmethod
    def of(cls, record: UploadRecord) -> Self:
        """Tell an upload; ``source`` is how a recipe names it."""
        return cls(
            id=record.id, name=record.name, finished=record.finished_at is not None, source=f"upload:{record.id}"
        )


ModelOut.model_rebuild()
ModelRequest.model_rebuild()
PointsOut.model_rebuild()
