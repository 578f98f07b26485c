"""The dataset that a model learned from, opened for its pages."""

from glasshouse.data.dataset import Dataset
from glasshouse.errors import GlasshouseError
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import RequestContext
from glasshouse.web.context.resources import find_dataset
from glasshouse.web.datasets.explorer import opened

__all__ = ["dataset_of"]


def dataset_of(context: RequestContext, job: JobResource) -> Dataset | None:
    """Return the dataset of a model; None if it is gone."""
    try:
        return opened(find_dataset(context, job.dataset).folder) if job.dataset else None
    except GlasshouseError:
        return None
