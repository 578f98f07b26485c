"""What fastai itself computes, kept for the tests: run in an environment with fastai, it writes fastai_numbers.json.

    python tests/fastai/make_fastai_numbers.py

The file in the repository is of fastai 2.8.12.
"""

import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

PLACE = Path(__file__).with_name("fastai_numbers.json")
NAMES = [
    *(f"{kind}_{number}.png" for kind in ("Cat", "dog", "Owl") for number in range(8)),
    "deep/Cat_8.png",
    ".hidden.png",
]
COLOURS = {"Cat": (200, 40, 40), "dog": (40, 200, 40), "Owl": (40, 40, 200)}
PATTERN = r"^(.+)_\d+.png$"
STEPS, RATE = 40, 0.01


def predictions() -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (60, 4) and labels (60,), some of them wrong."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 4, 60)
    scores = draw.normal(size=(60, 4)) + 1.5 * np.eye(4)[labels]
    return np.exp(scores) / np.exp(scores).sum(1, keepdims=True), labels


def pictures(folder: Path) -> Path:
    """Write small pictures of one colour under the names of ``NAMES``."""
    from PIL import Image

    for number, name in enumerate(NAMES):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        kind = place.name.partition("_")[0]
        shade = np.array(COLOURS.get(kind, (0, 0, 0))) + number
        Image.fromarray(np.broadcast_to(shade.astype(np.uint8), (12, 12, 3)).copy()).save(place)
    return folder


def main() -> None:
    """Ask fastai, and write its answers."""
    import torch
    from fastai.vision import all as fv

    p, y = predictions()
    P, Y = torch.tensor(p), torch.tensor(y)
    found: dict[str, Any] = {"fastai": version("fastai"), "metrics": {}}
    metrics = {"accuracy": fv.accuracy, "error_rate": fv.error_rate, "F1Score": fv.F1Score(average="macro"),
               "Precision": fv.Precision(average="macro"), "Recall": fv.Recall(average="macro"),
               "BalancedAccuracy": fv.BalancedAccuracy(), "CohenKappa": fv.CohenKappa(),
               "MatthewsCorrCoef": fv.MatthewsCorrCoef()}  # fmt: skip
    for name, metric in metrics.items():
        guess = P if name in ("accuracy", "error_rate") else P.argmax(1)  # which fastai's own loop takes for the others
        found["metrics"][name] = float(metric(guess, Y))
    found["metrics"]["top_k_accuracy(k=2)"] = float(fv.top_k_accuracy(P, Y, k=2))
    found["metrics"]["RocAuc"] = float(fv.RocAuc()(P, Y))
    found["losses"] = {
        "CrossEntropyLossFlat": float(fv.CrossEntropyLossFlat()(torch.log(P), Y)),
        "LabelSmoothingCrossEntropy": float(fv.LabelSmoothingCrossEntropy(0.1)(torch.log(P), Y)),
    }
    schedule = fv.combined_cos(0.25, RATE / 25, RATE, RATE / 1e5)
    found["one_cycle"] = [float(schedule(step / STEPS)) for step in range(STEPS)]
    with tempfile.TemporaryDirectory() as name:
        found |= data_of(fv, pictures(Path(name)))
    PLACE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def data_of(fv: Any, folder: Path) -> dict[str, Any]:
    """Return what fastai makes of a folder, and of a model's answers for it."""
    import torch

    files = fv.get_image_files(folder)
    some = [file for file in files if file.parent == folder]
    more = {"item_tfms": fv.Resize(12), "bs": 4, "num_workers": 0, "valid_pct": 0.25, "seed": 42}
    by_name = fv.ImageDataLoaders.from_name_func(folder, some, label_func=lambda name: name[0].isupper(), **more)
    by_pattern = fv.ImageDataLoaders.from_name_re(folder, some, PATTERN, **more)
    model = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 3))
    model[2].weight.data = torch.tensor([[9.0, 0, 0], [0, 9, 9], [8, 0, 8]])
    model[2].bias.data.zero_()
    learn = fv.Learner(by_pattern, model, loss_func=fv.CrossEntropyLossFlat())
    with learn.no_bar(), learn.no_logging():
        seen = fv.ClassificationInterpretation.from_learner(learn)
        preds, truth, losses = learn.get_preds(with_loss=True)
        label, number, probabilities = learn.predict(some[0])
        worst = seen.top_losses(3)
    return {
        "files": sorted(str(file.relative_to(folder)) for file in files),
        "vocab": {"from_name_func": [bool(one) for one in by_name.vocab], "from_name_re": list(by_pattern.vocab)},
        "sizes": [len(by_pattern.train_ds), len(by_pattern.valid_ds)],
        "predict": [type(label).__name__, int(number), len(probabilities)],
        "preds": preds.tolist(),
        "truth": truth.tolist(),
        "losses_of_pictures": losses.tolist(),
        "confusion_matrix": seen.confusion_matrix().tolist(),
        "most_confused": [[a, b, int(n)] for a, b, n in seen.most_confused()],
        "top_losses": [worst[0].tolist(), worst[1].tolist()],
    }


if __name__ == "__main__":
    main()
