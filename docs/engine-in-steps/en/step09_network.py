"""Step 9. Something that learns.

From here on we use `glasshouse.autodiff`. It is what step 8 has grown into: the same boxes, the same functions, the
same walk back, for arrays of any shape, with the tests that such a thing needs. Open its `core.py`: you know it.

Learning is: compute the loss, walk back, move every weight a little against its slope, and again.
"""

import numpy as np

import glasshouse.autodiff.functions as F
from glasshouse.autodiff import Variable
from glasshouse.autodiff.utils import gradient_check

rng = np.random.default_rng(0)
x = rng.random((100, 1))
t = np.sin(2 * np.pi * x) + 0.1 * rng.random((100, 1))  # a wave with noise

W1, b1 = Variable(rng.standard_normal((1, 10)), name="W1"), Variable(np.zeros(10), name="b1")
W2, b2 = Variable(rng.standard_normal((10, 1)) * 0.3, name="W2"), Variable(np.zeros(1), name="b2")


def predict(x):
    return F.linear(F.tanh(F.linear(x, W1, b1)), W2, b2)  # one hidden layer


for i in range(3001):
    loss = F.mean_squared_error(predict(x), t)
    for w in (W1, b1, W2, b2):
        w.cleargrad()
    loss.backward()
    for w in (W1, b1, W2, b2):
        w.data -= 0.1 * w.grad.data  # gradient descent
    if i % 1000 == 0:
        print(f"step {i}: loss {loss.data:.4f}")

assert loss.data < 0.01

# The judge of step 3 has the last word.
right = gradient_check(lambda w: F.mean_squared_error(F.linear(F.tanh(F.linear(x, w, b1)), W2, b2), t), W1)
print("the slopes agree with the measured ones:", right)
assert right
