"""Sources of pictures and of weights, as a form or the API names them: the paths that a recipe holds."""

from glasshouse.data.samples import SAMPLES
from glasshouse.errors import ConflictError, Problem, RecipeError, RefusedError, StoreError
from glasshouse.messages import Message
from glasshouse.store.database import Store
from glasshouse.store.models import get_model
from glasshouse.store.places import allowed_path, from_runs
from glasshouse.store.records import UserRecord
from glasshouse.store.uploads import get_upload, upload_source
from glasshouse.store.weights import weights_file

__all__ = ["source_path", "weights_path"]


def source_path(store: Store, source: object, name: str, user: UserRecord | None = None) -> str:
    """Return where a source lies, as jobs name it (relative to ``runs`` for what is inside the home).

    Raises:
        RecipeError: it is not allowed or not there; ``name`` is the field that is reported.
    """
    if not isinstance(source, str) or not source:
        raise RecipeError("the source", [Problem(name, "required")])
    try:
        if source.startswith("upload:"):
            return from_runs(upload_source(store, get_upload(store, source.removeprefix("upload:"), user)))
        if source.startswith("sample:"):
            return _sample(source, name)
        return str(allowed_path(store, source))
    except StoreError as error:
        raise RecipeError("the source", [Problem(name, str(error))]) from None


def _sample(source: str, field: str) -> str:
    if source not in SAMPLES:
        raise RecipeError(
            "the source",
            [
                Problem(
                    field,
                    Message("there is no {source}; there is {SAMPLES}", source=source[:80], SAMPLES=", ".join(SAMPLES)),
                )
            ],
        )
    return source


def weights_path(store: Store, weights: str, user: UserRecord | None) -> str:
    """Return weights as a recipe names them: ``none``, ``pretrained`` or a path, relative to ``runs`` in the home.

    Raises:
        StoreError: they are not there, or may not be seen.
    """
    if weights.startswith("model:"):
        _, model_id, *rest = weights.split(":", 2)
        model = get_model(store, model_id, user)
        inside = f"checkpoints/{rest[0]}" if rest else "model/weights.safetensors"
        if rest and ("/" in rest[0] or not rest[0].endswith(".safetensors")):
            raise RefusedError("{rest} is no checkpoint's name.", rest=rest[0])
        if not (store.path(model.folder) / inside).is_file():
            raise ConflictError("{name} has no {inside} yet.", name=model.name, inside=inside)
        return from_runs(f"{model.folder}/{inside}")
    if weights.startswith("upload:"):
        return from_runs(upload_source(store, get_upload(store, weights.removeprefix("upload:"), user)))
    if weights.startswith("shelf:"):
        return weights_file(store, weights.removeprefix("shelf:"))
    return weights if weights in ("none", "pretrained") else str(allowed_path(store, weights))
