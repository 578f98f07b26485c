"""Follow one picture, its numbers in every layer, and the graph of a network: answers that take longer than a class.

A question starts the work; who asks again is told how far it is, and then the answer. What was computed is kept for
the next question on the same picture, such as another layer or weight.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glasshouse.errors import InputError
from glasshouse.jobs.picture_work import PictureWork
from glasshouse.store.places import is_inside

if TYPE_CHECKING:
    from glasshouse.explanation.follow import Follow
    from glasshouse.export.predictor import Model

__all__ = ["FollowAnswers"]

WAIT = 1.0  # seconds that an asker waits before being told how far it is
KEPT = 3  # pictures; of a network with many weights only the latest
MANY = 5_000_000  # weights
SPLITS = ("train", "val")  # the test split stays sealed


class FollowAnswers:
    """Answers questions with ``kind`` follow, activations or graph about the models of one home."""

    def __init__(
        self, home: Path, load: Callable[[str], "Model"], prepared: Callable[["Model", bytes, str], Any]
    ) -> None:
        self.home = home
        self._load = load
        self._prepared = prepared
        self._works: OrderedDict[tuple[Any, ...], PictureWork] = OrderedDict()
        self._lock = threading.Lock()
        self._computing = threading.Lock()

    def answer(self, question: Mapping[str, Any], picture: bytes) -> dict[str, Any]:
        """Return ``{"state": "working", "done": 0..1}``, or ``state`` done with what was found, or a problem."""
        work = self._work(self._key(question, picture), lambda told: self._found(question, picture, told))
        if not work.ended.wait(WAIT):
            return {"state": "working", "done": work.done}
        if work.problem is not None:
            self._forget(work)
            return work.problem
        if question["kind"] != "follow":
            return {"state": "done", **work.found}
        with self._computing:
            return {"state": "done", **_story_data(work.found, question)}

    def _found(self, question: Mapping[str, Any], picture: bytes, told: Callable[[float], None]) -> Any:
        match question["kind"]:
            case "graph":
                return self._graph(question)
            case "activations":
                return self._activations(question, picture)
            case _:
                return self._follow(question, picture, told)

    def _work(self, key: tuple[Any, ...], compute: Callable[[Callable[[float], None]], Any]) -> PictureWork:
        with self._lock:
            if key not in self._works:
                self._works[key] = PictureWork(compute)
            self._works.move_to_end(key)
            large = self._works[key].found is not None and key[0] == "follow" and _weights(self._works[key]) > MANY
            while len(self._works) > (1 if large else KEPT):
                self._works.popitem(last=False)
            return self._works[key]

    def _forget(self, work: PictureWork) -> None:
        """A problem is not kept: it may have been put right."""
        with self._lock:
            for key in [key for key, one in self._works.items() if one is work]:
                del self._works[key]

    def _key(self, question: Mapping[str, Any], picture: bytes) -> tuple[Any, ...]:
        names = ("kind", "model", "moment", "data", "split", "row", "label", "level")
        folder = self._place(str(question["model"]))
        files = [folder / "model" / "model.json", *sorted((folder / "checkpoints").glob("*.safetensors"))]
        changed = max((file.stat().st_mtime for file in files if file.exists()), default=0.0)
        return (*[question.get(name) for name in names], hashlib.sha256(picture).hexdigest(), changed)

    def _follow(self, question: Mapping[str, Any], picture: bytes, told: Callable[[float], None]) -> "Follow":
        from glasshouse.explanation.follow import follow_pixels
        from glasshouse.explanation.moments import moment_of

        model = self._load(str(question["model"]))
        data = self._place(str(question["data"])) if question.get("data") else None
        pixels, label = self._pixels(model, data, question, picture)
        with self._computing:
            run = self._place(str(question["model"]))
            moment = moment_of(model, run, str(question.get("moment") or "best"), data)
            return follow_pixels(model, moment, pixels, question.get("label") or label, told)

    def _activations(self, question: Mapping[str, Any], picture: bytes) -> dict[str, Any]:
        from glasshouse.explanation.layers.one_picture import picture_layers
        from glasshouse.explanation.maps import data_address
        from glasshouse.explanation.opened import OpenedModel

        model = self._load(str(question["model"]))
        data = self._place(str(question["data"])) if question.get("data") else None
        pixels, label = self._pixels(model, data, question, picture)
        with self._computing:
            p = model.probabilities(pixels[None])[0]
            best = int(p.argmax())
            said = {"answer": model.classes[best], "probability": float(p[best])}
            seen = {"picture": data_address(pixels, 256), "label": label}
            return {**seen, **said, **picture_layers(OpenedModel(model), pixels)}

    def _pixels(
        self, model: "Model", data: Path | None, question: Mapping[str, Any], picture: bytes
    ) -> tuple[Any, str | None]:
        """The picture as the network's dataset holds it, and its true class if that is known."""
        if not question.get("split"):
            return self._prepared(model, picture, str(question.get("who", ""))), None
        from glasshouse.data.dataset import open_dataset

        name, row = str(question["split"]), int(question.get("row") or 0)
        if data is None or name not in SPLITS:
            raise InputError(
                "a picture is followed from {SPLITS}, or uploaded; not from {name}",
                SPLITS=" or ".join(SPLITS),
                name=repr(name),
            )
        dataset = open_dataset(data)
        split = dataset.splits.get(name)
        if split is None or not 0 <= row < len(split):
            count = 0 if split is None else len(split)
            raise InputError(
                "the {name} split has {count} pictures, counted from 0; there is no picture {row}",
                name=name,
                count=count,
                row=row,
            )
        import numpy as np

        return split.rows(np.array([row]))[0], dataset.classes[int(split.labels[row])]

    def _graph(self, question: Mapping[str, Any]) -> dict[str, Any]:
        from glasshouse.explanation.layered import opening_of
        from glasshouse.layers.diagram import Diagram

        with self._computing:
            model = self._load(str(question["model"]))
            net = opening_of(model.description).network(model.module.state_dict())
            diagram = Diagram.of(net, folded=question.get("level") != "all")
            return {"svg": diagram.to_svg(), **diagram.to_dict()}

    def _place(self, folder: str) -> Path:
        place = (self.home / folder).resolve()
        if not is_inside(place, self.home):
            raise InputError("{folder} is no folder of this Studio.", folder=folder)
        return place


def _weights(work: PictureWork) -> int:
    return int(work.found.walk.net.parameters)


def _story_data(story: "Follow", question: Mapping[str, Any]) -> dict[str, Any]:
    from glasshouse.explanation.plain_data import tell

    index = question.get("index")
    return tell(
        story, question.get("layer"), int(question.get("channel") or 0), question.get("weight"),
        tuple(int(i) for i in index) if index is not None else None,
    )  # fmt: skip
