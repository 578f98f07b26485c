"""What a person can do about a training that failed: the next step, in words, by what happened."""

from collections.abc import Callable
from dataclasses import dataclass

from glasshouse.web.pages.job import Job

__all__ = ["NextStep", "next_step"]


@dataclass(frozen=True)
class NextStep:
    """A sentence, and whether resuming makes sense before anything was changed."""

    text: str
    resume: bool = True


def next_step(_: Callable[[str], str], job: Job, kept: bool) -> NextStep | None:
    """Return what to do about a failed job; None where it did not fail."""
    if job.state != "failed":
        return None
    reason, detail = job.error.lower(), job.details
    if "NotFiniteError" in detail or "the loss is nan" in reason or "the loss is inf" in reason:
        return NextStep(_("Clone the model with a learning rate ten times lower: resuming would come to the same step "
                          "again."), resume=False)  # fmt: skip
    if "memory" in reason:
        return NextStep(_("Clone the model with half the batch size, smaller pictures or a smaller network; or end "
                          "other programs and resume."))  # fmt: skip
    if "DatasetError" in detail or "dataset" in reason:
        return NextStep(_("Put the dataset back where it was and resume; or make it again and clone the model on it."))
    if "disk is full" in reason:
        return NextStep(_("Empty the bin or delete old checkpoints, then resume."))
    if kept:
        return NextStep(_("Resume goes on from the last checkpoint; or clone the model with other settings."))
    return NextStep(_("Put right what is named and resume, or clone the model with other settings."))
