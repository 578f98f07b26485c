"""One click that trains the sample and opens its followed picture."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from glasshouse.store.sample_model import submit_sample
from glasshouse.web.context.request_context import Context
from glasshouse.web.framework.language import texts

__all__ = ["router", "sample_names"]

router = APIRouter(include_in_schema=False)


@router.post("/sample")
def train(context: Context) -> RedirectResponse:
    """Queue a small training on the bundled digits; its page leads to a followed picture once it is done."""
    model = submit_sample(context.store, *sample_names(context.language), context.user)
    return RedirectResponse(f"/models/{model.id}?then=follow", 303)


def sample_names(language: str) -> tuple[str, str]:
    """Return what the dataset and the model of the sample are called in a language."""
    _ = texts(language).gettext
    return _("Handwritten digits"), _("Digits, LeNet")
