"""The accuracy to expect of a way to train: seen on these pictures, else in an example of photographs, else unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.resource import MODEL
from glasshouse.web.new_model.presets import SMALL_SIDE, Preset

__all__ = ["PRETRAINED_START", "RANDOM_START", "Expected", "expected_of"]


@dataclass(frozen=True)
class Expected:
    """A part of pictures that was right, with its 95 % interval; ``model`` reached it here, None: an example did."""

    accuracy: float
    low: float
    high: float
    model: JobResource | None = None


# 75 validation pictures after 225 photographs of 10 classes (Imagenette): features of EfficientNetLite0 and a linear
# head, three minutes; ResNet18 from random weights, eight minutes
PRETRAINED_START = Expected(0.947, 0.871, 0.979)
RANDOM_START = Expected(0.253, 0.169, 0.362)


def expected_of(
    jobs: Sequence[JobResource], chosen: JobResource | None, ways: Sequence[Preset], known: str | None
) -> Mapping[str, Expected | None]:
    """Return for each card what it is likely to reach on the chosen dataset, None if nothing is known of it.

    ``known`` is the network whose weights a search may begin with. A finished model on the same dataset that was
    trained in the same way counts before the example, which is of photographs.
    """
    if chosen is None:
        return {}
    done = [one for one in jobs if one.kind == MODEL and one.dataset == chosen.id and one.state == "done"]
    found: dict[str, Expected | None] = {
        way.key: _seen([one for one in done if _same(one, way)]) or _example(chosen, way.recipe.get("weights"))
        for way in ways
    }
    searched = _seen([one for one in done if one.searches])
    return {**found, "search": searched or _example(chosen, "pretrained" if known else "none")}


def _same(model: JobResource, way: Preset) -> bool:
    fields = ("network", "strategy", "epochs") if "epochs" in way.recipe else ("network", "strategy")
    return not model.searches and all(model.recipe.get(name) == way.recipe.get(name) for name in fields)


def _seen(models: Sequence[JobResource]) -> Expected | None:
    scored = [one for one in models if one.score is not None and one.interval is not None]
    if not scored:
        return None
    latest = max(scored, key=lambda one: one.created)
    assert latest.score is not None and latest.interval is not None
    return Expected(latest.score, *latest.interval, latest)


def _example(chosen: JobResource, weights: object) -> Expected | None:
    """Return what the example of photographs reached, for a dataset of such pictures."""
    side = min(int(chosen.recipe.get("width", 224)), int(chosen.recipe.get("height", 224)))
    if side <= SMALL_SIDE or chosen.recipe.get("color") == "gray":
        return None
    return PRETRAINED_START if weights == "pretrained" else RANDOM_START
