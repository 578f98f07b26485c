"""What pages ask of the store as one person sees it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from glasshouse.errors import MissingError
from glasshouse.store.database import Store
from glasshouse.store.datasets import dataset_groups, dependants, get_dataset, list_datasets
from glasshouse.store.jobs import abort_job, list_jobs, resume_job
from glasshouse.store.models import get_model, list_models, model_groups
from glasshouse.store.networks import get_network, network_groups
from glasshouse.store.ownership import Listing, check_change
from glasshouse.store.people import note
from glasshouse.store.places import complete_path
from glasshouse.store.records import DatasetRecord, JobKind, JobRecord, ModelRecord, Role, UserRecord
from glasshouse.store.submit import (
    NewDataset,
    NewModel,
    submit_dataset,
    submit_evaluation,
    submit_models,
)
from glasshouse.web.context.job import DATASET, MODEL, Job, dataset_job, model_job
from glasshouse.web.context.resource import WAYS, OwnNetwork, Thing, own_network

__all__ = ["DATASET", "MODEL", "Desk", "Job"]

MOST = 10_000


class Desk:
    """The store as one person sees it; ``user`` None means that there are no accounts.

    ``said`` is what was written into the audit log, for the guard, which writes down what else was changed.
    """

    def __init__(self, store: Store, user: UserRecord | None = None, said: list[str] | None = None) -> None:
        self.store = store
        self.user = user
        self.said = [] if said is None else said

    def jobs(self, binned: bool = False) -> list[Job]:
        """Return all datasets and models, newest first; ``binned``: those in the bin instead."""
        listing = Listing(binned=binned, limit=MOST)
        found = [dataset_job(self.store, one, self.user) for one in list_datasets(self.store, self.user, listing)]
        found += [model_job(self.store, one, self.user) for one in list_models(self.store, self.user, listing)]
        return sorted(found, key=lambda job: job.created, reverse=True)

    def dataset(self, key: str) -> Job:
        """Return one dataset, in the bin too."""
        return dataset_job(self.store, get_dataset(self.store, key, self.user), self.user)

    def model(self, key: str) -> Job:
        """Return one model, in the bin too."""
        return model_job(self.store, get_model(self.store, key, self.user), self.user)

    def network(self, key: str) -> OwnNetwork:
        """Return one network, in the bin too."""
        return own_network(get_network(self.store, key, self.user), self.user)

    def find(self, kind: str, key: str) -> Thing:
        """Return the dataset, the model or the network ``key``.

        Raises:
            MissingError: there is none.
        """
        ways: Mapping[str, Callable[[str], Thing]] = {
            "datasets": self.dataset, "models": self.model, "networks": self.network,
        }  # fmt: skip
        if kind not in ways:
            raise MissingError("There is nothing at /{kind}.", kind=kind)
        return ways[kind](key)

    def groups(self) -> list[str]:
        """Return the names of all groups; things of every kind may be in one."""
        return sorted(
            {name for of in (dataset_groups, model_groups, network_groups) for name in of(self.store, self.user)}
        )

    def users_of(self, key: str) -> list[tuple[str, str]]:
        """Return (id, name) of the models that learn from a dataset."""
        return dependants(self.store, key, self.user)

    def make_dataset(self, new: NewDataset) -> str:
        """Queue a dataset and return its id."""
        return self.noted("dataset-create", submit_dataset(self.store, new, self.user).id, new.name)

    def make_models(self, new: NewModel) -> list[str]:
        """Queue a training, or one for each pair of a sweep; return their ids."""
        return [self.noted("model-create", one.id, one.name) for one in submit_models(self.store, new, self.user)]

    def abort(self, job: Job) -> None:
        """Ask a job to stop; what it kept stays."""
        self._check(job)
        abort_job(self.store, self._record(job).job_id, self.user)
        self.noted(f"{job.kind}-abort", job.id, job.name)

    def resume(self, job: Job) -> None:
        """Queue an aborted or failed job again, from its last checkpoint."""
        self._check(job)
        resume_job(self.store, self._record(job).job_id, self.user)
        self.noted(f"{job.kind}-resume", job.id, job.name)

    def restore(self, job: Thing) -> None:
        """Take a thing out of the bin."""
        WAYS[job.kind].restore(self.store, [job.id], self.user)
        self.noted(f"{job.kind}-restore", job.id, job.name)

    def empty(self, job: Thing) -> None:
        """Delete what is in the bin for good, with its files."""
        WAYS[job.kind].empty(self.store, job.id, self.user)
        self.noted(f"{job.kind}-delete", job.id, job.name)

    def change(self, job: Thing, changes: Mapping[str, Any]) -> None:
        """Change ``name``, ``notes``, ``group_name`` or ``shared``; ``revision`` notices another's change.

        Raises:
            ConflictError: somebody else changed it meanwhile.
        """
        WAYS[job.kind].change(self.store, job.id, dict(changes), self.user)
        words = {"name": job.name, "notes": job.notes, "group_name": job.group, "shared": job.shared}
        differ = [f"{name} was {old!r}" for name, old in words.items() if changes.get(name, old) != old]
        if differ:
            self.noted(f"{job.kind}-change", job.id, f"{changes.get('name', job.name)}: {'; '.join(differ)}")

    def completions(self, start: str) -> list[str]:
        """Return the paths on the server that ``start`` may grow into."""
        return complete_path(self.store, start)

    def folders(self) -> list[Path]:
        """Return the folders of the server that a person may name."""
        return list(self.store.folders)

    def suggested(self) -> list[Path]:
        """Return the folders of the server that a page proposes: not to members, whose folders they are not."""
        return self.folders() if self.user is None or self.user.role is Role.ADMIN else []

    def evaluate(self, job: Job, split: str) -> None:
        """Queue the scoring of a model on a split; ``test`` opens the seal."""
        submit_evaluation(self.store, job.id, split, user=self.user)
        self.noted("model-evaluate", job.id, split)

    def evaluation(self, job: Job, split: str) -> JobRecord | None:
        """Return the latest job that scores a model on a split."""
        found = list_jobs(self.store, self.user, model_id=job.id, kind=JobKind.EVALUATE)
        return next((one for one in found if one.arguments.get("split") == split), None)

    def _check(self, job: Job) -> None:
        """Refuse a change by who may only look."""
        check_change(self._record(job), self.user)

    def noted(self, action: str, key: str, detail: str) -> str:
        """Write into the audit log, where there are accounts; return ``key``."""
        if self.user is not None:
            self.said.append(action)
            note(self.store, self.user, action, key, detail)
        return key

    def _record(self, job: Job) -> DatasetRecord | ModelRecord:
        return (get_dataset if job.kind == DATASET else get_model)(self.store, job.id, self.user)
