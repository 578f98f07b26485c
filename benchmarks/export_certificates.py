"""Does every network answer the same as an ONNX file? A certificate for each, with the time and size of the export.

python benchmarks/export_certificates.py [--pictures 200] [NETWORK ...]

Without names: the catalogue and twenty networks of timm. Weights are random, batch norms have seen the pictures, the
pictures are noise of several sizes of grain at the network's own size. It prints a Markdown table; the exit code is 1
if a certificate did not pass.
"""

import argparse
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.image_data import ImageData
from glasshouse.errors import GlasshouseError
from glasshouse.export.bundle import save_model
from glasshouse.export.onnx_export import export_model
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE

OF_TIMM = (
    "convnext_atto", "deit3_small_patch16_224", "densenet121", "dla34", "edgenext_xx_small", "ghostnet_100",
    "hrnet_w18_small", "mixer_s32_224", "mobilenetv4_conv_small", "mobileone_s0", "poolformer_s12", "regnety_008",
    "repvit_m0_9", "resnext26ts", "rexnet_100", "selecsls42b", "swin_tiny_patch4_window7_224", "tiny_vit_5m_224",
    "vit_small_patch14_reg4_dinov2", "vit_tiny_patch16_224",
)  # fmt: skip


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--pictures", type=int, default=200)
    asked = parser.parse_args()
    print(f"torch {version('torch')}, onnxruntime {version('onnxruntime')}, {asked.pictures} pictures\n")
    print("| network | largest difference | other answers | passed | export and comparison, s | file, MB |")
    print("|---|---|---|---|---|---|", flush=True)
    names = asked.networks or [*CATALOGUE, *OF_TIMM]
    passed = [_row(name, asked.pictures) for name in names]
    return 0 if all(passed) else 1


def _row(name: str, pictures: int) -> bool:
    """Print the row of a network, also of one that cannot be built or written."""
    try:
        return _told(name, pictures)
    except GlasshouseError as error:
        print(f"| {name} | | | **no**: {error} | | |", flush=True)
        return False


def _told(name: str, pictures: int) -> bool:
    side = CATALOGUE[name].width if name in CATALOGUE else 224
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows = _noise(pictures, side)
        labels = [("one", "two", "three")[k % 3] for k in range(pictures)]
        data = ImageData.from_arrays(rows, labels, size=side, valid=0.5, twins=False, out=place / "data").dataset
        module = _seen(build(name, 3, 3, side, side, seed=1).module, rows[:8])
        model = save_model(place / "m", network={"name": name}, module=module, preprocessing=data.preprocessing,
                           classes=data.classes)  # fmt: skip
        begin = time.perf_counter()
        found = export_model(model, place / "m.onnx", data)
        seconds = time.perf_counter() - begin
        size = (place / "m.onnx").stat().st_size / 1e6 if found.passed else 0
    passed = "yes" if found.passed else f"**no**: {found.reason}"
    print(
        f"| {name} | {found.largest_difference:.1e} | {found.flips} | {passed} | {seconds:.1f} | {size:.1f} |",
        flush=True,
    )
    return found.passed


def _noise(count: int, side: int) -> NDArray[np.uint8]:
    draw = np.random.default_rng(0)
    grains = [2 + k % 30 for k in range(count)]
    small = [draw.integers(0, 256, (grain, grain, 3), np.uint8) for grain in grains]
    return np.stack([np.asarray(Image.fromarray(one).resize((side, side))) for one in small])


def _seen(module: torch.nn.Module, rows: NDArray[np.uint8]) -> torch.nn.Module:
    """Let the batch norms see some pictures, so that deep networks give numbers of the usual size."""
    module.train()
    with torch.no_grad():
        for _ in range(20):
            module((torch.from_numpy(rows).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25)
    return module.eval()


if __name__ == "__main__":
    sys.exit(main())
