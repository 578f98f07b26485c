"""Step 6. From a row to a graph.

Now a function may have several inputs, and a result may be used several times. Two things change. Where a number is
used twice, its slopes add up. And a function may go backward only when all slopes have reached its result: so the
deepest function comes first. `generation` says how deep.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data
        self.grad = None
        self.creator = None
        self.generation = 0  # new: how many functions deep

    def backward(self):
        self.grad = np.ones_like(self.data)
        waiting = [self.creator]
        while waiting:
            waiting.sort(key=lambda function: function.generation)
            function = waiting.pop()  # new: the deepest first
            gradients = function.backward(function.output.grad)
            for x, gradient in zip(function.inputs, gradients):
                x.grad = gradient if x.grad is None else x.grad + gradient  # new: slopes add up
                if x.creator is not None and x.creator not in waiting:
                    waiting.append(x.creator)


class Function:
    def __call__(self, *inputs):
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


class Square(Function):
    def forward(self, x):
        return x**2

    def backward(self, gy):
        return (2 * self.inputs[0].data * gy,)


# x goes two ways and meets itself again: y = (x²)² + (x²)² = 2 x⁴, so dy/dx = 8 x³ = 64
x = Variable(np.array(2.0))
a = Square()(x)
y = Add()(Square()(a), Square()(a))
y.backward()
print("y =", y.data, " dy/dx =", x.grad)

assert (y.data, x.grad) == (32, 64)
