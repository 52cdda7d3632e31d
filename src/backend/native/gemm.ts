// Matrix multiply through the addon. Scalars go through a control block that both sides share.
import { dtypeOf } from "../../core/checks.ts";
import { fault } from "../../core/errors.ts";
import type { FloatArray } from "../../core/types.ts";
import { ACTIVATIONS, type GemmBackend, type GemmCall } from "../gemm.ts";

export interface GemmAddon {
  /** m, n, k, lda, ldb, ldc, ldr, flags, alpha, beta: the slots of native/binding/gemm.cc. */
  readonly gemmControl: Float64Array;
  /** False where the binding refused the arrays as too short for the control block's dimensions. */
  gemm(a: FloatArray, b: FloatArray, c: FloatArray, bias: FloatArray | null, residual: FloatArray | null): boolean;
  gemmRegime(m: number, n: number, k: number, transA: boolean, transB: boolean): "scale" | "dot" | "direct" | "swapped";
}

const DOUBLE = 1;
const TRANS_A = 2;
const TRANS_B = 4;
const ACTIVATION = 8;

function writeControl(control: Float64Array, call: GemmCall): void {
  control[0] = call.m;
  control[1] = call.n;
  control[2] = call.k;
  control[3] = call.lda;
  control[4] = call.ldb;
  control[5] = call.ldc;
  control[6] = call.ldr;
  control[7] =
    (dtypeOf(call.c) === "float64" ? DOUBLE : 0) +
    (call.transA ? TRANS_A : 0) +
    (call.transB ? TRANS_B : 0) +
    ACTIVATION * ACTIVATIONS.indexOf(call.activation);
  control[8] = call.alpha;
  control[9] = call.beta;
}

export function nativeGemm(addon: GemmAddon): GemmBackend {
  const control = addon.gemmControl;
  return {
    gemm(call) {
      writeControl(control, call);
      if (!addon.gemm(call.a, call.b, call.c, call.bias, call.residual)) {
        throw fault("ERR_BACKEND", "gemm: the addon refused arrays that the facade had accepted");
      }
    },
  };
}
