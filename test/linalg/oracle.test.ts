// Products of random shapes, in every way and on every ISA, against float64 sums with the bound
// γ(K+2)·(|α||A||B| + |β||C|), and against exact integers. Seeds are fresh in every run; a failure prints its own.
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { GemmCall } from "../../src/backend/gemm.ts";
import type { Dtype, FloatArray } from "../../src/core/types.ts";
import { setBackend } from "../../src/index.ts";
import { callOf, generator } from "./cases.ts";
import { forEachIsa } from "./isas.ts";
import { optionsOf, WAYS } from "./ways.ts";

afterAll(() => setBackend("auto"));

const size = (small: number, large: number) =>
  fc.oneof(fc.integer({ min: 1, max: small }), fc.integer({ min: 1, max: 5 * small }), fc.integer({ min: 1, max: large }));

const shapes = fc.record({
  m: size(20, 300),
  n: size(20, 500),
  k: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 1800 })),
  transA: fc.boolean(),
  transB: fc.boolean(),
  alpha: fc.constantFrom(1, 1, -0.5, 0.3, 0),
  beta: fc.constantFrom(0, 0, 1, -0.7),
  slack: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 })),
  seed: fc.integer(),
});

/** About `most` places of C, the corners among them. */
function* places({ m, n }: GemmCall, most: number): Generator<[number, number]> {
  const step = Math.max(1, Math.floor((m * n) / most));
  for (let at = 0; at < m * n; at += step) yield [Math.floor(at / n), at % n];
  yield [m - 1, n - 1];
}

function exactSum({ k, a, b, c, lda, ldb, ldc, transA, transB, alpha, beta }: GemmCall, i: number, j: number) {
  let sum = 0;
  let magnitude = 0;
  for (let p = 0; p < k && alpha !== 0; p++) {
    const x = alpha * (transA ? a[p * lda + i]! : a[i * lda + p]!) * (transB ? b[j * ldb + p]! : b[p * ldb + j]!);
    sum += x;
    magnitude += Math.abs(x);
  }
  if (beta !== 0) {
    sum += beta * c[i * ldc + j]!;
    magnitude += Math.abs(beta * c[i * ldc + j]!);
  }
  return { sum, magnitude };
}

/** Throws where C is off by more than the bound (0 for integers), or what lies between its rows was written. */
function check(call: GemmCall, result: FloatArray, dtype: Dtype, exact: boolean, what: string): void {
  const { m, n, k, c, ldc } = call;
  // float64 sums have errors of their own: twice the unit for the oracle's share.
  const unit = dtype === "float32" ? 2 ** -24 : 2 ** -52;
  const gamma = exact ? 0 : ((k + 2) * unit) / (1 - (k + 2) * unit);
  for (const [i, j] of places(call, 400)) {
    const { sum, magnitude } = exactSum(call, i, j);
    const error = Math.abs(result[i * ldc + j]! - sum);
    if (!(error <= gamma * magnitude)) throw new Error(`${what}: C[${i}, ${j}] is ${result[i * ldc + j]}, not ${sum}`);
  }
  for (let at = 0; at < c.length; at++) {
    const inside = at % ldc < n && at < m * ldc;
    if (!inside && !Object.is(result[at], c[at])) throw new Error(`${what}: wrote beside C at ${at}`);
  }
}

async function inEveryWay(call: GemmCall, verify: (result: FloatArray, what: string) => void): Promise<void> {
  const runs = WAYS.filter((way) => way.takes(call));
  setBackend("native");
  const pending: Promise<void>[] = [];
  forEachIsa((isa) => {
    for (const { name, run } of runs) {
      // Where it is asynchronous, the work may run after the ISA has changed back: its bits are the same.
      const result = run(optionsOf(call));
      if (result instanceof Promise) pending.push(result.then((c) => verify(c, `${name} ${isa}`)));
      else verify(result, `${name} ${isa}`);
    }
  });
  await Promise.all(pending);
  for (const exact of [true, false]) {
    if (call.m * call.n * call.k > 1e6) continue; // the reference takes too long
    setBackend("reference", { exact });
    for (const { name, run } of runs) verify(await run(optionsOf(call)), `${name} reference ${exact ? "exact" : "fast"}`);
  }
}

for (const dtype of ["float32", "float64"] as const) {
  test(`${dtype} products stay within the error bound`, async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ seed, ...shape }) => {
        const next = generator(seed);
        const call = callOf({ dtype, ...shape }, () => next() - 0.5);
        await inEveryWay(call, (result, what) => check(call, result, dtype, false, what));
      }),
      { numRuns: 60 },
    );
  });

  test(`${dtype} products of integers are exact`, async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ seed, ...shape }) => {
        const next = generator(seed);
        const integers = { ...shape, alpha: 2 * Math.sign(shape.alpha), beta: Math.sign(shape.beta) };
        const call = callOf({ dtype, ...integers }, () => Math.floor(next() * 17) - 8);
        await inEveryWay(call, (result, what) => check(call, result, dtype, true, what));
      }),
      { numRuns: 40 },
    );
  });
}

test("a result that is off by one unit in the last place of a small integer is found", () => {
  const call = callOf({ dtype: "float32", m: 3, n: 4, k: 2, transA: false, transB: false }, () => 3);
  const result = new Float32Array(12).fill(18);
  check(call, result, "float32", true, "as it is");
  result[11] = 18 + 2 ** -19;
  expect(() => check(call, result, "float32", true, "changed")).toThrow("C[2, 3]");
});
