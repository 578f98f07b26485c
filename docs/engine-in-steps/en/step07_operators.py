"""Step 7. Write formulas as one writes them.

With `+ - * **` on the boxes a formula needs no function names any more. The graph grows behind it, unseen. Here is
a formula that nobody wants to differentiate by hand.
"""

import numpy as np


class Variable:
    __array_ufunc__ = None  # an array on the left asks the box on the right

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

    # new: Python asks these when it meets + - * ** beside a box
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
        inputs = [x if isinstance(x, Variable) else Variable(np.asarray(x)) for x in inputs]  # new: numbers are boxed
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
