"""Step 10. A convolutional network reads digits.

Layers hold the weights, an optimiser moves them, a loader deals out the pictures in batches. The network has never
seen the pictures on which it is measured at the end.
"""

import numpy as np
from sklearn.datasets import load_digits

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import DataLoader, Dataset, Model, no_grad, optimizers, seed, test_mode
from glasshouse.autodiff import layers as L


class Digits(Dataset):
    """1,797 handwritten digits of 8 x 8 grey levels; the last 360 are kept for the measurement."""

    def prepare(self):
        pictures, labels = load_digits(return_X_y=True)
        part = slice(None, -360) if self.train else slice(-360, None)
        self.data = (pictures[part] / 16).reshape(-1, 1, 8, 8).astype(np.float32)
        self.label = labels[part]


class ConvNet(Model):
    def __init__(self):
        self.conv1 = L.Conv2d(8, kernel_size=3, pad=1)
        self.conv2 = L.Conv2d(16, kernel_size=3, pad=1)
        self.out = L.Linear(10)

    def forward(self, x):
        x = F.pooling(F.relu(self.conv1(x)), 2, 2)  # (N, 8, 4, 4)
        x = F.pooling(F.relu(self.conv2(x)), 2, 2)  # (N, 16, 2, 2)
        return self.out(F.dropout(F.flatten(x), 0.2))


with seed(0):  # every random number inside is repeatable
    train, test = Digits(train=True), Digits(train=False)
    loader = DataLoader(train, batch_size=32)
    model = ConvNet()
    optimizer = optimizers.Adam(0.01).setup(model)

    for epoch in range(10):
        losses = []
        for x, t in loader:
            loss = F.softmax_cross_entropy(model(x), t)
            model.cleargrads()
            loss.backward()
            optimizer.update()
            losses.append(float(loss.data))
        with no_grad(), test_mode():
            accuracy = F.accuracy(model(test.data), test.label)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, right on new pictures {accuracy.data:.3f}")

assert accuracy.data > 0.9
