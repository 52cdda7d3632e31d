// Matrix multiply through the addon. Scalars go through a control block that both sides share.
import { dtypeOf, intrinsicBuffer } from "../../core/checks.ts";
import { fault } from "../../core/errors.ts";
import type { FloatArray } from "../../core/types.ts";
import { ACTIVATIONS, type Activation, type GemmBackend, type GemmCall, type PackedMatrix } from "../gemm.ts";

/** What the addon returned for a packed B: an external. */
type Handle = { readonly __handle: "packed" };
type Arrays = [a: FloatArray, b: FloatArray | Handle, c: FloatArray, bias: FloatArray | null, residual: FloatArray | null];

export type Regime = "scale" | "dot" | "shallow" | "direct" | "few" | "swapped" | "blocked" | "small" | "tiny";

export interface GemmAddon {
  /** Scalars of the next call, in the order of enum Slot in native/binding/gemm_call.h. */
  readonly gemmControl: Float64Array;
  /** Leaves the arrays' addresses in the control block. False where they are too short for its dimensions. */
  gemm(...arrays: Arrays): boolean;
  /** The product of arrays that lie where the control block says: the last slots hold their addresses. */
  gemmPlaced(): void;
  gemmBatched(...arrays: Arrays): boolean;
  /** A function that runs the bound call, or null where the arrays were refused. */
  gemmPrepare(...arrays: Arrays): (() => void) | null;
  /** Null where the arrays were refused or lie in memory that could go away. */
  gemmAsync(...arrays: Arrays): Promise<boolean> | null;
  /** A packed copy; null where memory is short, undefined where the array was refused. */
  gemmPack(b: FloatArray): Handle | null | undefined;
  gemmUnpack(handle: Handle): void;
  isOwned(array: FloatArray): boolean;
  /** The algorithm that a product with packed rows takes on one thread: for tests and benchmarks. */
  gemmRegime(m: number, n: number, k: number, transA: boolean, transB: boolean, wide?: boolean): Regime;
  /** Makes products take this regime where it has kernels for them; "" ends it. For tests and benchmarks. */
  gemmForce(regime: Regime | ""): void;
}

const DOUBLE = 1;
const TRANS_A = 2;
const TRANS_B = 4;
const PACKED = 8;
const ACTIVATION = 16;

/** Bytes of an element. Not to look at a remembered array saves fetching it: an operand of 64³ leaves nothing else in L1. */
function sizeOf({ c, cPlace }: GemmCall): number {
  if (cPlace !== undefined) return cPlace.size;
  return dtypeOf(c) === "float32" ? 4 : 8;
}

function activationFlag(activation: Activation): number {
  return ACTIVATION * ACTIVATIONS.indexOf(activation);
}

function writeControl(control: Float64Array, call: GemmCall): void {
  control[0] = call.m;
  control[1] = call.n;
  control[2] = call.k;
  control[3] = call.lda;
  control[4] = call.ldb;
  control[5] = call.ldc;
  control[6] = call.ldr;
  control[7] =
    (sizeOf(call) === 8 ? DOUBLE : 0) +
    (call.transA ? TRANS_A : 0) +
    (call.transB ? TRANS_B : 0) +
    (call.packed ? PACKED : 0) +
    (call.activation === "none" ? 0 : activationFlag(call.activation));
  control[8] = call.alpha;
  control[9] = call.beta;
}

/** Whether all addresses are known; then they are in the control block. */
function writePlaces(control: Float64Array, { aPlace, bPlace, cPlace, bias, biasPlace }: GemmCall): boolean {
  if (aPlace === undefined || bPlace === undefined || cPlace === undefined) return false;
  control[15] = aPlace.address;
  control[16] = bPlace.address;
  control[17] = cPlace.address;
  control[18] = biasPlace === undefined ? 0 : biasPlace.address;
  return aPlace.address !== 0 && bPlace.address !== 0 && cPlace.address !== 0 && (bias === null || control[18] !== 0);
}

/** The product of the control block's dimensions; keeps the addresses that the addon leaves there. */
function callByArrays({ gemm, gemmControl: control }: Pick<GemmAddon, "gemm" | "gemmControl">, call: GemmCall): void {
  if (!gemm(call.a, bOf(call), call.c, call.bias, call.residual)) throw refused();
  const { aPlace, bPlace, cPlace, biasPlace } = call;
  if (aPlace !== undefined) aPlace.address = control[15]!;
  if (bPlace !== undefined) bPlace.address = control[16]!;
  if (cPlace !== undefined) cPlace.address = control[17]!;
  if (biasPlace !== undefined) biasPlace.address = control[18]!;
}

/** The native side's packed matrix. Calls retain what the handle holds, not the handle. */
class NativePackedB implements PackedMatrix {
  readonly backend: GemmBackend;
  readonly handle: Handle;
  readonly #unpack: (handle: Handle) => void;

  constructor(backend: GemmBackend, handle: Handle, unpack: (handle: Handle) => void) {
    this.backend = backend;
    this.handle = handle;
    this.#unpack = unpack;
  }

  dispose(): void {
    this.#unpack(this.handle);
  }
}

function bOf(call: GemmCall): FloatArray | Handle {
  return call.packed ? (call.packed as NativePackedB).handle : call.b;
}

function refused(): Error {
  return fault("ERR_BACKEND", "gemm: the addon refused arrays that the facade had accepted");
}

export function nativeGemm(addon: GemmAddon): GemmBackend {
  const { gemm, gemmPlaced, gemmControl: control } = addon; // copied: looking one up among its many exports takes 3 ns
  const byArrays = { gemm, gemmControl: control };
  const backend: GemmBackend = {
    gemm(call) {
      writeControl(control, call);
      if (writePlaces(control, call)) return gemmPlaced();
      callByArrays(byArrays, call);
    },
    gemmBatched(call, batch) {
      writeControl(control, call);
      control[10] = batch.count;
      control[11] = batch.strideA;
      control[12] = batch.strideB;
      control[13] = batch.strideC;
      control[14] = batch.strideR;
      if (!addon.gemmBatched(call.a, bOf(call), call.c, call.bias, call.residual)) throw refused();
    },
    prepareGemm(call) {
      writeControl(control, call);
      const run = addon.gemmPrepare(call.a, bOf(call), call.c, call.bias, call.residual);
      if (run === null) throw refused();
      return run;
    },
    async gemmAsync(call) {
      writeControl(control, call);
      const pending = addon.gemmAsync(call.a, bOf(call), call.c, call.bias, call.residual);
      if (pending === null) throw refused();
      if (!(await pending)) throw fault("ERR_ABORTED", "gemmAsync: cancelled");
    },
    packB({ n, k, b, ldb, transB }) {
      control[1] = n;
      control[2] = k;
      control[4] = ldb;
      control[7] = (dtypeOf(b) === "float64" ? DOUBLE : 0) + (transB ? TRANS_B : 0);
      const handle = addon.gemmPack(b);
      if (handle === undefined) throw refused();
      if (handle === null) throw fault("ERR_OUT_OF_MEMORY", `packB: no memory for a ${k} × ${n} matrix`);
      return new NativePackedB(backend, handle, addon.gemmUnpack);
    },
    isStable(array) {
      return Object.prototype.toString.call(intrinsicBuffer(array)) === "[object SharedArrayBuffer]" || addon.isOwned(array);
    },
  };
  return backend;
}
