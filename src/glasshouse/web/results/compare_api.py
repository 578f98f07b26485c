"""Comparing models over the API."""

from itertools import combinations
from typing import Annotated

from fastapi import APIRouter, Query

from glasshouse.errors import MissingError, Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.store.models import get_model
from glasshouse.store.records import ModelRecord
from glasshouse.store.results import read_answers, result_place
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.results.comparison import differences, paired
from glasshouse.web.results.shapes import ComparedOut, ComparisonOut, PairOut, SettingOut

__all__ = ["router"]

router = APIRouter(prefix="/compare", tags=["answers"])
MOST = 6
DATASETS = Message("the models learnt from different datasets, so their answers are of other pictures")
ANSWERS = Message("a model has no answers picture by picture on the validation split; queue its evaluation on val")


@router.get("")
def compare(context: Context, model: Annotated[list[str], Query()]) -> ComparisonOut:
    """Compare two to six models: scores, settings with differences marked, and each pair by the paired test."""
    keys = list(dict.fromkeys(model))
    if not 2 <= len(keys) <= MOST:
        raise RecipeError(
            "the comparison",
            [Problem("model", Message("expected 2 to {MOST} models, got {keys}", MOST=MOST, keys=len(keys)))],
        )
    records = [get_model(context.store, key, context.user) for key in keys]
    rows = differences([one.recipe for one in records])
    return ComparisonOut(
        models=[ComparedOut.of(one) for one in records],
        settings=[SettingOut(name=name, values=values, differ=differ) for name, values, differ in rows],
        pairs=[_pair(context, first, second) for first, second in combinations(records, 2)],
    )


def _pair(context: RequestContext, first: ModelRecord, second: ModelRecord) -> PairOut:
    if first.dataset_id is None or first.dataset_id != second.dataset_id:
        return PairOut(first=first.id, second=second.id, reason=DATASETS)
    try:
        found = paired(*(read_answers(result_place(context.store.path(one.folder), "val")) for one in (first, second)))
    except MissingError:
        found = None
    if found is None:
        return PairOut(first=first.id, second=second.id, reason=ANSWERS)
    return PairOut(
        first=first.id,
        second=second.id,
        count=found.count,
        only_first=found.only_first,
        only_second=found.only_second,
        p=found.p,
        told_apart=found.told_apart,
        changed=list(found.changed),
    )
