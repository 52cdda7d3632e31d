// Reading the reference data of test/golden (PyTorch 1.13.1; NumPy for optimizers_extra.json) and its input generator.
import { readFileSync } from "node:fs";

export function golden<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), "utf8")) as T;
}

/** The data's deterministic inputs: multiples of 2⁻¹⁶ in [−0.5, 0.5). */
export function rnd(seed: number, stream: number, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let h = (Math.imul(i, 73856093) + Math.imul(stream, 19349663) + Math.imul(seed, 83492791)) >>> 0;
    h ^= h >>> 16;
    h = Math.imul(h, 0x45d9f3b) >>> 0;
    h ^= h >>> 16;
    h = Math.imul(h >>> 0, 0x45d9f3b) >>> 0;
    h ^= h >>> 16;
    return ((h >>> 8) & 0xffff) / 65536 - 0.5;
  });
}

/** The gradient of tensor j at step t = 1, 2, … */
export function gradientOf(seed: number, j: number, t: number, n: number, zeroEvery?: number): Float64Array {
  const g = rnd(seed, 1000 * (j + 1) + t, n);
  if (zeroEvery) for (let i = 0; i < n; i++) if ((i + t) % zeroEvery === 0) g[i] = 0;
  return g;
}

export function decode(text: string, single: boolean): Float32Array | Float64Array {
  const bytes = Buffer.from(text, "base64");
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return single ? new Float32Array(copy) : new Float64Array(copy);
}

/** Throws unless |x − y| ≤ tolerance · max(1, |y|) everywhere. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  if (actual.length !== expected.length) throw new Error(`${what}: ${actual.length} elements instead of ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [actual[i]!, expected[i]!];
    if (!(Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y))))
      throw new Error(
        `${what}[${i}]: ${x} instead of ${y}, off by ${Math.abs(x - y)}, allowed ${tolerance * Math.max(1, Math.abs(y))}`,
      );
  }
}

type Values = Record<string, unknown>;

const RENAMED: Record<string, string> = {
  lr: "learningRate",
  weight_decay: "weightDecay",
  eps: "epsilon",
  lr_decay: "learningRateDecay",
  initial_accumulator_value: "initialAccumulator",
  momentum_decay: "momentumDecay",
  beta2_decay: "beta2Decay",
  ns_steps: "nsSteps",
  ns_coefficients: "nsCoefficients",
  adjust_lr: "adjustLearningRate",
  d: "clipThreshold",
};
const PAIRS: Record<string, [string, string]> = {
  betas: ["beta1", "beta2"],
  etas: ["etaMinus", "etaPlus"],
  step_sizes: ["minStep", "maxStep"],
};

/** PyTorch's option names in this library's words. */
export function optionsOf(torch: Values): Values {
  const options: Values = {};
  for (const [key, value] of Object.entries(torch)) {
    const pair = key === "eps" && Array.isArray(value) ? (["epsilon1", "epsilon2"] as const) : PAIRS[key];
    if (pair) [options[pair[0]], options[pair[1]]] = value as [number, number];
    else options[RENAMED[key] ?? key] = value;
  }
  return options;
}
