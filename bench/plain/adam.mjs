// Adam with bias correction as one would write it without a library: one loop, plain arithmetic, float32 arrays.

export function plainAdam(p, g, m, v, t, rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8) {
  const step = rate / (1 - beta1 ** t);
  const root = 1 / Math.sqrt(1 - beta2 ** t);
  const rest1 = 1 - beta1;
  const rest2 = 1 - beta2;
  for (let i = 0; i < p.length; ++i) {
    const x = g[i];
    const mean = beta1 * m[i] + rest1 * x;
    const square = beta2 * v[i] + rest2 * x * x;
    m[i] = mean;
    v[i] = square;
    p[i] -= (step * mean) / (Math.sqrt(square) * root + epsilon);
  }
}
