// The gradient tools in plain TypeScript: twin of native/gradients/gradients.cc.
import { dtypeOf, intrinsicLength } from "../../core/checks.ts";
import { f32, operand32 } from "../../core/f32.ts";
import type { FloatArray } from "../../core/types.ts";
import type { GradientBackend, NormKind } from "../gradients.ts";
import { clamp, sign } from "../optim.ts";
import { clipFactor, columnSquares, unitFactor } from "./guard.ts";
import { reduceTerms, sumSquares } from "./reduce.ts";

const exact = (x: number): number => x;
const isSingle = (x: FloatArray): boolean => dtypeOf(x) === "float32";
const roundOf = (x: FloatArray): ((value: number) => number) => (isSingle(x) ? f32 : exact);
const readOf = (x: FloatArray): ((value: number) => number) => (isSingle(x) ? operand32 : exact);

function scaleArray(x: FloatArray, factor: number): void {
  const [round, read] = [roundOf(x), readOf(x)];
  const own = round(factor);
  if (own === 1) return;
  for (let i = 0; i < intrinsicLength(x); i++) x[i] = round(read(x[i]!) * own);
}

function largest(x: FloatArray): number {
  const read = readOf(x);
  let highest = 0;
  for (let i = 0; i < intrinsicLength(x); i++) {
    const magnitude = Math.abs(read(x[i]!));
    if (Number.isNaN(magnitude)) return Number.NaN;
    if (magnitude > highest) highest = magnitude;
  }
  return highest;
}

function normOf(x: FloatArray, kind: NormKind): number {
  if (kind === "squares") return sumSquares(x);
  if (kind === "largest") return largest(x);
  const read = readOf(x);
  return reduceTerms(intrinsicLength(x), (i) => Math.abs(read(x[i]!)));
}

function clipUnits(x: FloatArray, weights: FloatArray, columns: number, limit: number, epsilon: number): void {
  const [round, read] = [roundOf(x), readOf(x)];
  const [own, other] = [x, weights].map((array) => columnSquares(array, columns, isSingle(x))) as [Float64Array, Float64Array];
  const factors = own.map((squares, u) => round(unitFactor(squares, other[u]!, limit, epsilon)));
  if (factors.every((factor) => factor === 1)) return;
  for (let i = 0; i < intrinsicLength(x); i++) x[i] = round(read(x[i]!) * factors[i % columns]!);
}

function addPenalty(g: FloatArray, p: FloatArray, l1: number, l2: number): void {
  const [round, read] = [roundOf(g), readOf(g)];
  const [a, b] = [round(l1), round(l2)];
  for (let i = 0; i < intrinsicLength(g); i++) {
    const x = read(p[i]!);
    let value = g[i]!;
    if (b !== 0) value = round(read(value) + round(b * x));
    if (a !== 0) value = round(read(value) + round(a * sign(x)));
    g[i] = value;
  }
}

export function referenceGradients(): GradientBackend {
  return {
    clampArrays(arrays, bound) {
      for (const x of arrays) {
        const own = roundOf(x)(bound);
        for (let i = 0; i < intrinsicLength(x); i++) x[i] = clamp(x[i]!, own);
      }
    },
    scaleArrays(arrays, factors) {
      arrays.forEach((x, k) => {
        scaleArray(x, factors[k]!);
      });
    },
    normsOf: (arrays, kind) => Float64Array.from(arrays, (x) => normOf(x, kind)),
    clipNorms(arrays, limit) {
      const norms = Float64Array.from(arrays, (x) => Math.sqrt(sumSquares(x)));
      arrays.forEach((x, k) => {
        scaleArray(x, clipFactor(limit, norms[k]!));
      });
      return norms;
    },
    clipGlobalNorm(arrays, limit) {
      const norm = Math.sqrt(arrays.reduce((sum, x) => sum + sumSquares(x), 0));
      for (const x of arrays) scaleArray(x, clipFactor(limit, norm));
      return norm;
    },
    clipUnits(arrays, weights, columns, limit, epsilon) {
      arrays.forEach((x, k) => {
        clipUnits(x, weights[k]!, columns[k]!, limit, epsilon);
      });
    },
    addPenalty(gradients, parameters, l1, l2) {
      gradients.forEach((g, k) => {
        addPenalty(g, parameters[k]!, l1, l2);
      });
    },
    addArrays(sums, arrays) {
      sums.forEach((sum, k) => {
        const [round, read, x] = [roundOf(sum), readOf(sum), arrays[k]!];
        for (let i = 0; i < intrinsicLength(sum); i++) sum[i] = round(read(sum[i]!) + read(x[i]!));
      });
    },
    areFinite: (arrays) => arrays.every((x) => x.every(Number.isFinite)),
  };
}
