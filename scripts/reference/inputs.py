"""The deterministic inputs of test/golden: multiples of 2^-16 in [-0.5, 0.5)."""

import numpy as np


def rnd(seed, stream, n):
    mask = 0xFFFFFFFF
    out = np.empty(n)
    for i in range(n):
        h = (i * 73856093 + stream * 19349663 + seed * 83492791) & mask
        h ^= h >> 16
        h = (h * 0x45D9F3B) & mask
        h ^= h >> 16
        h = (h * 0x45D9F3B) & mask
        h ^= h >> 16
        out[i] = ((h >> 8) & 0xFFFF) / 65536 - 0.5
    return out
