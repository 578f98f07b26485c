"""The end of a training: the best weights as a model, its report on the validation pictures, its card."""

from collections.abc import Generator

from glasshouse.data.preprocess import Preprocessing
from glasshouse.events import Event, RunFinished
from glasshouse.export.bundle import save_model
from glasshouse.training.checkpoints import load_state, read_checkpoint
from glasshouse.training.pupil import Pupil
from glasshouse.training.run_folder import RunFolder

__all__ = ["finish"]


def finish(run: RunFolder, pupil: Pupil) -> Generator[Event]:
    """Write the model and the report of the best epoch, and yield RunFinished last."""
    m, position = pupil.lesson.material, pupil.position
    tensors, _ = read_checkpoint(run.best if run.best.exists() else run.last)
    load_state(pupil.module, tensors, pupil.kept_prefix)
    preprocessing = Preprocessing.from_recipe(m.dataset.recipe, m.mean, m.std)
    save_model(run.model, network={"name": m.recipe.network}, module=m.built.module, preprocessing=preprocessing,
               classes=m.dataset.classes, recipe=run.recipe, card="")  # fmt: skip
    best = position.history[pupil.best.best_epoch - 1]
    reason = "early-stopping" if pupil.stopping.stop else "done"
    yield RunFinished(str(run.path), reason, position.epoch, pupil.best.best_epoch, best["valid_loss"],
                      best["valid_accuracy"], position.seconds, "model")  # fmt: skip
