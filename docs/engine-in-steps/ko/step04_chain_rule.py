"""4단계. 연쇄 법칙을 손으로.

함수는 저마다 자기 기울기를 압니다. 함수가 한 줄로 이어져 있으면 기울기를 끝에서 처음 쪽으로 곱합니다.
dy/dx = dy/db · db/da · da/dx. 이것이 역전파입니다. `backward`는 뒤에서 온 기울기를 받아 자기 기울기를 곱합니다.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data
        self.grad = None  # 새로 나온 것: 이 숫자에 대한 최종 결과의 기울기


class Function:
    def __call__(self, x):
        self.input = x  # 새로 나온 것: backward는 forward가 어디에서 계산했는지 알아야 합니다
        return Variable(np.asarray(self.forward(x.data)))


class Square(Function):
    def forward(self, x):
        return x**2

    def backward(self, gy):
        return 2 * self.input.data * gy


class Exp(Function):
    def forward(self, x):
        return np.exp(x)

    def backward(self, gy):
        return np.exp(self.input.data) * gy


A, B, C = Square(), Exp(), Square()
x = Variable(np.array(0.5))
a = A(x)
b = B(a)
y = C(b)

y.grad = np.array(1.0)  # y는 y만큼 변합니다
b.grad = C.backward(y.grad)
a.grad = B.backward(b.grad)
x.grad = A.backward(a.grad)
print("연쇄 법칙으로 구한 dy/dx:", x.grad)

assert np.isclose(x.grad, 3.2974426)  # 3단계에서 잰 값
