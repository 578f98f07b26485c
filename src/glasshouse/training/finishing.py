"""The end of a training: the best weights as a model, its report on the validation pictures, its card."""

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime

from glasshouse.evaluation.report import Report, measure
from glasshouse.events import Event, Progress, RunFinished
from glasshouse.export.bundle import save_model
from glasshouse.export.card import card
from glasshouse.export.description import Description, network_facts
from glasshouse.export.scoring import baselines
from glasshouse.training.checkpoints import load_state, read_checkpoint
from glasshouse.training.pupil import Pupil
from glasshouse.training.run_folder import RunFolder

__all__ = ["finish"]


def finish(run: RunFolder, pupil: Pupil) -> Generator[Event]:
    """Write the model and the report of the best epoch, and yield RunFinished last."""
    m, position = pupil.lesson.material, pupil.position
    tensors, _ = read_checkpoint(run.best if run.best.exists() else run.last)
    load_state(pupil.module, tensors, pupil.kept_prefix)
    reports = yield from _reports(run, pupil)
    preprocessing = replace(m.dataset.preprocessing, mean=tuple(m.mean), std=tuple(m.std))
    description = Description(network_facts(m.recipe), m.dataset.classes, preprocessing, run.recipe)
    text = card(description, m.dataset, reports, datetime.now(UTC).date().isoformat())
    save_model(run.model, network=description.network, module=m.built.module, preprocessing=preprocessing,
               classes=m.dataset.classes, recipe=run.recipe, card=text)  # fmt: skip
    best = position.history[pupil.best.best_epoch - 1]
    reason = "early-stopping" if pupil.stopping.stop else "done"
    yield RunFinished(str(run.path), reason, position.epoch, pupil.best.best_epoch, best["valid_loss"],
                      best["valid_accuracy"], position.seconds, "model")  # fmt: skip


def _reports(run: RunFolder, pupil: Pupil) -> Generator[Progress, None, list[Report]]:
    """Yield progress, write report-val.json and return the report; without validation pictures there is none."""
    dataset, judge = pupil.lesson.material.dataset, pupil.lesson.judge
    if judge is None:
        return []
    scores = yield from judge.scores(pupil.module)
    report = measure(scores.probabilities, dataset.splits["val"].labels, dataset.classes, "val")
    report = replace(report, baselines=baselines(dataset, "val"), seconds=pupil.position.seconds,
                     run=str(run.path), dataset=dataset.fingerprint)  # fmt: skip
    run.write_text("report-val.json", json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n")
    return [report]
