"""The small networks of the lessons, and the head that every network of Glasshouse ends in."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["OWN", "ConvNet4", "Dense128", "Head", "LeNet"]


class Head(nn.Linear):
    """The last layer: logits (N, K) = W·x + b of features x (N, F); a map (N, F, H, W) is averaged first.

    ``dropout`` is the part of the features that training drops just before the layer.
    """

    def __init__(self, features: int, classes: int, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__(features, classes, bias)
        self.dropout = dropout

    def pool(self, x: Tensor) -> Tensor:
        """Return the features as (N, F)."""
        return x.mean(dim=(2, 3)) if x.ndim == 4 else x

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.dropout(self.pool(x), self.dropout, self.training))


class LeNet(nn.Module):
    """LeNet as Caffe and DIGITS have it: 20 and 50 convolutions of 5x5, each max-pooled, 500 units, K classes.

    Source: LeCun, Bottou, Bengio, Haffner, Gradient-Based Learning Applied to Document Recognition, 1998; Caffe's
    ``examples/mnist/lenet.prototxt``. There is no activation after the convolutions, and one after the dense layer.
    """

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 20, 5)
        self.conv2 = nn.Conv2d(20, 50, 5)
        high, wide = (((side - 4) // 2 - 4) // 2 for side in (height, width))
        self.dense = nn.Linear(50 * high * wide, 500)
        self.head = Head(500, classes)
        _glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.conv1(x), 2)  # (N, 20, 12, 12) from 28x28
        x = F.max_pool2d(self.conv2(x), 2)  # (N, 50, 4, 4)
        logits: Tensor = self.head(F.relu(self.dense(x.flatten(1))))
        return logits


class Dense128(nn.Module):
    """Pixels, 128 units with ReLU, K classes: the first network of most courses (Chollet 2017, section 2.1)."""

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.dense = nn.Linear(channels * height * width, 128)
        self.head = Head(128, classes)
        _glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(F.relu(self.dense(x.flatten(1))))
        return logits


class ConvNet4(nn.Module):
    """Four 3x3 convolutions (32, 64, 128, 128), each max-pooled by 2, dropout 0.5, 512 units, K classes.

    Source: Chollet, Deep Learning with Python, 2017, section 5.2 (dogs and cats at 150x150 without other data).
    """

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.conv3 = nn.Conv2d(64, 128, 3)
        self.conv4 = nn.Conv2d(128, 128, 3)
        high, wide = height, width
        for _ in range(4):
            high, wide = (high - 2) // 2, (wide - 2) // 2
        self.dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(128 * high * wide, 512)
        self.head = Head(512, classes)
        _glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = F.max_pool2d(F.relu(convolution(x)), 2)
        x = self.dropout(x.flatten(1))  # (N, 128 * 7 * 7) from 150x150
        logits: Tensor = self.head(F.relu(self.dense(x)))
        return logits


OWN: dict[str, type[LeNet] | type[Dense128] | type[ConvNet4]] = {
    "convnet4": ConvNet4,
    "dense128": Dense128,
    "lenet": LeNet,
}


@torch.no_grad()
def _glorot(module: nn.Module) -> None:
    """Glorot's uniform start, as Keras and Caffe have it: ±sqrt(6 / (fan in + fan out)), biases 0."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
