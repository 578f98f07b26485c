"""Draw the digit that an empty Home shows: the sample is trained, and one of its validation pictures goes through it.

python tools/followed_digit.py    # writes the three pictures of web/static, prints the probabilities for home.html
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.dataset import open_dataset
from glasshouse.data.prepare import prepare_dataset
from glasshouse.data.samples import sample
from glasshouse.export.bundle import load_model
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.store.sample_model import PICTURES, SAMPLE, TRAINING
from glasshouse.training.loop import train

STATIC = Path(__file__).resolve().parents[1] / "src" / "glasshouse" / "web" / "static"
DIGIT, MAPS, GAP = 3, 6, 2


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    list(prepare_dataset(DatasetRecipe(**PICTURES), folder / "data", sample(SAMPLE)))
    list(train(TrainingRecipe(**TRAINING, data=str(folder / "data"), device="cpu"), folder / "run"))
    model, split = load_model(folder / "run"), open_dataset(folder / "data").splits["val"]
    rows = split.rows(np.arange(len(split)))
    answers = model.probabilities(rows)
    chosen = next(k for k in range(len(split)) if split.labels[k] == DIGIT and answers[k].argmax() == DIGIT)
    x = torch.from_numpy(rows[chosen : chosen + 1]).permute(0, 3, 1, 2).float() / 255
    x = (x - model.preprocessing.mean[0]) / model.preprocessing.std[0]
    with torch.no_grad():
        maps = model.module.get_submodule("conv1")(x)[0]
        pooled = torch.nn.functional.max_pool2d(maps, 2)
    strongest = maps.flatten(1).amax(1).argsort(descending=True)[:MAPS].sort().values
    Image.fromarray(rows[chosen, :, :, 0]).save(STATIC / "digit.png", optimize=True)
    Image.fromarray(_tiles(maps[strongest].numpy())).save(STATIC / "digit-convolution.png", optimize=True)
    Image.fromarray(_tiles(pooled[strongest].numpy())).save(STATIC / "digit-pooling.png", optimize=True)
    print([round(float(p), 4) for p in answers[chosen]], f"{maps.shape[0]} filters, {tuple(pooled.shape)}")


def _tiles(maps: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return maps (6, H, W) as two rows of three, black to white, with transparent lines between: uint8 (H', W', 2)."""
    _, H, W = maps.shape
    low, high = maps.min((1, 2), keepdims=True), maps.max((1, 2), keepdims=True)
    shown = (255 * (maps - low) / (high - low)).round().astype(np.uint8)
    whole = np.zeros((2 * H + GAP, 3 * W + 2 * GAP, 2), np.uint8)
    for k, one in enumerate(shown):
        top, left = (k // 3) * (H + GAP), (k % 3) * (W + GAP)
        whole[top : top + H, left : left + W] = np.stack([one, np.full_like(one, 255)], -1)
    return whole


if __name__ == "__main__":
    main()
