"""2단계. 함수는 상자를 받아서 상자를 돌려줍니다.

모든 함수가 똑같이 하는 일은 `Function.__call__`에 있습니다. 상자를 열고, 계산하고, 결과를 새 상자에 넣습니다.
함수마다 다른 일은 그 함수의 `forward`에 있고, `forward`는 숫자만 봅니다.
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


# 상자가 들어가고 상자가 나오므로 함수를 한 줄로 이을 수 있습니다: y = (e^(x²))²
x = Variable(np.array(0.5))
a = Square()(x)
b = Exp()(a)
y = Square()(b)
print("x =", x.data, " a =", a.data, " b =", b.data, " y =", y.data)

assert np.isclose(y.data, 1.648721270700128)
