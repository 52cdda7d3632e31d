// Matrix multiply through the addon. Scalars go through a control block that both sides share.
import { dtypeOf, intrinsicBuffer } from "../../core/checks.ts";
import { fault } from "../../core/errors.ts";
import type { Place } from "../../core/places.ts";
import type { FloatArray } from "../../core/types.ts";
import { ACTIVATIONS, type Activation, type GemmBackend, type GemmBatch, type GemmCall, type PackedMatrix } from "../gemm.ts";

/** What the addon returned for a packed B: an external. */
type Handle = { readonly __handle: "packed" };
type Arrays = [a: FloatArray, b: FloatArray | Handle, c: FloatArray, bias: FloatArray | null, residual: FloatArray | null];

export type Regime = "scale" | "dot" | "shallow" | "direct" | "few" | "swapped" | "pairs" | "blocked" | "small" | "tiny";

export interface GemmAddon {
  /** Scalars of the next call, in the order of enum Slot in native/binding/gemm_call.h. */
  readonly gemmControl: Float64Array;
  /**
   * The items that the control block describes. Its last slots hold the arrays' addresses: of those that are 0 the arrays are
   * asked, and then they are there. Throws ERR_BACKEND where an array is too short.
   */
  gemm(...arrays: Arrays): void;
  /** The same where the control block has all addresses. */
  gemmPlaced(): void;
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
  /** Notes from now on what is decided inside regimes by how far apart rows lie, and inverts the one named ("none": none); "" ends it. */
  gemmDecide(name: string): void;
  /** All such decisions by name: whether ever yes since then, null where it was not asked. */
  gemmDecided(): Record<string, boolean | null>;
}

const DOUBLE = 1;
const TRANS_A = 2;
const TRANS_B = 4;
const PACKED = 8;
const BIAS = 16;
const RESIDUAL = 32;
const ACTIVATION = 64;
const ADDRESSES = 15;

/** Bytes of an element. Not to look at a remembered array saves fetching it: an operand of 64³ leaves nothing else in L1. */
function sizeOf({ c, cPlace }: GemmCall): number {
  if (cPlace !== undefined) return cPlace.size;
  return dtypeOf(c) === "float32" ? 4 : 8;
}

function activationFlag(activation: Activation): number {
  return ACTIVATION * ACTIVATIONS.indexOf(activation);
}

function writeItems(control: Float64Array, items: GemmBatch): void {
  control[10] = items.count;
  control[11] = items.strideA;
  control[12] = items.strideB;
  control[13] = items.strideC;
  control[14] = items.strideR;
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
    (call.bias === null ? 0 : BIAS) +
    (call.residual === null ? 0 : RESIDUAL) +
    (call.activation === "none" ? 0 : activationFlag(call.activation));
  control[8] = call.alpha;
  control[9] = call.beta;
  if (call.items === null || call.items === undefined) control[10] = 1;
  else writeItems(control, call.items);
}

const addressOf = (place: Place | undefined): number => (place === undefined ? 0 : place.address);

/** Writes the addresses that are known, 0 for the others. Whether all are. */
function writePlaces(control: Float64Array, call: GemmCall): boolean {
  const { aPlace, bPlace, cPlace, bias, biasPlace, residual, residualPlace } = call;
  control[15] = addressOf(aPlace);
  control[16] = addressOf(bPlace);
  control[17] = addressOf(cPlace);
  control[18] = addressOf(biasPlace);
  control[19] = addressOf(residualPlace);
  if (control[15] === 0 || control[16] === 0 || control[17] === 0) return false;
  return (bias === null || control[18] !== 0) && (residual === null || control[19] !== 0);
}

/** Keeps the addresses that the addon left. */
function readPlaces(control: Float64Array, { aPlace, bPlace, cPlace, biasPlace, residualPlace }: GemmCall): void {
  if (aPlace !== undefined) aPlace.address = control[15]!;
  if (bPlace !== undefined) bPlace.address = control[16]!;
  if (cPlace !== undefined) cPlace.address = control[17]!;
  if (biasPlace !== undefined) biasPlace.address = control[18]!;
  if (residualPlace !== undefined) residualPlace.address = control[19]!;
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
  /** For an entry that asks all arrays. */
  const writeUnplaced = (call: GemmCall): void => {
    writeControl(control, call);
    control.fill(0, ADDRESSES);
  };
  const backend: GemmBackend = {
    gemm(call) {
      writeControl(control, call);
      if (writePlaces(control, call)) {
        gemmPlaced();
      } else {
        gemm(call.a, bOf(call), call.c, call.bias, call.residual);
        readPlaces(control, call);
      }
    },
    prepareGemm(call) {
      writeUnplaced(call);
      const bound = addon.gemmPrepare(call.a, bOf(call), call.c, call.bias, call.residual);
      if (bound === null) throw refused();
      return bound;
    },
    async gemmAsync(call) {
      writeUnplaced(call);
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
