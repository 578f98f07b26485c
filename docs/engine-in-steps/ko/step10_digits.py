"""10단계. 합성곱 신경망이 숫자를 읽습니다.

레이어는 가중치를 가지고, 옵티마이저는 가중치를 움직이고, 로더는 이미지를 배치로 나누어 줍니다. 마지막에 재는 데 쓰는
이미지는 신경망이 한 번도 보지 못한 것입니다.
"""

import numpy as np
from sklearn.datasets import load_digits

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import DataLoader, Dataset, Model, no_grad, optimizers, seed, test_mode
from glasshouse.autodiff import layers as L


class Digits(Dataset):
    """8×8 회색조 손글씨 숫자 1,797장. 마지막 360장은 재는 데 쓰려고 남겨 둡니다."""

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


with seed(0):  # 이 안의 난수는 모두 되풀이할 수 있습니다
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
        print(f"에포크 {epoch + 1}: 손실 {np.mean(losses):.3f}, 새 이미지의 정확도 {accuracy.data:.3f}")

assert accuracy.data > 0.9
