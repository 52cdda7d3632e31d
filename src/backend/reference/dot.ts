// Dot order (NUMERICS: GEMM): 16 chains an element, the k = l, l + 16, l + 32 … in chain l, combined at distance 8, 4, 2, 1. Two
// columns at a time share what is read of A: 3.6 GFLOP/s, the speed of tile.ts, instead of 2.2. Written out once per kind of
// step, as there: a step that is passed in as a function takes ten times as long.
import { f32 } from "../../core/f32.ts";
import type { FloatArray } from "../../core/types.ts";
import { CHAINS, fmaPair32 } from "./fma.ts";

/** Adds a row of A, from aAt on, times the columns of B at b0 and b1 to two times 16 chains. */
type Pair = (k: number, a: FloatArray, aAt: number, b: FloatArray, b0: number, b1: number, chains: FloatArray) => void;

const pair32: Pair = (k, a, aAt, b, b0, b1, chains) => {
  for (let p = 0; p < k; p++) {
    const l = p % CHAINS;
    const x = a[aAt + p]!;
    chains[l] = Math.fround(x * b[b0 + p]! + chains[l]!);
    chains[l + CHAINS] = Math.fround(x * b[b1 + p]! + chains[l + CHAINS]!);
  }
};

const pair64: Pair = (k, a, aAt, b, b0, b1, chains) => {
  for (let p = 0; p < k; p++) {
    const l = p % CHAINS;
    const x = a[aAt + p]!;
    chains[l] = x * b[b0 + p]! + chains[l]!;
    chains[l + CHAINS] = x * b[b1 + p]! + chains[l + CHAINS]!;
  }
};

const identity = (x: number): number => x;

/** One row of accumulators. `b` has rows of k; where the setting is exact, neither operand has subnormals (`flushed`). */
export function dotRow(k: number, n: number, a: FloatArray, aAt: number, b: FloatArray, out: FloatArray, exact: boolean): void {
  const single = out instanceof Float32Array;
  const pair = single ? (exact ? fmaPair32 : pair32) : pair64;
  const round = single ? f32 : identity;
  const chains = single ? new Float32Array(2 * CHAINS) : new Float64Array(2 * CHAINS);
  for (let j = 0; j < n; j += 2) {
    const second = j + 1 < n ? j + 1 : j;
    chains.fill(0);
    pair(k, a, aAt, b, j * k, second * k, chains);
    for (let distance = CHAINS / 2; distance >= 1; distance /= 2) {
      for (let l = 0; l < distance; l++) {
        chains[l] = round(chains[l]! + chains[l + distance]!);
        chains[l + CHAINS] = round(chains[l + CHAINS]! + chains[l + CHAINS + distance]!);
      }
    }
    out[j] = chains[0]!;
    out[second] = chains[second === j ? 0 : CHAINS]!;
  }
}
