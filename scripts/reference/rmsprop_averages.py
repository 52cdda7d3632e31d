"""Writes test/golden/rmsprop_averages.json: float64 trajectories of RMSprop with the mean of squares over a window, over all
steps and over one step, alone, centered and with momentum. The means are taken from a list of past gradients; PyTorch's
RMSprop gives the rest: the variance is mean(g²) − mean(g)², the velocity b ← μ b + g / (√variance + ε), θ ← θ − α b.
`spread` is how far the same recurrence in NumPy's float32 drifts from that: the largest |x32 - x64| / max(1, |x64|).
Run: python3 scripts/reference/rmsprop_averages.py"""

import json
import math
import pathlib

import numpy as np
from inputs import rnd


def run(o, seed, counts, steps, keep, kind):
    o = {k: kind(v) if isinstance(v, float) else v for k, v in o.items()}
    theta = [(rnd(seed, 7 + j, n) * 2).astype(kind) for j, n in enumerate(counts)]
    past = [[] for _ in counts]
    velocity = [np.zeros(n, kind) for n in counts]
    snapshots = []
    for t in range(1, steps + 1):
        for j, n in enumerate(counts):
            g = rnd(seed, 1000 * (j + 1) + t, n).astype(kind)
            past[j].append(g)
            seen = {"window": past[j][-o.get("window", 10) :], "instant": [g], "cumulative": past[j]}[o["average"]]
            square = sum(x * x for x in seen) / kind(len(seen))
            if o.get("centered"):
                square = np.maximum(square - (sum(seen) / kind(len(seen))) ** 2, kind(0))
            root = np.sqrt(square + o["epsilon"]) if o.get("epsilonInside") else np.sqrt(square) + o["epsilon"]
            velocity[j] = kind(o.get("momentum", 0)) * velocity[j] + g / root
            theta[j] = theta[j] - o["learningRate"] * velocity[j]
        if t in keep:
            snapshots.append({"step": t, "params": [a.tolist() for a in theta]})
    return snapshots


cases = []
shapes = [[7], [5, 8]]
for average in ["window", "instant", "cumulative"]:
    for centered in [False] if average == "instant" else [False, True]:
        for momentum in [0, 0.9]:
            for inside in [False, True]:
                options = {"learningRate": 0.01, "average": average, "epsilon": 1e-2}
                options |= {"window": 4} if average == "window" else {}
                options |= {"centered": True} if centered else {}
                options |= {"momentum": momentum} if momentum else {}
                options |= {"epsilonInside": True} if inside else {}
                seed = 720 + len(cases)
                counts = [math.prod(s) for s in shapes]
                exact, single = (run(options, seed, counts, 20, {1, 2, 5, 20}, kind) for kind in (np.float64, np.float32))
                spread = max(
                    float(np.max(np.abs(np.array(b) - np.array(a)) / np.maximum(1, np.abs(a))))
                    for x, y in zip(exact, single)
                    for a, b in zip(x["params"], y["params"])
                )
                cases.append(
                    {
                        "id": f"RMSprop-{average}-{seed}",
                        "optimizer": "RMSprop",
                        "options": options,
                        "seed": seed,
                        "shapes": shapes,
                        "grad_options": {},
                        "spread": spread,
                        "snapshots": exact,
                    }
                )
path = pathlib.Path(__file__).parents[2] / "test" / "golden" / "rmsprop_averages.json"
path.write_text(json.dumps({"source": "scripts/reference/rmsprop_averages.py, NumPy float64", "cases": cases}) + "\n")
