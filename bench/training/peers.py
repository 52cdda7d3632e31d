"""Trains the networks of bench/training.mjs with what this Python has: PyTorch, NumPy, scikit-learn.

A server of JSON lines, so that its sides can take turns with those of other processes. Requests on standard input:
  {"do": "sides"}                                             → {"sides": [...], "versions": {...}}
  {"do": "prepare", "side", "units", "batch"}                 → {}                      builds the network and warms it up
  {"do": "train", "side", "seconds"}                          → {"secondsPerSample"}    fetching shuffled rows included
  {"do": "predict", "side", "seconds"}                        → {"secondsPerSample"}    one row per call; the last action
  {"do": "mnist", "side", "directory", "units", "batch", "rates", "seed"}
                                                              → {"seconds", "accuracy"}
"""
import json
import os
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
SAMPLES, FEATURES = 60000, 784
rng = np.random.default_rng(0)
x = rng.random((SAMPLES, FEATURES), dtype=np.float32)
y = rng.integers(0, 10, SAMPLES)
order = rng.permutation(SAMPLES)


class NumPy:
    """The same step by hand: He weights, ReLU, softmax cross-entropy, Adam, everything in float32 and in place."""

    def __init__(self, units, batch):
        sizes = [FEATURES, *units]
        weights = [
            rng.standard_normal((a, b), dtype=np.float32) * np.float32(np.sqrt(2 / a)) for a, b in zip(sizes, sizes[1:])
        ]
        self.params = [p for w in weights for p in (w, np.zeros(w.shape[1], np.float32))]
        self.m = [np.zeros_like(p) for p in self.params]
        self.v = [np.zeros_like(p) for p in self.params]
        self.layers, self.batch, self.t = len(units), batch, 0

    def forward(self, rows):
        activations = [rows]
        for layer in range(self.layers):
            z = activations[-1] @ self.params[2 * layer] + self.params[2 * layer + 1]
            activations.append(np.maximum(z, 0, out=z) if layer < self.layers - 1 else z)
        z = activations[-1] - activations[-1].max(1, keepdims=True)
        p = np.exp(z, out=z)
        p /= p.sum(1, keepdims=True)
        return activations, p

    def step(self, index):
        activations, d = self.forward(x[index])
        d[np.arange(len(index)), y[index]] -= 1
        d /= len(index)
        self.t += 1
        rate = np.float32(1e-3 * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t))
        for layer in reversed(range(self.layers)):
            gradients = (activations[layer].T @ d, d.sum(0))
            if layer:
                d = (d @ self.params[2 * layer].T) * (activations[layer] > 0)
            for k, g in enumerate(gradients):
                j = 2 * layer + k
                self.m[j] += np.float32(0.1) * (g - self.m[j])
                self.v[j] += np.float32(0.001) * (g * g - self.v[j])
                self.params[j] -= rate * self.m[j] / (np.sqrt(self.v[j]) + np.float32(1e-8))

    def predict(self, row):
        return self.forward(row)[1]


class PyTorch:
    def __init__(self, units, batch):
        import torch

        self.torch, self.batch = torch, batch
        sizes = [FEATURES, *units]
        modules = []
        for a, b in zip(sizes, sizes[1:]):
            modules += [torch.nn.Linear(a, b), torch.nn.ReLU()]
            torch.nn.init.kaiming_normal_(modules[-2].weight, nonlinearity="relu")
            torch.nn.init.zeros_(modules[-2].bias)
        self.net = torch.nn.Sequential(*modules[:-1])
        self.optimizer = torch.optim.Adam(self.net.parameters())
        self.loss = torch.nn.CrossEntropyLoss()
        self.use(x, y)

    def use(self, rows, labels):
        self.x, self.y = self.torch.from_numpy(rows), self.torch.from_numpy(labels)
        self.order = self.torch.from_numpy(order)

    def step(self, index):
        index = self.torch.from_numpy(index)
        self.optimizer.zero_grad()
        self.loss(self.net(self.x[index]), self.y[index]).backward()
        self.optimizer.step()

    def predict(self, row):
        with self.torch.inference_mode():
            return self.torch.softmax(self.net(self.torch.from_numpy(row)), 1)


