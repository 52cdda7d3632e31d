// The fused multiply-add of the reference against exact arithmetic in BigInt, where rounding twice would differ.
import { expect, test } from "vitest";
import type { GemmCall } from "../../src/backend/gemm.ts";
import { fma32 } from "../../src/backend/reference/fma.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import { DOT_LENGTH, generator, resultOf } from "./cases.ts";

/** A double as an integer multiple of 2^-1100. */
function exactly(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = exponent === 0 ? fraction << 26n : (fraction | (1n << 52n)) << BigInt(exponent + 25);
  return bits >> 63n ? -magnitude : magnitude;
}

const UNIT = 1100n;

/** a·b + c rounded once to float32 (half to even), results below the contract's bound as zero of their sign. */
function oracle(a: number, b: number, c: number): number {
  const sum = exactly(a) * exactly(b) + (exactly(c) << UNIT); // in units of 2^-2200
  if (sum === 0n) return Object.is(a * b, -0) && Object.is(c, -0) ? -0 : 0;
  const sign = sum < 0n ? -1 : 1;
  const magnitude = sum < 0n ? -sum : sum;
  const bits = magnitude.toString(2).length;
  const shift = BigInt(Math.max(bits - 24, 0));
  let kept = magnitude >> shift;
  const rest = magnitude - (kept << shift);
  const half = shift > 0n ? 1n << (shift - 1n) : 0n;
  if (shift > 0n && (rest > half || (rest === half && kept & 1n))) kept += 1n;
  const exponent = Number(shift) - 2200;
  if (exponent + kept.toString(2).length - 1 < -126) return sign * 0;
  if (exponent + kept.toString(2).length - 1 > 127) return sign * Number.POSITIVE_INFINITY;
  let value = Number(kept);
  for (let e = exponent; e > 0; e--) value *= 2;
  for (let e = exponent; e < 0; e++) value /= 2;
  return sign * value;
}

const f = Math.fround;
const ulp = 2 ** -23;

test("sums that lie a hair beside a float32 midpoint round to the right side", () => {
  const next = generator(21);
  for (let i = 0; i < 20000; i++) {
    // c carries the midpoint's neighbour, a·b half an ulp of c plus or minus a sliver far below double's last bit.
    const c = f((1 + Math.floor(next() * 2 ** 23) * ulp) * (next() < 0.5 ? 1 : -1));
    const sliver = 2 ** -Math.floor(20 + next() * 4);
    const a = f((next() < 0.5 ? 1 : -1) * 2 ** -12 * (1 + sliver));
    const b = f(2 ** -12 * (next() < 0.5 ? 1 - sliver : 1 + sliver));
    expect(fma32(a, b, c)).toBe(oracle(a, b, c));
  }
});

test("rounding twice is wrong on constructed midpoints and the repair is right", () => {
  // a·b = 2^-24 (1 + 2^-46 …): c + a·b is just beyond the midpoint between c and its successor, which double cannot see.
  const a = f(1 + ulp);
  let wrong = 0;
  for (let e = 0; e < 40; e++) {
    for (const sign of [1, -1]) {
      for (const side of [1 - ulp, 1 + ulp]) {
        for (const odd of [0, 1, 2, 3]) {
          const b = f(sign * side * 2 ** -24);
          const c = f(sign * (1 + odd * ulp));
          for (const scale of [1, 2 ** e]) {
            const tiny = f(b * scale);
            const expected = oracle(a, tiny, f(c * scale));
            expect(fma32(a, tiny, f(c * scale))).toBe(expected);
            if (f(a * tiny + c * scale) !== expected) wrong++;
          }
        }
      }
    }
  }
  expect(wrong).toBeGreaterThan(0);
});

test("products whose sums meet midpoints are rounded once, in one chain and in dot order", () => {
  const factors = [f(1 + ulp), f(1 - ulp), f(-1 - ulp), f(1 + 5 * ulp), 1];
  const ends = [0, 1, 2, 3].flatMap((odd) =>
    [1 - ulp, 1 + ulp, -1 + ulp].map((side) => [f(side * 2 ** -24), f(1 + odd * ulp)] as const),
  );
  let wrong = 0;
  // Columns in fours and a rest of them, in one chain; then in dot order, whose chain 0 takes steps 0 and 16, one column too.
  for (const k of [2, DOT_LENGTH]) {
    for (const n of k === 2 ? [4, 7, ends.length] : [1, 4, 7, ends.length]) {
      const second = k === 2 ? 1 : 16;
      const a = new Float32Array(factors.length * k);
      factors.forEach((x, i) => {
        a[i * k] = 1;
        a[i * k + second] = x;
      });
      const b = new Float32Array(k * n);
      ends.slice(0, n).forEach(([y, c], j) => {
        b[j] = c;
        b[second * n + j] = y;
      });
      const call: GemmCall = {
        ...{ m: factors.length, n, k, a, lda: k, transA: false, b, ldb: n, transB: false, ldc: n, alpha: 1, beta: 0 },
        ...{ c: new Float32Array(factors.length * n), bias: null, activation: "none", residual: null, ldr: n },
      };
      const exact = resultOf(createReference(true), call);
      const fast = resultOf(createReference(false), call);
      factors.forEach((x, i) => {
        ends.slice(0, n).forEach(([y, c], j) => {
          const expected = oracle(x, y, c);
          expect(exact[i * n + j], `${k} ${n}: ${x}·${y} + ${c}`).toBe(expected);
          if (fast[i * n + j] !== expected) wrong++;
        });
      });
    }
  }
  expect(wrong).toBeGreaterThan(0);
});

test("near overflow and near the smallest normal number", () => {
  const largest = f(3.4028234663852886e38);
  const cases: [number, number, number][] = [
    [largest, 1, f(2 ** 103)],
    [largest, 1, f(2 ** 102)],
    [largest, f(1 + ulp), -largest],
    [f(2 ** 64), f(2 ** 63 * (2 - ulp)), f(2 ** 102)],
    [f(2 ** -63), f(2 ** -63), 0],
    [f(2 ** -63), f(-(2 ** -64)), 0],
    [f(2 ** -63), f(2 ** -63 * (1 - 2 ** -24)), 0],
    [f(2 ** -63 * (1 - 2 ** -24)), f(2 ** -63 * (1 - 2 ** -24)), 0],
    [f(2 ** -120), f(-(2 ** -20)), f(2 ** -125)],
    [f(2 ** -100), f(2 ** -50), f(2 ** -126)],
  ];
  for (const [a, b, c] of cases) expect(fma32(a, b, c), `${a}·${b} + ${c}`).toBe(oracle(a, b, c));
});

test("random operands of every magnitude", () => {
  const next = generator(4);
  const value = () => f((next() < 0.5 ? -1 : 1) * (1 + next()) * 2 ** Math.floor(next() * 120 - 60));
  for (let i = 0; i < 20000; i++) {
    const [a, b] = [value(), value()];
    const c = f(next() < 0.5 ? value() : -a * b * (1 + (next() - 0.5) * 2 ** -Math.floor(next() * 30)));
    if (c !== 0 && Math.abs(c) < 2 ** -126) continue;
    expect(fma32(a, b, c)).toBe(oracle(a, b, c));
  }
});

test("not-a-number and infinities", () => {
  expect(fma32(Number.POSITIVE_INFINITY, 0, 1)).toBeNaN();
  expect(fma32(Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY)).toBeNaN();
  expect(fma32(2, 3, Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
});
