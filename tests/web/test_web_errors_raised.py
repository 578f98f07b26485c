"""Each kind of error, raised by what it is for and read in Korean, also after another process has raised it."""

import ast
import inspect
import pickle
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from library_messages import calls, trees

import glasshouse
from glasshouse import errors
from glasshouse.data.dataset import open_dataset
from glasshouse.data.decoding.picture import decode_as_stored
from glasshouse.data.samples import sample
from glasshouse.errors import DamageError, GlasshouseError
from glasshouse.evaluation.report import Report
from glasshouse.export.bundle import load_model
from glasshouse.jobs.space import check_space
from glasshouse.ladder.script import refuse_mixed
from glasshouse.ladder.story import Story
from glasshouse.messages import Message, Option, Value
from glasshouse.networks.catalogue import find
from glasshouse.networks.shelf.packs import pack
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.choices import Choices, change_choices
from glasshouse.store.database import open_store
from glasshouse.store.datasets import check_unused, get_dataset
from glasshouse.store.jobs import get_job
from glasshouse.store.models import get_model
from glasshouse.store.people import add_user
from glasshouse.store.records import JobKind, Role
from glasshouse.store.turns import Turns
from glasshouse.training.devices import enough_memory
from glasshouse.training.loop import resume, train
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.validation import PURPOSE
from glasshouse.web.framework.language import library_texts
from glasshouse.web.framework.translation import translated
from glasshouse.web.networks.form import classic
from studio_seed import Studio

KINDS = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
KOREAN = library_texts("ko")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
NAMES = re.compile(r"\w+[.:][a-z]+|--home|Glasshouse|JSON|torch|float32|\(Learner\)")  # files, options and products


