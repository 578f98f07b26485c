"""The kinds of jobs as pages show them: each has a line here, its word and where its page is."""

from collections.abc import Callable, Mapping
from functools import cache

from glasshouse.store.records import JobKind, JobRecord
from glasshouse.web.framework.language import texts

__all__ = ["ADDRESSES", "address_of", "kind_words", "stage_words"]

# the page of a model that shows what an explanation found, by its word
EXPLAINED: Mapping[str, str] = {
    "checks": "explanations", "filters": "layers", "hidden": "shortcuts", "map": "map", "shortcuts": "shortcuts",
    "statistics": "layers/statistics",
}  # fmt: skip
ADDRESSES: Mapping[JobKind, Callable[[JobRecord], str]] = {
    JobKind.DATASET: lambda job: f"/datasets/{job.dataset_id}",
    JobKind.TRAIN: lambda job: f"/models/{job.model_id}",
    JobKind.EVALUATE: lambda job: f"/models/{job.model_id}/result?split={job.arguments.get('split', 'val')}",
    JobKind.CLASSIFY: lambda job: f"/models/{job.model_id}/many/{job.id}",
    JobKind.WEIGHTS: lambda job: "/weights",
    JobKind.SEARCH: lambda job: f"/models/{job.model_id}/search",
    JobKind.EXPLAIN: lambda job: f"/models/{job.model_id}/{EXPLAINED.get(job.arguments.get('do', ''), 'follow')}",
    JobKind.EXPORT: lambda job: f"/models/{job.model_id}/use#with-onnx",
}


def address_of(job: JobRecord) -> str:
    """Return where the page of a job is."""
    return ADDRESSES[job.kind](job)


@cache
def kind_words(language: str) -> Mapping[JobKind, str]:
    """Return what each kind of job does, in a language."""
    _ = texts(language).gettext
    return {
        JobKind.DATASET: _("making the dataset"),
        JobKind.TRAIN: _("training"),
        JobKind.EVALUATE: _("scoring"),
        JobKind.CLASSIFY: _("classifying"),
        JobKind.WEIGHTS: _("weights"),
        JobKind.SEARCH: _("searching for the best"),
        JobKind.EXPLAIN: _("looking inside"),
        JobKind.EXPORT: _("making an ONNX file"),
    }


@cache
def stage_words(language: str) -> Mapping[str, str]:
    """Return what a running job is doing, by its stage; "" is before it says anything."""
    _ = texts(language).gettext
    return {
        "": _("beginning"),
        "checking": _("checking the explanations"),
        "classifying": _("classifying"),
        "comparing": _("comparing the answers"),
        "evaluating": _("scoring"),
        "exporting": _("writing the file"),
        "features": _("computing features"),
        "fetching": _("fetching"),
        "filters": _("looking at what excites the filters"),
        "folds": _("scoring the folds"),
        "head": _("fitting the last layer"),
        "map": _("placing the pictures on the map"),
        "reading": _("reading the pictures"),
        "scoring": _("scoring"),
        "searching": _("searching"),
        "shortcuts": _("looking for shortcuts"),
        "statistics": _("measuring the layers"),
        "train": _("training"),
        "training": _("training"),
        "validating": _("looking at the validation pictures"),
        "writing": _("writing the dataset"),
    }
