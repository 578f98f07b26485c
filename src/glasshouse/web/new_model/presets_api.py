"""The cards of a new model, fast, balanced and accurate: what each trains on a dataset, and what that takes here."""

from fastapi import APIRouter, Request

from glasshouse.store.datasets import get_dataset
from glasshouse.store.submit import check_member
from glasshouse.web.context.job_resource import JobResource, dataset_resource
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import EstimateOut, PresetOut
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.new_model.estimate import estimate
from glasshouse.web.new_model.presets import Preset, preset_words, presets_for

__all__ = ["router"]

router = APIRouter(prefix="/presets", tags=["models"])


@router.get("")
def presets(request: Request, context: Context, dataset_id: str) -> list[PresetOut]:
    """List the ways to train on a dataset that need no knowledge, the quickest first; nothing is measured for it."""
    check_member(context.user)
    data = dataset_resource(context.store, get_dataset(context.store, dataset_id, context.user))
    words = preset_words(texts(language_of(request)).gettext)
    return [_preset_out(context, way, data, *words[way.key]) for way in presets_for(data.recipe)]


def _preset_out(context: Context, way: Preset, data: JobResource, name: str, about: str) -> PresetOut:
    found = estimate(context.store, way.recipe, data)
    known = EstimateOut(**vars(found)) if found else None
    return PresetOut(key=way.key, name=name, about=about, recipe=dict(way.recipe), estimate=known)
