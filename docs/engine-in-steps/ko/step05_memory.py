"""5단계. 상자가 기억하고, 역전파가 저절로 됩니다.

결과는 자기를 만든 함수를 적어 두고, 함수는 자기 입력을 적어 둡니다. 둘이 이어지면 결과에서 x까지 가는 발자국이
됩니다. `backward`는 그 발자국을 따라갑니다.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data
        self.grad = None
        self.creator = None  # 새로 나온 것: 나를 만든 함수

    def backward(self):
        self.grad = np.ones_like(self.data)
        function = self.creator
        while function is not None:  # 한 걸음씩 처음 쪽으로
            x, y = function.input, function.output
            x.grad = function.backward(y.grad)
            function = x.creator


class Function:
    def __call__(self, x):
        y = Variable(np.asarray(self.forward(x.data)))
        y.creator = self  # 새로 나온 것: 발자국
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
y.backward()  # 한 줄 전체를 한 번에
print("dy/dx =", x.grad)

assert np.isclose(x.grad, 3.2974426)
