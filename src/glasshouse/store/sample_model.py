"""The sample in one step: a dataset of the bundled digits and a small model on it, both queued."""

from glasshouse.store.database import Store
from glasshouse.store.datasets import list_datasets
from glasshouse.store.ownership import Listing
from glasshouse.store.records import DatasetRecord, JobState, ModelRecord, UserRecord
from glasshouse.store.submit import NewDataset, NewModel, check_member, submit_dataset, submit_models

__all__ = ["SAMPLE", "submit_sample"]

SAMPLE = "sample:digits"
PICTURES = {"source": SAMPLE, "width": 28, "height": 28, "color": "gray", "valid": 0.25}
TRAINING = {"network": "LeNet", "epochs": 6, "batch_size": 32}
MOST = 1000  # datasets that are looked through


def submit_sample(store: Store, data_name: str, model_name: str, user: UserRecord | None = None) -> ModelRecord:
    """Queue the training of a small network on the bundled digits; a dataset of them that is there is used again.

    Raises:
        RefusedError: the person is a viewer.
    """
    check_member(user)
    data = _there(store, user) or submit_dataset(store, NewDataset(data_name, PICTURES), user)
    return submit_models(store, NewModel(model_name, data.id, TRAINING), user)[0]


def _there(store: Store, user: UserRecord | None) -> DatasetRecord | None:
    usable = (JobState.DONE, JobState.RUNNING, JobState.QUEUED)
    for one in list_datasets(store, user, Listing(limit=MOST)):
        if one.state in usable and all(one.recipe.get(name) == value for name, value in PICTURES.items()):
            return one
    return None
