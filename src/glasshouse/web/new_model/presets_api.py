"""The cards of a new model, fast, balanced and accurate: what each trains on a dataset, and what that takes here."""

from fastapi import APIRouter, Request

from glasshouse.store.datasets import get_dataset
from glasshouse.store.submit import check_member
from glasshouse.web.context.context import Here
from glasshouse.web.context.job import Job, dataset_job
from glasshouse.web.context.shapes import EstimateOut, PresetOut
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.new_model.estimate import estimate
from glasshouse.web.new_model.presets import Preset, preset_words, presets_for

__all__ = ["router"]

router = APIRouter(prefix="/presets", tags=["models"])


@router.get("")
def presets(request: Request, here: Here, dataset_id: str) -> list[PresetOut]:
    """List the ways to train on a dataset that need no knowledge, the quickest first; nothing is measured for it."""
    check_member(here.user)
    data = dataset_job(here.store, get_dataset(here.store, dataset_id, here.user))
    words = preset_words(texts(language_of(request)).gettext)
    return [_told(here, way, data, *words[way.key]) for way in presets_for(data.recipe)]


def _told(here: Here, way: Preset, data: Job, name: str, about: str) -> PresetOut:
    found = estimate(here.store, way.recipe, data)
    known = EstimateOut(**vars(found)) if found else None
    return PresetOut(key=way.key, name=name, about=about, recipe=dict(way.recipe), estimate=known)
