"""9단계. 배우는 것.

여기서부터는 `glasshouse.autodiff`를 씁니다. 8단계가 자라서 된 것입니다. 같은 상자, 같은 함수, 같은 역전파를 어떤
모양의 배열에도 쓸 수 있게 하고, 그런 것에 필요한 테스트를 갖추었습니다. `core.py`를 열어 보세요. 이미 아는 내용입니다.

학습은 이렇게 합니다. 손실을 계산하고, 뒤로 거슬러 가고, 모든 가중치를 기울기의 반대쪽으로 조금 움직이고, 다시 합니다.
"""

import numpy as np

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import Variable
from glasshouse.autodiff.utils import gradient_check

rng = np.random.default_rng(0)
x = rng.random((100, 1))
t = np.sin(2 * np.pi * x) + 0.1 * rng.random((100, 1))  # 잡음이 섞인 물결

W1, b1 = Variable(rng.standard_normal((1, 10)), name="W1"), Variable(np.zeros(10), name="b1")
W2, b2 = Variable(rng.standard_normal((10, 1)) * 0.3, name="W2"), Variable(np.zeros(1), name="b2")


def predict(x):
    return F.linear(F.tanh(F.linear(x, W1, b1)), W2, b2)  # 은닉층 하나


for i in range(3001):
    loss = F.mean_squared_error(predict(x), t)
    for w in (W1, b1, W2, b2):
        w.cleargrad()
    loss.backward()
    for w in (W1, b1, W2, b2):
        w.data -= 0.1 * w.grad.data  # 경사 하강법
    if i % 1000 == 0:
        print(f"반복 {i}: 손실 {loss.data:.4f}")

assert loss.data < 0.01

# 3단계의 수치 미분으로 마지막으로 확인합니다.
right = gradient_check(lambda w: F.mean_squared_error(F.linear(F.tanh(F.linear(x, w, b1)), W2, b2), t), W1)
print("잰 기울기와 같은가:", right)
assert right
