"""Step 4. The chain rule, by hand.

Each function knows its own slope. In a row of functions the slopes are multiplied, from the end to the beginning:
dy/dx = dy/db · db/da · da/dx. That is backpropagation: `backward` takes the slope that arrives from behind and
multiplies its own.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data
        self.grad = None  # new: the slope of the end result with respect to this number


class Function:
    def __call__(self, x):
        self.input = x  # new: backward needs to know where forward was
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

y.grad = np.array(1.0)  # y changes as y does
b.grad = C.backward(y.grad)
a.grad = B.backward(b.grad)
x.grad = A.backward(a.grad)
print("dy/dx by the chain rule:", x.grad)

assert np.isclose(x.grad, 3.2974426)  # what step 3 measured
