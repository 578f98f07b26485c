"""How fast is level 4? Training steps of two small networks, against torch eager and the book's own library.

    python benchmarks/autodiff.py [--data FOLDER] [--dezero PYTHON] [--rounds 15] [--threads 1]

--data     a folder of Fashion-MNIST in its four original files; made-up pictures where none is given (it takes as long)
--dezero   a Python interpreter that has the book's library installed, kept apart from this project's environment

Every contestant runs in a process of its own and starts from the same weights; the rounds take turns, so that a
busy moment of the machine hits all of them. A round is 20 steps: forward, backward, SGD update, batch 64, float32.
Reported are milliseconds a step, of the processor and on the clock, the best round of each, and the loss after the
first round, which shows that all compute the same (DeZero as it is draws weights of its own, in float64 since
NumPy 2). Ratios are of processor time with one thread, which other programs disturb least, and of clock time with
several.
"""

import argparse
import gzip
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

STEPS, BATCH, LR = 20, 64, 0.01
NETS = ("dense", "conv", "lenet")  # 784-128-10; two 3 x 3 convolutions; two 5 x 5 ones, as in LeNet-5


def batches(folder):
    """20 batches of pictures (64, 1, 28, 28) in 0..1 and labels."""
    import numpy as np

    n = STEPS * BATCH
    if folder is None:
        rng = np.random.default_rng(0)
        return rng.random((STEPS, BATCH, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, (STEPS, BATCH))

    def read(name):
        return gzip.decompress((Path(folder) / name).read_bytes())

    x = np.frombuffer(read("train-images-idx3-ubyte.gz"), np.uint8, n * 784, 16)
    t = np.frombuffer(read("train-labels-idx1-ubyte.gz"), np.uint8, n, 8)
    return (x.reshape(STEPS, BATCH, 1, 28, 28) / 255).astype(np.float32), t.reshape(STEPS, BATCH).astype(np.int64)


def weights(net):
    """The same first weights for all, in the order W, b, W, b, ...; matrices are (in, out)."""
    import numpy as np

    rng = np.random.default_rng(1)
    shapes = {
        "dense": [(784, 128), (128, 10)],
        "conv": [(16, 1, 3, 3), (32, 16, 3, 3), (32 * 7 * 7, 10)],
        "lenet": [(6, 1, 5, 5), (16, 6, 5, 5), (16 * 5 * 5, 120), (120, 84), (84, 10)],
    }[net]
    made = []
    for s in shapes:
        inputs, outputs = (s[0], s[1]) if len(s) == 2 else (s[1] * s[2] * s[3], s[0])
        made += [(rng.standard_normal(s) / inputs**0.5).astype(np.float32), np.zeros(outputs, np.float32)]
    return made


def glasshouse_step(net, kind):
    """Level 4, on NumPy arrays or on torch tensors."""
    import numpy as np

    import glasshouse.autodiff.functions as F
    from glasshouse.autodiff import layers as L
    from glasshouse.autodiff import models, optimizers

    class Conv(models.Model):
        def __init__(self, lenet):
            self.c1 = L.Conv2d(6, 5, pad=2) if lenet else L.Conv2d(16, 3, pad=1)
            self.c2 = L.Conv2d(16, 5) if lenet else L.Conv2d(32, 3, pad=1)
            self.head = models.MLP((120, 84, 10) if lenet else (10,), activation=F.relu)

        def forward(self, x):
            x = F.pooling(F.relu(self.c1(x)), 2, 2)
            x = F.pooling(F.relu(self.c2(x)), 2, 2)
            return self.head(F.flatten(x))

    model = models.MLP((128, 10), activation=F.relu) if net == "dense" else Conv(net == "lenet")
    first = np.zeros((1, 784) if net == "dense" else (1, 1, 28, 28), np.float32)
    model(first)
    for p, w in zip(model.params(), weights(net)):
        p.data = w.copy()
    if kind == "torch":
        model.to_torch()
    optimizer = optimizers.SGD(LR).setup(model)

    def step(x, t):
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
        optimizer.update()
        return loss.data

    return step


def torch_step(net):
    """Torch, eager, as its own tutorials write it."""
    import torch
    from torch import nn

    if net == "dense":
        model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    elif net == "conv":
        convs = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        convs += [nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        model = nn.Sequential(*convs, nn.Flatten(), nn.Linear(32 * 49, 10))
    else:
        convs = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
        convs += [nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        model = nn.Sequential(*convs, nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights(net)):
            p.copy_(torch.as_tensor(w.T.copy() if w.ndim == 2 else w))
    optimizer, criterion = torch.optim.SGD(model.parameters(), lr=LR), nn.CrossEntropyLoss()

    def step(x, t):
        loss = criterion(model(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def dezero_step(net, single=True):
    """The book's library, used as the book uses it; `single` puts our float32 weights in the place of its own.

    Its own are drawn as float32 and multiplied by a number of NumPy's, which makes them, and all that follows, float64
    since NumPy 2 (NEP 50).
    """
    import numpy as np

    np.int = int  # the library was written for an older NumPy
    import dezero.functions as F
    import dezero.layers as L
    from dezero import optimizers
    from dezero.models import MLP, Model

    class Conv(Model):
        def __init__(self, lenet):
            super().__init__()
            self.c1 = L.Conv2d(6, 5, pad=2) if lenet else L.Conv2d(16, 3, pad=1)
            self.c2 = L.Conv2d(16, 5) if lenet else L.Conv2d(32, 3, pad=1)
            self.head = MLP((120, 84, 10) if lenet else (10,), activation=F.relu)

        def forward(self, x):
            x = F.pooling(F.relu(self.c1(x)), 2, 2)
            x = F.pooling(F.relu(self.c2(x)), 2, 2)
            return self.head(F.reshape(x, (x.shape[0], -1)))

    model = MLP((128, 10), activation=F.relu) if net == "dense" else Conv(net == "lenet")
    model(np.zeros((1, 784) if net == "dense" else (1, 1, 28, 28), np.float32))
    layers = list(model.layers) if net == "dense" else [model.c1, model.c2, *model.head.layers]
    made = iter(weights(net))
    for layer in layers if single else ():
        layer.W.data, layer.b.data = next(made), next(made)
    optimizer = optimizers.SGD(LR).setup(model)

    def step(x, t):
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
        optimizer.update()
        return loss.data

    return step


def work(name, net, folder, threads):
    """The worker: for each line on stdin, one round; its milliseconds a step and the last loss on stdout."""
    if "torch" in name:
        import torch

        torch.set_num_threads(threads)
    makers = {
        "glasshouse numpy": lambda: glasshouse_step(net, "numpy"),
        "glasshouse torch": lambda: glasshouse_step(net, "torch"),
        "torch eager": lambda: torch_step(net),
        "dezero float32": lambda: dezero_step(net),
        "dezero as it is": lambda: dezero_step(net, single=False),
    }
    step = makers[name]()
    xs, ts = batches(folder)
    xs = xs.reshape(STEPS, BATCH, 784) if net == "dense" else xs
    if "torch" in name:
        xs, ts = torch.as_tensor(xs), torch.as_tensor(ts)
    for _ in sys.stdin:
        clock, processor = time.perf_counter(), time.process_time()
        for x, t in zip(xs, ts):
            loss = step(x, t)
        seconds = time.process_time() - processor, time.perf_counter() - clock
        print(json.dumps([[s / STEPS * 1e3 for s in seconds], float(loss)]), flush=True)


def race(net, pythons, args):
    """Rounds in turn: contestant -> milliseconds a step (processor, clock) of each round; and its first loss."""
    threads = str(args.threads)
    env = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
    workers = {}
    for name, python in pythons.items():
        command = [python, __file__, "--work", name, "--net", net, "--threads", threads]
        command += ["--data", args.data] if args.data else []
        workers[name] = subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=env)
    times, losses = {name: [] for name in workers}, {}
    for turn in range(args.rounds + 1):
        for name, worker in workers.items():
            worker.stdin.write("go\n")
            worker.stdin.flush()
            milliseconds, loss = json.loads(worker.stdout.readline())
            losses.setdefault(name, loss)
            if turn:
                times[name].append(milliseconds)
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    return times, losses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--dezero")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--net", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        return work(args.work, args.net, args.data, args.threads)
    pythons = dict.fromkeys(("glasshouse numpy", "glasshouse torch", "torch eager"), sys.executable)
    if args.dezero:
        pythons |= dict.fromkeys(("dezero float32", "dezero as it is"), args.dezero)
    print(
        f"{platform.machine()}, Python {platform.python_version()}, {args.threads} thread(s), batch {BATCH}, ", end=""
    )
    print(f"{args.rounds} rounds of {STEPS} steps")
    for net in NETS:
        times, losses = race(net, pythons, args)
        best = {name: [min(column) for column in zip(*rounds)] for name, rounds in times.items()}
        print(f"\n{net}: milliseconds a step\n{'':18}{'processor':>10}{'clock':>8}   loss after {STEPS} steps")
        for name, (processor, clock) in best.items():
            print(f"{name:18}{processor:10.3f}{clock:8.3f}   {losses[name]:.5f}")
        ms = {name: pair[args.threads > 1] for name, pair in best.items()}
        print(f"glasshouse torch / torch eager: {ms['glasshouse torch'] / ms['torch eager']:.2f}")
        for name in ms:
            if "dezero" in name:
                print(f"{name} / glasshouse numpy: {ms[name] / ms['glasshouse numpy']:.2f}")
    return None


if __name__ == "__main__":
    main()
