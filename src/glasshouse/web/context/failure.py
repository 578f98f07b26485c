"""A job that failed: what happened and the next step, in the language of the page, by the code of its failure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glasshouse.store.records import Failure, JobKind, JobRecord
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.resource import DATASET

__all__ = ["AGAIN", "NextStep", "next_step"]

# resuming alone fails in the same way
AGAIN = {Failure.NOT_FINITE, Failure.NETWORK, Failure.WEIGHTS, Failure.RECIPE, Failure.FAULT}


@dataclass(frozen=True)
class NextStep:
    """What happened (empty where only the reason tells it), what to do, and whether resuming alone makes sense."""

    happened: str
    text: str
    resume: bool = True


def next_step(_: Callable[[str], str], job: JobResource | JobRecord, kept: bool = False) -> NextStep | None:
    """Return what happened to a failed job and what to do about it; None if it did not fail."""
    if job.state != "failed":
        return None
    failure = job.failure or ""
    happened = _happened(_).get(failure, "")
    if job.kind == DATASET:
        return NextStep(happened, _of_dataset(_, failure))
    if job.kind in (JobKind.EVALUATE, JobKind.CLASSIFY, JobKind.EXPLAIN, JobKind.EXPORT):
        usual = _("Put right what is named, and try again.")
        return NextStep(happened, _of_answers(_).get(failure, usual))
    if job.kind == JobKind.SEARCH or getattr(job, "searches", False):
        usual = _("Put right what is named and resume; what was found is kept.")
        return NextStep(happened, _of_search(_).get(failure, usual), failure not in AGAIN)
    if job.kind == JobKind.WEIGHTS:
        return NextStep(happened, _of_answers(_).get(failure, _("Put right what is named, and try again.")), False)
    usual = (_("Resume goes on from the last checkpoint; or clone the model with other settings.") if kept else
             _("Put right what is named and resume, or clone the model with other settings."))  # fmt: skip
    return NextStep(happened, _of_training(_).get(failure, usual), failure not in AGAIN)


def _happened(_: Callable[[str], str]) -> Mapping[str, str]:
    return {
        Failure.NOT_FINITE: _("The loss grew beyond all numbers: the learning rate is too high for this network."),
        Failure.MEMORY: _("The memory ran out."),
        Failure.DATASET: _("Its dataset is gone or damaged."),
        Failure.SOURCE: _("Its pictures could not be used."),
        Failure.NETWORK: _("The network does not exist, or does not fit these pictures."),
        Failure.WEIGHTS: _("The weights could not be used."),
        Failure.RECIPE: _("Its settings do not fit together."),
        Failure.MODEL: _("A model that it needs is gone or damaged."),
        Failure.DISK: _("The disk is full."),
        Failure.FILE: _("A file could not be read or written."),
        Failure.GPU: _("The GPU failed."),
        Failure.KILLED: _("Its process was killed."),
        Failure.LOST: _("Its process vanished again and again."),
        Failure.DEPENDENCY: _("The dataset that it waited for was not made."),
        Failure.FAULT: _("Something unexpected happened, most likely a fault of the program."),
    }


def _of_training(_: Callable[[str], str]) -> Mapping[str, str]:
    return {
        Failure.NOT_FINITE: _("Clone the model with a learning rate ten times lower: resuming would come to the same "
                              "step again."),
        Failure.MEMORY: _("Clone the model with half the batch size, smaller pictures or a smaller network; or end "
                          "other programs and resume."),
        Failure.DATASET: _("Put the dataset back where it was and resume; or make it again and clone the model on it."),
        Failure.NETWORK: _("Clone the model with another network, or on a dataset with larger pictures."),
        Failure.WEIGHTS: _("Clone the model with other weights, or with none."),
        Failure.RECIPE: _("Clone the model and change the settings that are named."),
        Failure.DISK: _("Empty the bin or delete old checkpoints, then resume."),
        Failure.FILE: _("Put the file back or allow it to be read, then resume."),
        Failure.GPU: _("Resume it: it goes to a GPU that works. The one that failed is tried before it gets another "
                       "job."),
        Failure.KILLED: _("Resume it. If it is killed again, its log and that of the computer may show by whom."),
        Failure.DEPENDENCY: _("Look at the dataset and try it again; then resume this."),
        Failure.FAULT: _("Resuming would most likely come to it again: clone the model with other settings, and report "
                         "what the log says."),
    }  # fmt: skip


def _of_search(_: Callable[[str], str]) -> Mapping[str, str]:
    return {
        Failure.MEMORY: _("End other programs and resume; what was found is kept."),
        Failure.DATASET: _("Put the dataset back where it was and resume; or make it again and search anew."),
        Failure.DISK: _("Empty the bin or delete old checkpoints, then resume."),
        Failure.GPU: _("Resume it: it goes to a GPU that works. The one that failed is tried before it gets another "
                       "job."),
        Failure.DEPENDENCY: _("Look at the dataset and try it again; then resume this."),
    }  # fmt: skip


def _of_dataset(_: Callable[[str], str], failure: str) -> str:
    found: Mapping[str, str] = {
        Failure.MEMORY: _("Choose smaller pictures or end other programs, then try again."),
        Failure.DISK: _("Empty the bin or choose smaller pictures, then try again."),
        Failure.KILLED: _("Try again. If it is killed again, its log and that of the computer may show by whom."),
        Failure.FILE: _("Put the file back or allow it to be read, then try again."),
        Failure.SOURCE: _("Put pictures there, in a folder for each class, and try again; or clone the dataset with "
                          "another folder."),
        Failure.FAULT: _("It would most likely happen again: clone the dataset with other settings, and report what "
                         "the log says."),
    }  # fmt: skip
    usual = _("Put right what is named and try again, or clone the dataset with other settings.")
    return found.get(failure, usual)


def _of_answers(_: Callable[[str], str]) -> Mapping[str, str]:
    return {
        Failure.MEMORY: _("End other programs, then try again."),
        Failure.DATASET: _("Put the dataset back where it was, then try again."),
        Failure.SOURCE: _("Put the pictures back where they were, or choose others, and try again."),
        Failure.MODEL: _("Put the model's files back where they were; or clone the model, train it again and use "
        "that one."),
        Failure.DISK: _("Empty the bin or delete old checkpoints, then try again."),
        Failure.FILE: _("Put the file back or allow it to be read, then try again."),
        Failure.GPU: _("Try again: it goes to a GPU that works. The one that failed is tried before it gets another "
                       "job."),
        Failure.KILLED: _("Try again. If it is killed again, its log and that of the computer may show by whom."),
        Failure.FAULT: _("It would most likely happen again: report what the log says."),
    }  # fmt: skip
