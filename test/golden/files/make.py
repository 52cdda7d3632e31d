"""Writes the files of this folder: NumPy 2 and safetensors 0.8 are the other tools that ours must agree with."""
import numpy as np
from safetensors.numpy import save_file

rng = np.random.RandomState(7)
a = np.arange(6, dtype=np.float32).reshape(2, 3)
np.save("f4.npy", a)
np.save("f8_fortran.npy", np.asfortranarray(np.arange(24, dtype=np.float64).reshape(2, 3, 4)))
np.save("i4_big.npy", np.array([1, -2, 3], dtype=">i4"))
np.save("bool.npy", np.array([True, False, True]))
np.save("scalar.npy", np.float64(2.5))
np.save("i8.npy", np.array([[2**53 + 1], [-5]], dtype=np.int64))
save_file(
    {
        "dense/kernel": a,
        "dense/bias": np.array([0.5, -0.0, np.inf], dtype=np.float32),
        "step": np.array(12, dtype=np.int64),
        "half": np.array([1.0, 2.0], dtype=np.float16),
        "mask": np.array([True, False]),
        "empty": np.zeros((0, 4), dtype=np.float64),
    },
    "sample.safetensors",
    metadata={"format": "np", "note": "größer"},
)
# The data of NumPy's seed 0 for the linear regression of examples/linear-regression.mjs.
np.random.seed(0)
x = np.random.rand(100, 1)
y = 2 * x + 1 + 0.1 * np.random.randn(100, 1)
w, b = np.linalg.lstsq(np.hstack([x, np.ones_like(x)]), y, rcond=None)[0].ravel()
print(w, b, np.mean((w * x + b - y) ** 2))
np.save("../../../examples/data/regression.npy", np.hstack([x, y]))
