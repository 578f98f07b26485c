"""1단계. 숫자를 담는 상자.

앞으로 계산하는 것은 모두 이 상자를 거칩니다. 이 상자는 자기 숫자가 어디에서 왔는지 기억하는 법을 배우게 됩니다.
"""

import numpy as np


class Variable:
    def __init__(self, data):
        self.data = data  # 배열: 숫자 하나, 또는 여러 개


x = Variable(np.array(2.0))
print("상자 안의 숫자:", x.data)

x.data = np.array(3.0)  # 다른 숫자, 같은 상자
print("이제 상자 안의 숫자:", x.data)

x.data = np.array([1.0, 2.0, 3.0])  # 숫자 여러 개를 한꺼번에
print("여러 개도 담습니다:", x.data, "축의 수:", x.data.ndim)

assert x.data.shape == (3,)
