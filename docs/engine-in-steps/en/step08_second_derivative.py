"""Step 8. The slope of the slope.

One change makes derivatives of any order: slopes become boxes too. Then `backward` is itself a computation that
leaves footprints, and can be walked back again. Newton's method uses it to walk straight into a valley.
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
        self.grad = Variable(np.ones_like(self.data))  # new: a box
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
        return gy * b, gy * a  # new: boxes, not numbers; so this is recorded as well


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

# Newton: x ← x - f'(x) / f''(x)
x = Variable(np.array(2.0))
for i in range(8):
    print(f"step {i}: x = {x.data:.10f}")
    x.grad = None
    f(x).backward()
    slope, x.grad = x.grad, None
    slope.backward()
    x = Variable(x.data - slope.data / x.grad.data)
assert np.isclose(x.data, 1.0)
