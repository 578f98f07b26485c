"""Step 1. A box that holds a number.

Everything that is computed later goes through this box. It will learn to remember where its number came from.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data  # an array: one number, or many


x = Variable(np.array(2.0))
print("the box holds", x.data)

x.data = np.array(3.0)  # another number, the same box
print("now it holds", x.data)

x.data = np.array([1.0, 2.0, 3.0])  # many numbers at once
print("it may hold many:", x.data, "axes:", x.data.ndim)

assert x.data.shape == (3,)
