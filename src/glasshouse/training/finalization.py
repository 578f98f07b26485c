"""The end of a training: the best weights as a model, its report on the validation pictures, its card."""

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import DamagedRunError
from glasshouse.evaluation.report import Report, measure
from glasshouse.events import Event, Notice, Progress, RunFinished
from glasshouse.export.bundle import save_model
from glasshouse.export.card import card
from glasshouse.export.description import Description, network_facts
from glasshouse.export.inference import Inference, alone, evaluating
from glasshouse.export.onnx_writing import model_file
from glasshouse.export.predictor import Model, OnnxModel
from glasshouse.export.scoring import baselines
from glasshouse.integrity.documents import with_checksum
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoints import load_state, module_tensors, read_checkpoint
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.setup import TrainingResources
from glasshouse.training.standing import other_ways
from glasshouse.training.state import TrainingState
from glasshouse.training.uncertainty_fitting import fit_uncertainty
from glasshouse.training.validation import PictureValidator

__all__ = ["described", "finish", "onnx_of"]


def finish(run: RunFolder, state: TrainingState) -> Generator[Event]:
    """Write the model and the report of the best epoch, and yield RunFinished last."""
    m, position = state.setup.resources, state.position
    load_state(state.module, _best(run, state), state.kept_prefix)
    onnx = yield from _onnx(m)
    reports, probabilities = yield from _reports(run, state, onnx)
    description = described(m, run.recipe)
    engine = "torch" if onnx is None else m.recipe.engine or "torch"
    model = Model(_given(m, onnx, engine), description)
    known = yield from fit_uncertainty(state.setup, model, probabilities)
    text = card(description, m.dataset, reports, datetime.now(UTC).date().isoformat(), engine, known)
    save_model(run.model, network=description.network, module=m.built.module,
               preprocessing=description.preprocessing, classes=m.dataset.classes, recipe=run.recipe, card=text,
               onnx=onnx, engine=engine, class_names=description.class_names, uncertainty=known)  # fmt: skip
    best = position.history[state.best.best_epoch - 1]
    reason = "early-stopping" if state.stopping.stop else "done"
    yield RunFinished(str(run.path), reason, position.epoch, state.best.best_epoch, best["valid_loss"],
                      best["valid_accuracy"], position.seconds, "model")  # fmt: skip


def described(m: TrainingResources, recipe: TrainingRecipe) -> Description:
    """Return the description of the model that a training leaves, which its ``recipe`` goes with."""
    preprocessing = replace(m.dataset.preprocessing, mean=tuple(m.mean), std=tuple(m.std))
    facts, names = network_facts(m.recipe), m.dataset.class_names
    return Description(facts, m.dataset.classes, preprocessing, recipe, class_names=names)


def onnx_of(network: nn.Module, preprocessing: Preprocessing, engine: str) -> bytes | None:
    """Return a network with its preprocessing as an ONNX file for an engine, None where it cannot be written as one."""
    H, W, C = preprocessing.shape
    inference = Inference(network, (H, W, C))
    module, mean, std = inference.module, preprocessing.mean, preprocessing.std
    with evaluating(module):
        return alone(inference.device, lambda: model_file(module, mean, std, H, W, engine))


def _onnx(m: TrainingResources) -> Generator[Event, None, bytes | None]:
    """Return the model as an ONNX file if its engine is another than torch; what hinders it is said."""
    engine = m.recipe.engine or "torch"
    if engine == "torch":
        return None
    data = onnx_of(m.built.module, described(m, m.recipe).preprocessing, engine)
    if data is None:
        yield Notice(
            "engine",
            Message(
                "{network_name} cannot be written as an ONNX file, so PyTorch computes its predictions",
                network_name=m.recipe.network_name,
            ),
        )
    return data


def _best(run: RunFolder, state: TrainingState) -> dict[str, Tensor]:
    """Return the tensors of the best epoch, which is compared with the one that the training noted.

    Raises:
        DamagedRunError: its checkpoint is damaged, missing or of another epoch; the way on is reported.
    """
    epoch = state.best.best_epoch
    if epoch in (0, state.position.epoch):  # it is the one that is here
        return module_tensors(state.evaluated, state.kept_prefix)
    try:
        tensors, position = read_checkpoint(run.best)
        if position.epoch == epoch:
            return tensors
        fault: str = Message(
            "{best} is of epoch {epoch}, the best one was {epoch2}", best=run.best, epoch=position.epoch, epoch2=epoch
        )
    except DamagedRunError as error:
        fault = str(error)
    raise DamagedRunError("{fault}. {ways}", fault=fault, ways=other_ways(run, "best", before=epoch))


def _given(m: TrainingResources, onnx: bytes | None, engine: str) -> nn.Module | OnnxModel:
    return m.built.module if onnx is None else OnnxModel(onnx, lambda: m.built.module, engine)


def _reports(
    run: RunFolder, state: TrainingState, onnx: bytes | None
) -> Generator[Progress, None, tuple[list[Report], NDArray[np.float32] | None]]:
    """Yield progress, write report-val.json and return the report with the probabilities (n, K) that it comes from;
    without validation pictures there is none.
    """
    dataset, validator = state.setup.resources.dataset, state.setup.validator
    if validator is None:
        return [], None
    if isinstance(validator, PictureValidator):
        validator = replace(validator, onnx=onnx, engine=state.setup.resources.recipe.engine or "torch")
    scores = yield from validator.scores(state.module)
    report = measure(scores.probabilities, dataset.splits["val"].labels, dataset.classes, "val")
    report = replace(report, baselines=baselines(dataset, "val"), seconds=state.position.seconds,
                     run=str(run.path), dataset=dataset.fingerprint)  # fmt: skip
    run.write_text("report-val.json", json.dumps(with_checksum(report.to_dict()), indent=2, ensure_ascii=False) + "\n")
    return [report], scores.probabilities
