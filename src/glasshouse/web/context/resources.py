"""Datasets, models and networks as pages show them to the person who asks."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends

from glasshouse.errors import MissingError
from glasshouse.store.datasets import dataset_groups, get_dataset, list_datasets
from glasshouse.store.jobs import get_job, list_jobs
from glasshouse.store.models import get_model, list_models, model_groups
from glasshouse.store.networks import get_network, network_groups
from glasshouse.store.ownership import Listing
from glasshouse.store.records import JobKind, JobRecord
from glasshouse.web.context.job_resource import JobResource, dataset_resource, model_resource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resource import NetworkResource, Resource, network_resource

__all__ = [
    "DatasetInPath",
    "ModelInPath",
    "datasets_and_models",
    "find_classification",
    "find_dataset",
    "find_model",
    "find_network",
    "find_resource",
    "group_names",
    "latest_evaluation",
]

MOST = 10_000


def datasets_and_models(context: RequestContext) -> list[JobResource]:
    """Return all datasets and models that are not in the bin, newest first."""
    store, user, listing = context.store, context.user, Listing(limit=MOST)
    found = [dataset_resource(store, one, user) for one in list_datasets(store, user, listing)]
    found += [model_resource(store, one, user) for one in list_models(store, user, listing)]
    return sorted(found, key=lambda one: one.created, reverse=True)


def find_classification(context: RequestContext, model: JobResource, key: str) -> JobRecord:
    """Return the classification ``key`` by a model.

    Raises:
        MissingError: there is none.
    """
    work = get_job(context.store, key, context.user)
    if work.kind is not JobKind.CLASSIFY or work.model_id != model.id:
        raise MissingError("There is no classification {number} by this model.", number=key)
    return work


def find_dataset(context: RequestContext, key: str) -> JobResource:
    """Return one dataset, in the bin too."""
    return dataset_resource(context.store, get_dataset(context.store, key, context.user), context.user)


def find_model(context: RequestContext, key: str) -> JobResource:
    """Return one model, in the bin too."""
    return model_resource(context.store, get_model(context.store, key, context.user), context.user)


def find_network(context: RequestContext, key: str) -> NetworkResource:
    """Return one network, in the bin too."""
    return network_resource(get_network(context.store, key, context.user), context.user)


def find_resource(context: RequestContext, kind: str, key: str) -> Resource:
    """Return the dataset, the model or the network ``key``; ``kind`` is the first word of its address.

    Raises:
        MissingError: there is none.
    """
    ways: Mapping[str, Callable[[RequestContext, str], Resource]] = {
        "datasets": find_dataset, "models": find_model, "networks": find_network,
    }  # fmt: skip
    if kind not in ways:
        raise MissingError("There is nothing at /{kind}.", kind=kind)
    return ways[kind](context, key)


def group_names(context: RequestContext) -> list[str]:
    """Return the names of all groups; resources of every kind may be in one."""
    lists = (dataset_groups, model_groups, network_groups)
    return sorted({name for groups in lists for name in groups(context.store, context.user)})


def latest_evaluation(context: RequestContext, model: JobResource, split: str) -> JobRecord | None:
    """Return the latest job that scores a model on a split."""
    found = list_jobs(context.store, context.user, model_id=model.id, kind=JobKind.EVALUATE)
    return next((one for one in found if one.arguments.get("split") == split), None)


def _dataset_in_path(context: Context, key: str) -> JobResource:
    return find_dataset(context, key)


def _model_in_path(context: Context, key: str) -> JobResource:
    return find_model(context, key)


DatasetInPath = Annotated[JobResource, Depends(_dataset_in_path)]
ModelInPath = Annotated[JobResource, Depends(_model_in_path)]
