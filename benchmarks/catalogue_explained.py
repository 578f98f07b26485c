"""Every network of the catalogue, and some of timm that are hard: patches, and Grad-CAM's layer, at random weights.

    python benchmarks/catalogue_explained.py [--largest 30] [--side 64] [NAME ...]

Without names all entries of the catalogue of at most ``--largest`` million weights, and the hard ones. For each: how
many convolutions have a field, the layer that Grad-CAM reads, and whether its map is not constant and moves with a
pasted object; or why the method cannot work. Exits with 1 if a map is shown that does neither.
"""

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch

from glasshouse.errors import GlasshouseError
from glasshouse.explanation.attribution.methods import Attribution
from glasshouse.explanation.layers.receptive_field import receptive_fields
from glasshouse.explanation.layers.watching import convolutions
from glasshouse.networks.build import build
from glasshouse.networks.catalogue import CATALOGUE, find

HARD = {"InceptionV3": 75, "volo_d1_224": 224, "vit_base_patch16_siglip_224": 224, "nest_tiny": 224,
        "resmlp_12_224": 224}  # fmt: skip


@dataclass(frozen=True)
class Explained:
    """A network at one size: fields of so many convolutions, Grad-CAM's layer, and whether its map is good."""

    convolutions: int
    fields: int
    layer: str
    alive: bool
    moves: bool
    note: str = ""


def explained(name: str, side: int) -> Explained:
    channels = 1 if name == "LeNet" else 3
    module = build(name, 3, channels, side, side, seed=1).module.eval().requires_grad_(requires_grad=False)
    x = torch.randn(3, channels, side, side, generator=torch.Generator().manual_seed(3))
    found = convolutions(module, x[:1])
    fields = receptive_fields(module, found, x[:1]) if found else {}
    try:
        attribution = Attribution("grad-cam", module, (channels, side, side))
    except GlasshouseError as error:
        return Explained(len(found), len(fields), "", alive=False, moves=False, note=str(error))
    return Explained(len(found), len(fields), attribution.layer.name if attribution.layer else "",
                     *judged(attribution, side, channels))  # fmt: skip


def judged(attribution: Attribution, side: int, channels: int) -> tuple[bool, bool]:
    """Whether the map is not constant, and whether it moves when an object is pasted elsewhere."""
    x = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(3)).repeat(3, 1, 1, 1)
    x[1, :, 4 : side // 2 - 2, 4 : side // 2 - 2] = 2.0
    x[2, :, side // 2 + 2 : -4, side // 2 + 2 : -4] = 2.0
    maps = [attribution.maps(x, np.full(3, k)) for k in range(3)]
    chosen = next((found for found in maps if found.any((1, 2)).all()), maps[0])
    scale = float(np.abs(chosen).max())
    alive = scale > 0 and bool((chosen.std((1, 2)) > 1e-3 * scale).all())
    return alive, alive and bool(np.abs(chosen[1] - chosen[2]).max() > 1e-2 * scale)


def side_of(name: str, side: int) -> int:
    if name in HARD:
        return HARD[name]
    entry = find(name)
    return entry.width if name.startswith(("ViT", "vit", "Swin", "swin")) else max(side, entry.least)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*")
    arguments.add_argument("--largest", type=float, default=30)
    arguments.add_argument("--side", type=int, default=64)
    options = arguments.parse_args()
    small = [name for name, entry in CATALOGUE.items() if entry.parameters <= 1e6 * options.largest]
    bad = []
    print("| network | side | convolutions | with a field | Grad-CAM reads | not constant | moves | seconds |\n"
          "|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name in options.names or [*small, *(one for one in HARD if one not in small)]:
        begin, side = time.perf_counter(), side_of(name, options.side)
        try:
            one = explained(name, side)
        except GlasshouseError as error:
            print(f"| {name} | {side} | {str(error)[:80]} |", flush=True)
            continue
        bad += [name] if one.layer and not (one.alive and one.moves) else []
        reads = one.layer or f"nothing: {one.note[:60]}"
        print(f"| {name} | {side} | {one.convolutions} | {one.fields} | {reads} | {one.alive} | {one.moves} "
              f"| {time.perf_counter() - begin:.1f} |", flush=True)  # fmt: skip
    sys.exit(f"a map that is constant or does not move: {', '.join(bad)}" if bad else 0)


if __name__ == "__main__":
    main()
