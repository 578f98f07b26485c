"""Step 3. How much does y change when x changes a little?

The derivative is that ratio. It can be measured: move x a little to both sides, and see how far y moves.
Measuring is slow (twice the whole computation for each number), but it is never wrong by a mistake in a formula.
We keep it as the judge of everything that follows.
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
print("the slope of x² at 2:", slope, "(the formula says 2x = 4)")
assert np.isclose(slope, 4)


def row(x):  # three functions in a row
    return Square()(Exp()(Square()(x)))


slope = numerical_diff(row, Variable(np.array(0.5)))
print("the slope of (e^(x²))² at 0.5:", slope)
assert np.isclose(slope, 3.2974426)
