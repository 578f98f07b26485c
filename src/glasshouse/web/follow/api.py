"""Follow one picture over the API: the same question and answer as on the page; and the network as a graph."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from glasshouse.errors import ConflictError, Problem, RecipeError
from glasshouse.explanation.layered import why_not
from glasshouse.messages import Message
from glasshouse.store.followed_pictures import keep_picture
from glasshouse.store.models import get_model
from glasshouse.store.predictor import put_question
from glasshouse.store.records import ModelRecord
from glasshouse.store.submit import check_member
from glasshouse.web.context.request_context import Context
from glasshouse.web.follow.shapes import FollowOut, GraphOut, UploadedPicture
from glasshouse.web.follow.view import View, answer, can_follow
from glasshouse.web.framework.sent_picture import check_picture

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}", tags=["models"])
LARGEST = 64 * 2**20


@router.get("/follow")
def follow(context: Context, model_id: str, view: Annotated[View, Query()]) -> FollowOut:
    """Tell a picture's way through the network, to the loss and back to one weight; ask again while it is working."""
    record = get_model(context.store, model_id, context.user)
    _check(record)
    return FollowOut.of(answer(context.store, record, view, context.user))


@router.post("/follow/upload", status_code=201)
async def upload_picture(context: Context, request: Request, model_id: str) -> UploadedPicture:
    """Keep a picture, whose file's bytes the body holds, to follow it as ``picture``."""
    record = await run_in_threadpool(get_model, context.store, model_id, context.user)
    check_member(context.user)
    data = await request.body()
    if not data or len(data) > LARGEST:
        raise RecipeError(
            "the picture",
            [Problem("body", Message("expected 1 byte to {LARGEST_PICTURE} MiB", LARGEST_PICTURE=LARGEST // 2**20))],
        )
    await run_in_threadpool(check_picture, data)
    return UploadedPicture(picture=await run_in_threadpool(keep_picture, context.store, record, data, context.user))


@router.get("/graph")
def graph(context: Context, model_id: str, level: Literal["folded", "all"] = "folded") -> GraphOut:
    """Tell the network as a graph: boxes and an SVG drawing; ask again while it is working."""
    record = get_model(context.store, model_id, context.user)
    _check(record)
    try:
        question = {"kind": "graph", "model": record.folder, "level": level}
        return GraphOut.model_validate(put_question(context.store, question, patience=1.5))
    except ConflictError:
        return GraphOut(state="working")


def _check(record: ModelRecord) -> None:
    if not can_follow(record.recipe):
        raise RecipeError("the network", [Problem("network", why_not(str(record.recipe.get("network"))))])
