"""Step 2. A function takes a box and gives a box.

What every function does alike stands in `Function.__call__`: open the box, compute, put the result into a new box.
What is special to one function stands in its `forward`, which sees only the number.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data


class Function:
    def __call__(self, x):
        y = self.forward(x.data)
        return Variable(np.asarray(y))

    def forward(self, x):
        raise NotImplementedError


class Square(Function):
    def forward(self, x):
        return x**2


class Exp(Function):
    def forward(self, x):
        return np.exp(x)


# Boxes go in and come out, so functions can be put in a row: y = (e^(x²))²
x = Variable(np.array(0.5))
a = Square()(x)
b = Exp()(a)
y = Square()(b)
print("x =", x.data, " a =", a.data, " b =", b.data, " y =", y.data)

assert np.isclose(y.data, 1.648721270700128)