class ScikitLearn:
    """MLPClassifier.partial_fit over blocks of mini-batches; the same network and Adam."""

    def __init__(self, units, batch):
        from sklearn.neural_network import MLPClassifier

        self.batch = batch
        self.model = MLPClassifier(tuple(units[:-1]), batch_size=batch, alpha=0, random_state=0)
        self.model.partial_fit(x[:batch], y[:batch], classes=np.arange(10))

    def step(self, index):
        self.model.partial_fit(x[index], y[index])

    def predict(self, row):
        return self.model.predict_proba(row)


CLASSES = {"PyTorch": PyTorch, "NumPy": NumPy, "scikit-learn": ScikitLearn}
MODULES = {"PyTorch": "torch", "NumPy": "numpy", "scikit-learn": "sklearn"}
prepared = {}


def sides(_):
    versions = {}
    for side, name in MODULES.items():
        try:
            versions[side] = __import__(name).__version__
        except Exception:
            pass
    return {"sides": list(versions), "versions": versions}


def prepare(request):
    side = prepared[request["side"]] = CLASSES[request["side"]](request["units"], request["batch"])
    # scikit-learn checks its input once per call: a block of mini-batches keeps that out of the figure.
    blocks = max(1, 6400 // request["batch"]) if isinstance(side, ScikitLearn) else 1
    side.rows, side.at = request["batch"] * min(blocks, 100), 0
    run(side, 0.05)
    return {}


def run(side, seconds):
    begin = time.perf_counter()
    count = 0
    while count == 0 or time.perf_counter() - begin < seconds:
        side.step(order[side.at : side.at + side.rows])
        side.at = (side.at + side.rows) % (SAMPLES - side.rows + 1)
        count += side.rows
    return (time.perf_counter() - begin) / count


def train(request):
    return {"secondsPerSample": run(prepared[request["side"]], request["seconds"])}


def predict(request):
    side = prepared[request["side"]]
    if isinstance(side, PyTorch):
        side.net.eval()
    row = x[:1].copy()
    begin = time.perf_counter()
    count = 0
    while time.perf_counter() - begin < request["seconds"]:
        for _ in range(20):
            side.predict(row)
        count += 20
    seconds = (time.perf_counter() - begin) / count
    return {"secondsPerSample": seconds}


def idx(directory, name, offset):
    return np.fromfile(os.path.join(directory, name), np.uint8)[offset:]


def images(directory, part):
    rows = idx(directory, f"{part}-images-idx3-ubyte", 16).reshape(-1, FEATURES).astype(np.float32) / np.float32(255)
    return rows, idx(directory, f"{part}-labels-idx1-ubyte", 8).astype(np.int64)


def mnist(request):
    """One training of PyTorch; only the steps are timed, with the rates and the batch size of our side."""
    import torch

    rows, labels = images(request["directory"], "train")
    test = images(request["directory"], "t10k")
    torch.manual_seed(request["seed"])
    side = PyTorch(request["units"], request["batch"])
    side.use(rows, labels)
    batch, rates = request["batch"], request["rates"]
    per_epoch = -(-len(rows) // batch)
    begin = time.perf_counter()
    for i, rate in enumerate(rates):
        if i % per_epoch == 0:
            shuffled = torch.randperm(len(rows))
        index = shuffled[(i % per_epoch) * batch : (i % per_epoch + 1) * batch]
        side.optimizer.param_groups[0]["lr"] = rate
        side.optimizer.zero_grad()
        side.loss(side.net(side.x[index]), side.y[index]).backward()
        side.optimizer.step()
    seconds = time.perf_counter() - begin
    with torch.inference_mode():
        right = side.net(torch.from_numpy(test[0])).argmax(1) == torch.from_numpy(test[1])
    return {"seconds": seconds, "accuracy": right.float().mean().item()}


ACTIONS = {"sides": sides, "prepare": prepare, "train": train, "predict": predict, "mnist": mnist}
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(ACTIONS[request["do"]](request)), flush=True)
