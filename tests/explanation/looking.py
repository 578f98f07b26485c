"""Networks made by hand whose evidence is known, for tests of explanations."""

import torch
from torch import Tensor, nn


class CornerNetwork(nn.Module):
    """Class 1 is the brightness of the upper left quarter, class 0 nothing; a map of 8x8 places is kept."""

    def __init__(self, side: int = 32) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(side // 8)
        self.relu = nn.ReLU()
        self.mask = nn.Buffer(torch.zeros(8, 8))
        self.mask[:4, :4] = 1

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.pool(x) * self.mask)  # (N, C, 8, 8)
        bright = y.mean((1, 2, 3))
        return torch.stack([torch.zeros_like(bright), 20 * bright], 1)


def small_network(classes: int = 3, channels: int = 3) -> nn.Module:
    """Two convolutions, an average and a dense layer, with weights of its own draws."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        made = nn.Sequential(
            nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(16, classes),
        )  # fmt: skip
    return made.eval().requires_grad_(requires_grad=False)