@dataclass(frozen=True)
class World:
    """A Studio with a dataset and a model, and an empty folder for what is to be damaged."""

    studio: Studio
    place: Path

    @property
    def data(self) -> Path:
        store = self.studio.store
        return store.path(get_dataset(store, self.studio.dataset).folder)

    @property
    def run(self) -> Path:
        return self.studio.store.path(get_model(self.studio.store, self.studio.model).folder)

    def copied(self, folder: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
        """A copy of a folder, in which the file ``name`` is changed."""
        shutil.copytree(folder, self.place / "copy")
        file = self.place / "copy" / name
        file.write_bytes(change(file.read_bytes()))
        return self.place / "copy"


def trained(world: World, **fields: object) -> None:
    recipe = {"data": str(world.data), "network": "Dense128", "epochs": 1, "batch_size": 64, **fields}
    list(train(TrainingRecipe(**recipe), world.place / "run"))


def out_of_memory(world: World) -> None:
    with enough_memory(torch.device("cpu"), PURPOSE):
        np.empty(2**60, np.uint8)


def later_database(world: World) -> None:
    open_store(world.place / "home").close()
    with sqlite3.connect(world.place / "home" / "glasshouse.db") as database:
        database.execute("INSERT INTO migrations VALUES ('9999-later', 0)")
    database.close()
    open_store(world.place / "home")


def too_large(world: World) -> None:
    """Add weights to the shelf whose file is larger than any disk; it holds nothing."""
    store = world.studio.store
    job = get_job(store, get_dataset(store, world.studio.dataset).job_id)
    with (store.path("runs") / "huge.pth").open("wb") as file:
        file.truncate(2**43)
    check_space(store, replace(job, kind=JobKind.WEIGHTS, arguments={"file": "huge.pth"}))


def sent_away(world: World) -> None:
    turns = Turns(1, 1, 0, 0)
    with turns.taken(0, "mina"), turns.taken(0, "mina"):
        pass


def by_a_member(world: World) -> None:
    store = open_store(world.place / "home")
    try:
        change_choices(store, Choices(), add_user(store, "mina", "correct horse battery", Role.MEMBER))
    finally:
        store.close()


def mixed(world: World) -> None:
    recipe = TrainingRecipe(data=str(world.data), network="LeNet", precision="mixed")
    refuse_mixed(Story("pets", recipe, open_dataset(world.data), str(world.data), "cuda"), "layers")


TRIGGERS: dict[str, Callable[[World], object]] = {
    "BusyError": sent_away,
    "ConflictError": lambda w: check_unused(
        w.studio.store, get_dataset(w.studio.store, w.studio.dataset), even_if_used=False
    ),
    "DamagedDatasetError": lambda w: open_dataset(w.copied(w.data, "dataset.json", lambda text: text[:-40])),
    "DamagedModelError": lambda w: load_model(w.copied(w.run / "model", "weights.safetensors", lambda data: data[:99])),
    "DamagedRunError": lambda w: RunFolder.open(w.copied(w.run, "recipe.json", lambda text: text[:-40])).recipe,
    "DatasetError": lambda w: open_dataset(w.place / "none"),
    "GlasshouseError": lambda w: classic("NoSuchNet"),
    "InputError": lambda w: Report.from_dict({"split": "val"}),
    "LevelError": mixed,
    "MemoryLimitError": out_of_memory,
    "MissingError": lambda w: get_model(w.studio.store, "none"),
    "ModelError": lambda w: load_model(w.place),
    "NetworkError": lambda w: find("NoSuchNet"),
    "NoRoomError": too_large,
    "NotFiniteError": lambda w: trained(
        w, optimizer={"name": "sgd", "lr": 1e38}, schedule={"name": "constant"}
    ),
    "PictureError": lambda w: decode_as_stored(b"no picture"),
    "RecipeError": lambda w: TrainingRecipe(data="pets", network="LeNet", epochs=-1, batch_size="many"),
    "RefusedError": by_a_member,
    "ResumeError": lambda w: list(resume(w.place)),
    "RunError": lambda w: RunFolder.check_free(w.run),
    "SourceError": lambda w: sample("sample:none"),
    "StoreError": later_database,
    "UnknownImportError": lambda w: exec("from glasshouse import DataLoader", {}),
    "UnknownNameError": lambda w: glasshouse.DataLoader,
    "WeightsError": lambda w: pack(["none"], w.place / "pack.zip", w.place / "shelf"),
}  # fmt: skip


def test_each_kind_of_error_has_a_trigger() -> None:
    assert set(TRIGGERS) == set(KINDS) - {DamageError.__name__}, "name here what raises a new kind of error"
    called = {ast.unparse(call.func) for _, tree in trees() for call in calls(tree)}
    assert "DamageError" not in called and "ModelError" in called


@pytest.mark.parametrize("name", TRIGGERS)
def test_each_kind_of_error_is_told_in_korean(name: str, studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(KINDS[name]) as caught:
        TRIGGERS[name](World(studio, tmp_path))
    error = caught.value
    assert type(error) is KINDS[name] and isinstance(error, GlasshouseError)
    said = str(error)
    assert isinstance(said, Message) and said == error.message and said.template and said.values == error.message.values
    assert "{" not in said
    unknown = [text for text in templates_of(said) if re.search("[A-Za-z]{3}", text) and text not in KOREAN]
    assert unknown == []
    korean = translated(said, "ko")
    assert re.search("[가-힣]", korean)
    left = korean
    for value in sorted(values_of(said), key=len, reverse=True):
        left = left.replace(value, "")
    assert ENGLISH.findall(NAMES.sub("", left)) == [], korean
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == said and translated(str(again), "ko") == korean
    assert vars(again) == vars(error)


def templates_of(text: Value) -> Iterator[str]:
    """The own words of a message and of all messages in it, without the names in braces."""
    if isinstance(text, Message):
        if re.sub(r"\{\w+\}", "", text.template).strip(" \n;,.:"):
            yield text.template
        for value in text.values.values():
            yield from templates_of(value)


def values_of(text: Message) -> Iterator[str]:
    """What a message names: names, numbers, and what other libraries said."""
    for value in text.values.values():
        if isinstance(value, Message):
            yield from values_of(value)
        elif not isinstance(value, Option):
            yield str(value)
