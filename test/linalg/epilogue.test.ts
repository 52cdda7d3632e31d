// What follows the product: every combination, in every regime, against the formula step by step on the bare accumulators.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { ACTIVATIONS, type Activation, type GemmCall } from "../../src/backend/gemm.ts";
import { createNative } from "../../src/backend/native/native.ts";
import { unary } from "../../src/backend/reference/ops/elementwise.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import type { Dtype, FloatArray } from "../../src/core/types.ts";
import { callOf, firstDifference, generator, resultOf } from "./cases.ts";
import { addonForTests, forEachIsa } from "./isas.ts";

const addon = addonForTests();
const native = createNative(addon);

/** One shape per way to C: tiny, direct (B in place, packed, k in blocks), blocked, one row, narrow, dot, several rows of dots. */
const WAYS = [
  { m: 5, n: 17, k: 9, transA: false, transB: false },
  { m: 33, n: 70, k: 20, transA: false, transB: false },
  { m: 30, n: 40, k: 25, transA: false, transB: true },
  { m: 7, n: 40, k: 1100, transA: true, transB: false },
  { m: 50, n: 66, k: 130, transA: false, transB: true, forced: "blocked" as const },
  { m: 1, n: 700, k: 12, transA: false, transB: false },
  { m: 70, n: 9, k: 31, transA: false, transB: false },
  { m: 20, n: 90, k: 14, transA: true, transB: true },
  { m: 3, n: 35, k: 50, transA: false, transB: true },
  { m: 40, n: 2, k: 50, transA: false, transB: true },
  { m: 9, n: 11, k: 0, transA: false, transB: false },
];

const FACTORS = [1, 0.3, 0].flatMap((alpha) => [0, 1, -0.7].map((beta) => [alpha, beta] as const));
const ADDITIONS = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** The formula of docs/numerics.md, each step rounded to the dtype. No operand is subnormal here. */
function stepByStep(call: GemmCall, accumulators: FloatArray, dtype: Dtype): FloatArray {
  const round = dtype === "float32" ? Math.fround : (x: number) => x;
  const { m, n, ldc, alpha, beta, bias, residual, ldr, activation } = call;
  const c = call.c.slice() as FloatArray;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let t = round(alpha * (alpha === 0 ? 0 : accumulators[i * ldc + j]!));
      if (beta !== 0) t = round(t + round(beta * c[i * ldc + j]!));
      if (bias) t = round(t + bias[j]!);
      if (residual) t = round(t + residual[i * ldr + j]!);
      c[i * ldc + j] = t;
    }
    const row = c.subarray(i * ldc, i * ldc + n) as FloatArray;
    if (activation !== "none") unary(dtype, activation, n, row, row, 0);
  }
  return c;
}

describe("α, β, bias, residual and activation in every combination", () => {
  for (const dtype of ["float32", "float64"] as const) {
    for (const way of WAYS) {
      test(`${dtype} ${way.m}×${way.n}×${way.k}${way.transA ? " Aᵀ" : ""}${way.transB ? " Bᵀ" : ""}`, () => {
        const next = generator(way.m * 1000 + way.n);
        const full = callOf({ dtype, ...way, beta: 1, bias: true, residual: true, slack: 2 }, () => 4 * next() - 2);
        const empty = full.c.slice().fill(Number.NaN) as FloatArray;
        const checkAll = (backend: Backend, name: string) => {
          const bare = { ...full, c: empty, beta: 0, bias: null, residual: null };
          const accumulators = resultOf(backend, bare);
          for (const [alpha, beta] of FACTORS) {
            for (const [bias, residual] of ADDITIONS) {
              for (const activation of ACTIVATIONS) {
                const call = {
                  ...full,
                  c: beta === 0 ? empty : full.c,
                  alpha: dtype === "float32" ? Math.fround(alpha) : alpha,
                  beta: dtype === "float32" ? Math.fround(beta) : beta,
                  bias: bias ? full.bias : null,
                  residual: residual ? full.residual : null,
                  activation,
                };
                const at = firstDifference(resultOf(backend, call), stepByStep(call, accumulators, dtype));
                if (at !== -1) expect(at, `${name} ${JSON.stringify({ alpha, beta, bias, residual, activation })}`).toBe(-1);
              }
            }
          }
        };
        checkAll(createReference(true), "reference");
        addon.gemmForce(way.forced ?? "");
        try {
          forEachIsa((isa) => checkAll(native, isa));
        } finally {
          addon.gemmForce("");
        }
      });
    }
  }
});

test("activations keep NaN, and saturate where their arguments are infinite", () => {
  const a = new Float32Array([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]);
  const limits: Record<Activation, number[]> = {
    none: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0],
    relu: [Number.NaN, Number.POSITIVE_INFINITY, 0, 0],
    gelu: [Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 0],
    geluTanh: [Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 0],
    silu: [Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 0],
    sigmoid: [Number.NaN, 1, 0, 0.5],
    tanh: [Number.NaN, 1, -1, 0],
  };
  for (const backend of [native, createReference(true)]) {
    for (const activation of ACTIVATIONS) {
      const call = callOf({ dtype: "float32", m: 4, n: 6, k: 1, transA: false, transB: false, activation }, () => 1);
      const c = resultOf(backend, { ...call, a });
      expect(
        [0, 1, 2, 3].map((i) => c[i * 6 + 5]),
        activation,
      ).toEqual(limits[activation]);
    }
  }
});

test("both sides list the same activations in the same order", () => {
  const header = readFileSync(new URL("../../native/gemm/epilogue.h", import.meta.url), "utf8");
  const names = /enum class Activation [^{]*\{([^}]*)\}/
    .exec(header)?.[1]
    ?.split(",")
    .map((name) => name.trim());
  expect(names).toEqual([...ACTIVATIONS, "count"]);
});

test("both sides lay out the control block alike", () => {
  const header = readFileSync(new URL("../../native/binding/gemm_call.h", import.meta.url), "utf8");
  const slots = /enum Slot [^{]*\{([^}]*)\}/
    .exec(header)?.[1]
    ?.split(",")
    .map((name) => name.trim());
  const source = readFileSync(new URL("../../src/backend/native/gemm.ts", import.meta.url), "utf8");
  const written = [...source.matchAll(/control\[(\d+)\] =\s*(?:call|items)\.(\w+)/g)].map(([, slot, name]) => [
    Number(slot),
    name,
  ]);
  expect(written.length).toBeGreaterThan(10);
  for (const [slot, name] of written) {
    const expected = name === "count" ? "kBatch" : `k${String(name)[0]?.toUpperCase()}${String(name).slice(1)}`;
    expect(slots?.[slot as number], String(name)).toBe(expected);
  }
  const places = [...source.matchAll(/control\[(\d+)\] = addressOf\((\w+)Place/g)].map(([, slot, name]) => [slot, name]);
  const read = [...source.matchAll(/(\w+)Place\.address = control\[(\d+)\]/g)].map(([, name, slot]) => [slot, name]);
  expect(places.length).toBe(5);
  expect(read).toEqual(places);
  for (const [slot, name] of places) {
    expect(slots?.[Number(slot)]).toBe(`kAt${String(name)[0]?.toUpperCase()}${String(name).slice(1)}`);
  }
});
