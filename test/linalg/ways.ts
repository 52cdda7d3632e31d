// Every public way to a product, called alike: with the operands of a GemmCall, on a copy of C. All operands are passed
// as they are, C (with what lies around it) comes back.
import type { GemmCall } from "../../src/backend/gemm.ts";
import type { FloatArray } from "../../src/core/types.ts";
import { type GemmOptions, gemm, gemmAsync, gemmBatched, matmul, packB, prepareGemm, tensor } from "../../src/index.ts";
import { firstDifference } from "./cases.ts";

type Result = FloatArray | Promise<FloatArray>;
export interface Way {
  readonly name: string;
  /** Whether the call can be made this way. */
  readonly takes: (call: GemmCall) => boolean;
  /** Writes into options.c. */
  readonly run: (options: GemmOptions & { readonly c: FloatArray }) => Result;
}

const any = () => true;

/** Two items of one product each; both must have the same bits. */
function batchOfTwo(options: GemmOptions & { readonly c: FloatArray }): FloatArray {
  const { c } = options;
  const [Kind, step] = [c.constructor as Float32ArrayConstructor, c.length];
  const both = new Kind(2 * step);
  both.set(c as Float32Array);
  both.set(c as Float32Array, step);
  gemmBatched({ ...options, c: both, batch: 2, strideA: 0, strideB: 0, strideC: step, strideR: 0 });
  if (firstDifference(both.subarray(0, step), both.subarray(step)) !== -1) throw new Error("items of a batch differ");
  c.set(both.subarray(0, step));
  return c;
}

export const WAYS: readonly Way[] = [
  { name: "gemm", takes: any, run: (options) => gemm(options) },
  { name: "prepareGemm", takes: any, run: (options) => prepareGemm(options).run() },
  { name: "gemmAsync", takes: any, run: (options) => gemmAsync(options) },
  {
    name: "gemmBatched",
    takes: (call) => call.c.length >= call.m * call.ldc && call.m > 0,
    run: batchOfTwo,
  },
  {
    name: "gemm with packB",
    takes: any,
    run: ({ ldb, ...options }) => {
      const { n, k, transB } = options;
      const packed = packB({ n, k, b: options.b as FloatArray, ...(ldb === undefined ? {} : { ldb }), transB: transB ?? false });
      const c = gemm({ ...options, b: packed });
      packed.dispose();
      return c;
    },
  },
  {
    name: "matmul",
    takes: ({ m, n, k, a, b, c, alpha, beta, bias, residual, activation }) =>
      alpha === 1 &&
      beta === 0 &&
      !bias &&
      !residual &&
      activation === "none" &&
      a.length === m * k &&
      b.length === k * n &&
      c.length === m * n,
    run: ({ m, n, k, a, b, c, transA = false, transB = false }) => {
      const left = tensor(a, transA ? [k, m] : [m, k]);
      const right = tensor(b as FloatArray, transB ? [n, k] : [k, n]);
      return matmul(left, right, { transA, transB, out: tensor(c, [m, n]) }).data;
    },
  },
];

/** The call as public options; C is a copy. */
export function optionsOf(call: GemmCall): GemmOptions & { readonly c: FloatArray } {
  const { bias, residual, packed: _, ...rest } = call;
  return { ...rest, ...(bias ? { bias } : {}), ...(residual ? { residual } : {}), c: call.c.slice() as FloatArray };
}
