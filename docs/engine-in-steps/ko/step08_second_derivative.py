"""8단계. 기울기의 기울기.

한 가지만 바꾸면 몇 차 미분이든 됩니다. 기울기도 상자로 만드는 것입니다. 그러면 `backward`도 발자국을 남기는 계산이
되어, 그것을 다시 거슬러 갈 수 있습니다. 뉴턴 방법은 이것으로 골짜기까지 곧장 걸어갑니다.
"""

import numpy as np


class Variable:
    __array_ufunc__ = None

    def __init__(self, data):
        self.data = data
        self.grad = None
        self.creator = None
        self.generation = 0

    def backward(self):
        self.grad = Variable(np.ones_like(self.data))  # 새로 나온 것: 상자
        waiting = [self.creator]
        while waiting:
            waiting.sort(key=lambda function: function.generation)
            function = waiting.pop()
            for x, gradient in zip(function.inputs, function.backward(function.output.grad)):
                x.grad = gradient if x.grad is None else x.grad + gradient
                if x.creator is not None and x.creator not in waiting:
                    waiting.append(x.creator)

    def __add__(self, other):
        return Add()(self, other)

    def __mul__(self, other):
        return Mul()(self, other)

    def __sub__(self, other):
        return self + -1 * other

    def __pow__(self, c):
        return Pow(c)(self)

    __radd__, __rmul__ = __add__, __mul__


class Function:
    def __call__(self, *inputs):
        inputs = [x if isinstance(x, Variable) else Variable(np.asarray(x)) for x in inputs]
        y = Variable(np.asarray(self.forward(*[x.data for x in inputs])))
        y.creator = self
        self.inputs, self.output = inputs, y
        self.generation = max(x.generation for x in inputs)
        y.generation = self.generation + 1
        return y


class Add(Function):
    def forward(self, a, b):
        return a + b

    def backward(self, gy):
        return gy, gy


class Mul(Function):
    def forward(self, a, b):
        return a * b

    def backward(self, gy):
        a, b = self.inputs
        return gy * b, gy * a  # 새로 나온 것: 숫자가 아니라 상자. 그래서 이것도 기록됩니다


class Pow(Function):
    def __init__(self, c):
        self.c = c

    def forward(self, x):
        return x**self.c

    def backward(self, gy):
        (x,) = self.inputs
        return (gy * self.c * x ** (self.c - 1),)


def f(x):
    return x**4 - 2 * x**2


x = Variable(np.array(2.0))
f(x).backward()
slope, x.grad = x.grad, None
slope.backward()
print("f'(2) =", slope.data, " f''(2) =", x.grad.data)
assert (slope.data, x.grad.data) == (24, 44)

# 뉴턴 방법: x ← x - f'(x) / f''(x)
x = Variable(np.array(2.0))
for i in range(8):
    print(f"반복 {i}: x = {x.data:.10f}")
    x.grad = None
    f(x).backward()
    slope, x.grad = x.grad, None
    slope.backward()
    x = Variable(x.data - slope.data / x.grad.data)
assert np.isclose(x.data, 1.0)
