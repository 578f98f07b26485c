"""Step 5. The boxes remember, and backward runs by itself.

A result notes the function that made it, and a function notes its input. Together they are a chain of footprints
that leads from the result back to x. `backward` follows it.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data
        self.grad = None
        self.creator = None  # new: the function that made me

    def backward(self):
        self.grad = np.ones_like(self.data)
        function = self.creator
        while function is not None:  # step by step towards the beginning
            x, y = function.input, function.output
            x.grad = function.backward(y.grad)
            function = x.creator


class Function:
    def __call__(self, x):
        y = Variable(np.asarray(self.forward(x.data)))
        y.creator = self  # new: the footprint
        self.input, self.output = x, y
        return y


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


x = Variable(np.array(0.5))
y = Square()(Exp()(Square()(x)))
y.backward()  # one call for the whole row
print("dy/dx =", x.grad)

assert np.isclose(x.grad, 3.2974426)
