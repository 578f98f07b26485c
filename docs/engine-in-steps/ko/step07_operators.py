"""7단계. 수식을 쓰던 대로 씁니다.

상자에 `+ - * **`가 생기면 수식에 함수 이름이 더는 필요 없습니다. 그래프는 보이지 않게 그 뒤에서 자랍니다. 아무도
손으로 미분하고 싶어 하지 않을 수식으로 시험해 봅니다.
"""

import numpy as np


class Variable:
    __array_ufunc__ = None  # 왼쪽에 있는 배열은 오른쪽 상자에게 계산을 맡깁니다

    def __init__(self, data):
        self.data = data
        self.grad = None
        self.creator = None
        self.generation = 0

    def backward(self):
        self.grad = np.ones_like(self.data)
        waiting = [self.creator]
        while waiting:
            waiting.sort(key=lambda function: function.generation)
            function = waiting.pop()
            for x, gradient in zip(function.inputs, function.backward(function.output.grad)):
                x.grad = gradient if x.grad is None else x.grad + gradient
                if x.creator is not None and x.creator not in waiting:
                    waiting.append(x.creator)

    # 새로 나온 것: 상자 옆에서 + - * **를 만나면 파이썬은 이것들을 부릅니다
    def __add__(self, other):
        return Add()(self, other)

    def __mul__(self, other):
        return Mul()(self, other)

    def __sub__(self, other):
        return self + -1 * other

    def __rsub__(self, other):
        return other + -1 * self

    def __pow__(self, c):
        return Pow(c)(self)

    __radd__, __rmul__ = __add__, __mul__


class Function:
    def __call__(self, *inputs):
        inputs = [
            x if isinstance(x, Variable) else Variable(np.asarray(x)) for x in inputs
        ]  # 새로 나온 것: 숫자는 상자에 넣습니다
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
        return gy * b.data, gy * a.data


class Pow(Function):
    def __init__(self, c):
        self.c = c

    def forward(self, x):
        return x**self.c

    def backward(self, gy):
        return (gy * self.c * self.inputs[0].data ** (self.c - 1),)


def goldstein_price(x, y):
    return (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)) * (
        30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    )


x, y = Variable(np.array(1.0)), Variable(np.array(1.0))
z = goldstein_price(x, y)
z.backward()
print("dz/dx =", x.grad, " dz/dy =", y.grad)

assert (x.grad, y.grad) == (-5376, 8064)
