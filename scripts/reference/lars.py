"""Writes test/golden/lars.json: float64 trajectories of LARS from algorithm 1 of You, Gitman, Ginsburg 2017 (with the
epsilon of the common PyTorch implementations in the denominator), in plain Python without packages.
Run: python3 scripts/reference/lars.py"""

import json
import math
import pathlib


def rnd(seed, stream, n):
    mask, out = 0xFFFFFFFF, []
    for i in range(n):
        h = (i * 73856093 + stream * 19349663 + seed * 83492791) & mask
        h ^= h >> 16
        h = (h * 0x45D9F3B) & mask
        h ^= h >> 16
        h = (h * 0x45D9F3B) & mask
        h ^= h >> 16
        out.append(((h >> 8) & 0xFFFF) / 65536 - 0.5)
    return out


def norm(x):
    return math.sqrt(math.fsum(a * a for a in x))


def run(o, seed, counts, steps, keep, zero):
    eta, mu = o.get("trustCoefficient", 0.001), o.get("momentum", 0.9)
    beta, eps, gamma = o.get("weightDecay", 0.0), o.get("epsilon", 1e-8), o["learningRate"]
    w = [[0.0] * n if j in zero else [2 * a for a in rnd(seed, 7 + j, n)] for j, n in enumerate(counts)]
    v = [[0.0] * n for n in counts]
    snapshots = []
    for t in range(1, steps + 1):
        for j, n in enumerate(counts):
            g = rnd(seed, 1000 * (j + 1) + t, n)
            local = 1.0
            if norm(w[j]) > 0 and norm(g) > 0:
                local = eta * norm(w[j]) / (norm(g) + beta * norm(w[j]) + eps)
            v[j] = [mu * a + gamma * local * (b + beta * c) for a, b, c in zip(v[j], g, w[j])]
            w[j] = [a - b for a, b in zip(w[j], v[j])]
        if t in keep:
            snapshots.append({"step": t, "params": [a[:] for a in w]})
    return snapshots


cases = []
for options, seed, zero in [
    ({"learningRate": 1.0}, 800, []),
    ({"learningRate": 2.0, "momentum": 0.8, "trustCoefficient": 0.02, "weightDecay": 0.01, "epsilon": 1e-3}, 801, []),
    ({"learningRate": 0.1, "momentum": 0.0, "trustCoefficient": 0.1, "weightDecay": 0.1}, 802, [0]),
]:
    shapes = [[7], [5, 8], [257]]
    counts = [math.prod(shape) for shape in shapes]
    cases.append(
        {
            "id": f"LARS-{seed}",
            "optimizer": "LARS",
            "options": options,
            "seed": seed,
            "shapes": shapes,
            "zero": zero,
            "snapshots": run(options, seed, counts, 20, {1, 2, 20}, zero),
        }
    )

target = pathlib.Path(__file__).parents[2] / "test" / "golden" / "lars.json"
target.write_text(json.dumps({"source": "scripts/reference/lars.py, Python float64", "cases": cases}) + "\n")
