"""3단계. x가 조금 변하면 y는 얼마나 변할까요?

그 비율이 미분입니다. 미분은 잴 수 있습니다. x를 양쪽으로 조금씩 움직이고 y가 얼마나 움직이는지 봅니다.
재는 것은 느리지만(숫자 하나마다 전체 계산을 두 번 합니다), 공식을 잘못 써서 틀리는 일은 없습니다.
그래서 뒤에 나오는 모든 단계를 이것으로 검산합니다.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data


class Function:
    def __call__(self, x):
        return Variable(np.asarray(self.forward(x.data)))


class Square(Function):
    def forward(self, x):
        return x**2


class Exp(Function):
    def forward(self, x):
        return np.exp(x)


def numerical_diff(f, x, eps=1e-4):
    left, right = f(Variable(x.data - eps)), f(Variable(x.data + eps))
    return (right.data - left.data) / (2 * eps)


slope = numerical_diff(Square(), Variable(np.array(2.0)))
print("2에서 x²의 기울기:", slope, "(공식으로는 2x = 4)")
assert np.isclose(slope, 4)


def row(x):  # 함수 세 개를 한 줄로
    return Square()(Exp()(Square()(x)))


slope = numerical_diff(row, Variable(np.array(0.5)))
print("0.5에서 (e^(x²))²의 기울기:", slope)
assert np.isclose(slope, 3.2974426)
