"""Writes test/golden/schedule_free.json: float64 trajectories of schedule-free SGD and AdamW from the paper's own three
sequences (Defazio et al. 2024, algorithm 1 and section 4), which the library's kernels never store: x is kept here, and y is
formed from x and z at every step. Run: python3 scripts/reference/schedule_free.py"""

import json
import math
import pathlib

import numpy as np
from inputs import rnd


def run(kind, o, seed, counts, steps, keep):
    beta = o.get("momentum", 0.9) if kind == "SGD" else o.get("beta1", 0.9)
    beta2, eps = o.get("beta2", 0.999), o.get("epsilon", 1e-8)
    rate, decay = o["learningRate"], o.get("weightDecay", 0.0)
    x = [rnd(seed, 7 + j, n) * 2 for j, n in enumerate(counts)]
    z = [a.copy() for a in x]
    v = [np.zeros(n) for n in counts]
    total, snapshots = 0.0, []
    for t in range(1, steps + 1):
        total += rate * rate
        weight = rate * rate / total
        ys = []
        for j, n in enumerate(counts):
            g = rnd(seed, 1000 * (j + 1) + t, n)
            y = (1 - beta) * z[j] + beta * x[j]
            if kind == "SGD":
                d = g + decay * y
            else:
                v[j] = beta2 * v[j] + (1 - beta2) * g * g
                d = g / (np.sqrt(v[j] / (1 - beta2**t)) + eps) + decay * y
            # The official order: x moves towards z before z takes this step's gradient ...
            z_next = z[j] - rate * d
            x[j] = (1 - weight) * x[j] + weight * z_next
            z[j] = z_next
            ys.append((1 - beta) * z[j] + beta * x[j])
        if t in keep:
            snapshots.append({"step": t, "params": [a.tolist() for a in ys], "averages": [a.tolist() for a in x]})
    return snapshots


cases = []
for kind, options, seed in [
    ("SGD", {"learningRate": 0.1}, 700),
    ("SGD", {"learningRate": 0.05, "momentum": 0.8, "weightDecay": 0.01}, 701),
    ("AdamW", {"learningRate": 0.01}, 702),
    ("AdamW", {"learningRate": 0.02, "beta1": 0.95, "beta2": 0.99, "epsilon": 1e-6, "weightDecay": 0.1}, 703),
]:
    shapes = [[7], [5, 8]]
    counts = [math.prod(s) for s in shapes]
    cases.append(
        {
            "id": f"ScheduleFree{kind}-{seed}",
            "optimizer": f"ScheduleFree{kind}",
            "options": options,
            "seed": seed,
            "shapes": shapes,
            "grad_options": {},
            "snapshots": run(kind, options, seed, counts, 20, {1, 2, 5, 20}),
        }
    )
path = pathlib.Path(__file__).parents[2] / "test" / "golden" / "schedule_free.json"
path.write_text(json.dumps({"source": "scripts/reference/schedule_free.py, NumPy float64", "cases": cases}) + "\n")
