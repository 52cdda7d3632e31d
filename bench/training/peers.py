"""Trains the same network with NumPy and, where it is installed, PyTorch; prints seconds per sample as JSON.

Arguments: units of the layers, comma-separated, and the batch size. Data handling (fetching shuffled rows) is included.
"""
import json
import sys
import time

import numpy as np

units = [int(n) for n in sys.argv[1].split(",")]
batch = int(sys.argv[2])
samples, features, seconds = 60000, 784, 1.0
rng = np.random.default_rng(0)
x = rng.random((samples, features), dtype=np.float32)
y = rng.integers(0, 10, samples)
order = rng.permutation(samples)
sizes = [features, *units]


def timed(step):
    """Median over samples of a second, after a warm-up."""
    for i in range(5):
        step(i)
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        step(count)
        count += 1
    return (time.perf_counter() - begin) / (count * batch)


def rows(i):
    at = (i * batch) % (samples - batch + 1)
    return order[at : at + batch]


def with_numpy():
    weights = [rng.standard_normal((a, b), dtype=np.float32) * np.float32(np.sqrt(2 / a)) for a, b in zip(sizes, sizes[1:])]
    params = [p for w in weights for p in (w, np.zeros(w.shape[1], np.float32))]
    m = [np.zeros_like(p) for p in params]
    v = [np.zeros_like(p) for p in params]

    def step(i):
        index = rows(i)
        activations = [x[index]]
        for layer in range(len(units)):
            z = activations[-1] @ params[2 * layer] + params[2 * layer + 1]
            activations.append(np.maximum(z, 0) if layer < len(units) - 1 else z)
        z = activations[-1] - activations[-1].max(1, keepdims=True)
        d = np.exp(z)
        d /= d.sum(1, keepdims=True)
        d[np.arange(batch), y[index]] -= 1
        d /= batch
        t = i + 1
        rate = np.float32(1e-3 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t))
        for layer in reversed(range(len(units))):
            gradients = (activations[layer].T @ d, d.sum(0))
            if layer:
                d = (d @ params[2 * layer].T) * (activations[layer] > 0)
            for k, g in enumerate(gradients):
                j = 2 * layer + k
                m[j] += np.float32(0.1) * (g - m[j])
                v[j] += np.float32(0.001) * (g * g - v[j])
                params[j] -= rate * m[j] / (np.sqrt(v[j]) + np.float32(1e-8))

    return timed(step)


def with_torch():
    import torch

    modules = []
    for a, b in zip(sizes, sizes[1:]):
        modules += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    net = torch.nn.Sequential(*modules[:-1])
    optimizer = torch.optim.Adam(net.parameters())
    loss = torch.nn.CrossEntropyLoss()
    tx, ty, to = torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(order)

    def step(i):
        at = (i * batch) % (samples - batch + 1)
        index = to[at : at + batch]
        optimizer.zero_grad()
        loss(net(tx[index]), ty[index]).backward()
        optimizer.step()

    return timed(step)


results = [{"side": "numpy", "secondsPerSample": with_numpy()}]
try:
    results.append({"side": "PyTorch", "secondsPerSample": with_torch()})
except ImportError:
    pass
print(json.dumps(results))
