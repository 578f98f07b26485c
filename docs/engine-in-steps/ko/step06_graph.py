"""6단계. 한 줄에서 그래프로.

이제 함수는 입력을 여러 개 받을 수 있고, 결과는 여러 번 쓰일 수 있습니다. 두 가지가 달라집니다. 숫자가 두 번 쓰인
곳에서는 기울기를 더합니다. 그리고 함수는 자기 결과에 모든 기울기가 도착한 뒤에만 뒤로 갈 수 있습니다. 그래서 가장
깊은 함수가 먼저입니다. `generation`은 얼마나 깊은지를 말합니다.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data
        self.grad = None
        self.creator = None
        self.generation = 0  # 새로 나온 것: 함수 몇 개만큼 깊은가

    def backward(self):
        self.grad = np.ones_like(self.data)
        waiting = [self.creator]
        while waiting:
            waiting.sort(key=lambda function: function.generation)
            function = waiting.pop()  # 새로 나온 것: 가장 깊은 것부터
            gradients = function.backward(function.output.grad)
            for x, gradient in zip(function.inputs, gradients):
                x.grad = gradient if x.grad is None else x.grad + gradient  # 새로 나온 것: 기울기를 더합니다
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


# x는 두 갈래로 갔다가 다시 만납니다: y = (x²)² + (x²)² = 2 x⁴, 그래서 dy/dx = 8 x³ = 64
x = Variable(np.array(2.0))
a = Square()(x)
y = Add()(Square()(a), Square()(a))
y.backward()
print("y =", y.data, " dy/dx =", x.grad)

assert (y.data, x.grad) == (32, 64)
