"""Why a model gave its answer, over the API: of a picture of its dataset or one that is sent; and the checks of it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from glasshouse.errors import Problem, RecipeError
from glasshouse.explanation.checks.result import Check
from glasshouse.messages import Message
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import find_model
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.explained.lists import Asked, Method
from glasshouse.web.explained.shapes import CheckOut, ChecksOut, ExplanationOut
from glasshouse.web.explained.shown import checks_of
from glasshouse.web.explained.sources import ask, of_sent, of_split
from glasshouse.web.framework.sent_picture import check_picture

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}/explanations", tags=["models"])
LARGEST = 64 * 2**20
ClassName = Annotated[str, Query(alias="class", max_length=400)]


@router.get("/checks")
def checks(context: Context, model_id: str) -> ChecksOut:
    """Tell what is known of the checks of each method; POST explanations with the word checks computes them."""
    job = find_model(context, model_id)
    found = checks_of(job, dataset_of(context, job))
    return ChecksOut(checks=[_check(one.check) for one in found])


@router.get("/picture")
def picture(
    context: Context, model_id: str, split: str = "val", row: Annotated[int, Query(ge=0)] = 0,
    method: Method = "grad-cam", class_name: ClassName = "", values: bool = False,
) -> ExplanationOut:  # fmt: skip
    """Tell why the model gave its answer for a picture of its dataset; ask again while it is working."""
    asked = Asked.model_validate({"method": method, "class": class_name})
    job = find_model(context, model_id)
    return _told(ask(context, job, of_split(context, job, split, row, asked), asked, values), asked)


@router.post("/picture")
async def sent_picture(
    context: Context, request: Request, model_id: str, method: Method = "grad-cam", class_name: ClassName = "",
    values: bool = False,
) -> ExplanationOut:  # fmt: skip
    """Tell why the model gives its answer for a picture, whose file's bytes the body holds; it is not kept.

    While it is working, send it again.
    """
    job = await run_in_threadpool(find_model, context, model_id)
    data = await request.body()
    if not data or len(data) > LARGEST:
        raise RecipeError(
            "the picture",
            [Problem("body", Message("expected 1 byte to {LARGEST_PICTURE} MiB", LARGEST_PICTURE=LARGEST // 2**20))],
        )
    await run_in_threadpool(check_picture, data)
    asked = Asked.model_validate({"method": method, "class": class_name})
    return await run_in_threadpool(_of_sent, context, job, data, asked, values)


def _of_sent(context: RequestContext, job: JobResource, data: bytes, asked: Asked, values: bool) -> ExplanationOut:
    return _told(ask(context, job, of_sent(job, data), asked, values), asked)


def _told(found: Mapping[str, Any], asked: Asked) -> ExplanationOut:
    if found["state"] != "done":
        return ExplanationOut.model_validate({"state": "working", "method": asked.method})
    check = _check(Check.from_dict(found["check"]))
    if (told := found["explanation"]) is None:
        chances = list(zip(found["probabilities"], found["classes"]))
        best, label = max(chances)
        return ExplanationOut.model_validate(
            {"state": "done", "method": asked.method, "class": asked.class_name or label, "label": label,
             "probability": best, "check": check}
        )  # fmt: skip
    known = {name: told.get(name) for name in ("path", "label", "probability", "method", "class", "layer", "values")}
    return ExplanationOut.model_validate({"state": "done", **known, "notes": told["notes"], "check": check})


def _check(check: Check) -> CheckOut:
    told = check.to_dict()
    tests = [{name: one[name] for name in one if not name.endswith("_parts")} for one in told["tests"]]
    return CheckOut.model_validate({**{name: told[name] for name in CheckOut.model_fields}, "tests": tests})
