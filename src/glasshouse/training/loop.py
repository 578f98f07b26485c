"""The training loop: one straight line from a recipe to a run's folder, and a generator of events.

Who wants to print, draw, store or stop is a ``for`` loop around it::

    for event in train(recipe, Path("run1")):
        print(event)

Read `_epochs` first: it is the loop. `setup.py` is what does not change in it, `state.py` what does and one step.
"""

import os
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TypeVar

from glasshouse.data.dataset import open_dataset
from glasshouse.errors import RecipeError
from glasshouse.evaluation.named_metrics import check_metrics
from glasshouse.events import CheckpointSaved, Event, Notice, RunFinished, RunStarted, StepDone
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.devices import enough_memory
from glasshouse.training.finalization import finish
from glasshouse.training.head_fitting import fit_head
from glasshouse.training.interrupts import Stopped, StopRequest, stop_request
from glasshouse.training.layer_measures import LayerMeasures
from glasshouse.training.position import Position
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.setup import TrainingResources, check_batches, gather, keep_frozen, load_frozen, prepare
from glasshouse.training.standing import Standing, check_fit, restore_events, standing_of
from glasshouse.training.state import TrainingState
from glasshouse.training.state_files import checkpoint_due, checkpoint_paths, restore_state, save_state
from glasshouse.training.validation import PURPOSE, Scores

__all__ = ["resume", "train"]

Result = TypeVar("Result")


def train(
    recipe: TrainingRecipe, out: str | Path, *, with_weights: bool = True, metrics: Sequence[str] = ()
) -> Iterator[Event]:
    """Train as ``recipe`` says and yield what happens; ``out`` becomes the run's folder.

    ``metrics`` are names of ``glasshouse.evaluation.named_metrics`` that each epoch tells on the validation pictures.
    Without ``with_weights`` the network starts from random ones whatever the recipe says, to measure how fast it is.

    Closing the iterator, Ctrl-C and SIGTERM leave a checkpoint, and ``resume`` goes on from it with the same numbers.

    Raises:
        InputError: the recipe, dataset, network or weights cannot be used; nothing was written.
        RunError: ``out`` is taken, or the training could not go on; what was kept is reported.
    """
    RunFolder.check_free(Path(out))
    metrics = check_metrics(metrics)
    if problems := list(recipe.start_problems()):
        raise RecipeError(recipe.title, problems)
    dataset = open_dataset(recipe.data)
    resources = gather(recipe.resolved(), dataset, with_weights=with_weights)
    check_batches(resources)
    run = RunFolder.create(Path(out), resources.recipe.replace(fingerprint=dataset.fingerprint))
    with run.lock(), run.log():
        if metrics:
            run.describe(metrics=list(metrics))
        yield from _recorded(run, _training(run, resources, None, ()))


def resume(run: str | Path, data: str | Path | None = None, checkpoint: str | None = None) -> Iterator[Event]:
    """Go on with the run in the folder ``run`` where its last checkpoint stands, and yield what happens.

    The final weights are those of an undisturbed run, bit for bit on the same machine. ``data`` says where the
    dataset lies now, if it is not found as the recipe names it, relative to the run, or beside it.
    ``checkpoint`` names another one to go on from, such as ``best`` or ``epoch-0003``: what came after it is trained
    again, and a run that was finished is finished anew.

    Raises:
        ResumeError: there is no such run or checkpoint, or it is being trained.
        DamagedRunError: its checkpoint, or another file that it needs, is damaged; what is whole is reported.
        DatasetError: the dataset is missing, damaged, or another one.
    """
    folder = RunFolder.open(Path(run))
    with folder.lock():
        recipe = folder.recipe
        if folder.facts().get("status") == "done" and checkpoint is None:
            there = Message(
                "{run} is finished: there is nothing to resume. Its model: {model}", run=run, model=folder.model
            )
            yield Notice("finished", there)
            return
        standing = standing_of(folder, checkpoint)
        dataset = open_dataset(folder.dataset_path(None if data is None else Path(data)))
        notes = _going_on(folder, standing and standing[1], checkpoint, dataset.classes)
        resources = gather(recipe, dataset, with_weights=not (standing or folder.frozen.exists()))
        if folder.frozen.exists():
            load_frozen(resources, folder.frozen)
        with folder.log(standing[1].events if standing else 0):
            yield from _recorded(folder, _training(folder, resources, standing, notes))


def _going_on(
    folder: RunFolder, position: Position | None, checkpoint: str | None, classes: Sequence[str]
) -> list[Notice]:
    """Compare what a run goes on from; return what is to be said before."""
    other = check_fit(folder, position, classes)
    notes = [Notice("epochs", other)] if other else []
    if position is not None and (told := restore_events(folder, position)):
        notes.append(Notice("events", told))
    if position is not None and checkpoint is not None:
        again = Message(
            "going on from {checkpoint}: {epochs} epochs were done, {steps} steps in all; what came after it is "
            "trained again",
            checkpoint=checkpoint,
            epochs=position.epoch,
            steps=f"{position.step:,}",
        )
        notes.append(Notice("from-checkpoint", again))
    return notes


def _recorded(run: RunFolder, events: Generator[Event]) -> Iterator[Event]:
    """Yield ``events``, each written to the run first; keep the run's status."""
    run.describe(status="running", pid=os.getpid(), error=None)
    done = False
    try:
        with closing(events):
            for event in events:
                run.record(event)
                if isinstance(event, RunFinished):
                    length, told = run.recorded()
                    run.describe(status="done", events={"bytes": length, "crc32": told})
                    done = True
                yield event
    except (KeyboardInterrupt, GeneratorExit):
        if not done:
            run.describe(status="interrupted")
        raise
    except Exception as error:
        run.describe(status="failed", error=str(error))
        raise


def _training(
    run: RunFolder, resources: TrainingResources, standing: Standing | None, notes: Iterable[Notice]
) -> Generator[Event]:
    with stop_request() as stop:
        yield from notes
        yield from resources.notes
        if resources.recipe.strategy == "features" and not run.frozen.exists():
            keep_frozen(resources, run.frozen)
        setup = yield from _watched(prepare(resources, run), stop)
        state = TrainingState(setup)
        if standing is not None:
            restore_state(state, *standing)
        else:  # from here on the run needs no file of weights
            save_state(state, [run.last], run.recorded())
        if state.precision.note:
            yield Notice("precision", state.precision.note)
        yield _started(run, state)
        try:
            yield from (_fitted if state.recipe.linear else _epochs)(run, state, stop)
        except (Stopped, GeneratorExit):
            save_state(state, [run.last], run.recorded())
            raise
        yield from _watched(finish(run, state), stop)


def _epochs(run: RunFolder, state: TrainingState, stop: StopRequest) -> Generator[Event]:
    recipe, plan, batch_source, position = state.recipe, state.setup.plan, state.setup.batch_source, state.position
    before, clock = position.seconds, time.monotonic()
    first_step, last_step = position.step, plan.epochs * plan.steps
    measures = LayerMeasures(last_step)
    while position.epoch < plan.epochs and not state.stopping.stop:
        state.enter(plan.phase(position.epoch))
        state.module.train()
        parts = batch_source.parts(position.epoch, position.step_in_epoch * plan.group, plan.pictures)
        while position.step_in_epoch < plan.steps:
            count = plan.size(position.step_in_epoch)
            with measures.watched(state.module, position.step + 1, position.epoch + 1):
                loss, norm, rate = state.train_step(islice(parts, recipe.accumulate), count)
            spent = time.monotonic() - clock
            position.seconds = before + spent
            left = spent / (position.step - first_step) * (last_step - position.step)
            yield StepDone(position.step, position.epoch + 1, loss, rate, norm, position.seconds, left)
            if measures.taken is not None:
                yield measures.taken
            stop.check()
            if checkpoint_due(state):
                save_state(state, [run.last], run.recorded())
                yield CheckpointSaved("checkpoints/last.safetensors", position.step, position.epoch + 1)
        yield from _epoch_end(run, state, stop, before - clock)


def _fitted(run: RunFolder, state: TrainingState, stop: StopRequest) -> Generator[Event]:
    """Solve for the head: one epoch of one step."""
    position, clock = state.position, time.monotonic()
    if position.epoch:
        return
    fit = yield from _watched(fit_head(state.setup, stop.check), stop)
    position.step = position.step_in_epoch = 1
    position.pictures = state.setup.plan.pictures
    position.loss_sum = fit.loss * position.pictures
    position.right, position.counted = fit.right, position.pictures
    position.seconds = time.monotonic() - clock
    yield StepDone(1, 1, fit.loss, 0.0, 0.0, position.seconds, 0.0)
    yield from _epoch_end(run, state, stop, -clock)


def _epoch_end(run: RunFolder, state: TrainingState, stop: StopRequest, since: float) -> Generator[Event]:
    """Judge and keep what an epoch left; ``since`` and the clock make the seconds of the training."""
    state.check_weights()
    scores = yield from _judged(state, stop)
    state.position.seconds = since + time.monotonic()
    done = state.end_epoch(scores, run.metrics)
    yield done
    paths = checkpoint_paths(state, run, done)
    save_state(state, paths, run.recorded())
    for path in paths:
        yield CheckpointSaved(path.relative_to(run.path).as_posix(), state.position.step, done.epoch)
    stop.check()


def _judged(state: TrainingState, stop: StopRequest) -> Generator[Event, None, Scores | None]:
    """Yield progress and return the scores on the validation pictures, None if there are none."""
    validator = state.setup.validator
    if validator is None:
        return None
    with enough_memory(state.setup.resources.device, PURPOSE):
        scores = yield from _watched(validator.scores(state.evaluated), stop)
    state.check_scores(scores)
    return scores


def _watched(events: Generator[Event, None, Result], stop: StopRequest) -> Generator[Event, None, Result]:
    """Yield ``events``, with a look between them at whether to stop; return their result."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            result: Result = end.value
            return result
        yield event
        stop.check()


def _started(run: RunFolder, state: TrainingState) -> RunStarted:
    module, plan = state.setup.resources.built.module, state.setup.plan
    whole, trained = (sum(p.numel() for p in m.parameters()) for m in (module, state.module))
    device, step = str(state.setup.resources.device), state.position.step
    return RunStarted(str(run.path), state.recipe.network_name, device, plan.epochs, plan.steps, whole, trained, step)
