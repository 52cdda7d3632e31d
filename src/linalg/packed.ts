import type { PackedMatrix } from "../backend/gemm.ts";
import { fault } from "../core/errors.ts";
import type { Dtype } from "../core/types.ts";

export interface PackedShape {
  readonly n: number;
  readonly k: number;
  readonly transB: boolean;
  readonly dtype: Dtype;
}

/**
 * A copy of op(B), laid out for products: `gemm`, `prepareGemm`, `gemmAsync` and `gemmBatched` take it as `b`. Made by
 * `packB`. It belongs to the backend that was in use then, and so do its products. Immutable; the array it was made from
 * may change or go away.
 */
export class PackedB {
  #matrix: PackedMatrix | undefined;
  /** What the public fields said when it was made: those could be redefined, by getters that run code. */
  readonly #shape: PackedShape;
  /** Columns and rows of op(B). */
  readonly n: number;
  readonly k: number;
  /** Whether it was stored transposed: it takes part in the order of sums, as that of the array would. */
  readonly transB: boolean;
  readonly dtype: Dtype;

  /** Use `packB`. */
  constructor(matrix: PackedMatrix, n: number, k: number, transB: boolean, dtype: Dtype) {
    this.#matrix = matrix;
    this.#shape = { n, k, transB, dtype };
    this.n = n;
    this.k = k;
    this.transB = transB;
    this.dtype = dtype;
  }

  /** Gives the memory back, once prepared and pending products that use it are done with; later uses throw ERR_STATE. */
  dispose(): void {
    this.#matrix?.dispose();
    this.#matrix = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Whether the value is a packed operand (and no proxy of one). */
  static is(value: unknown): value is PackedB {
    return typeof value === "object" && value !== null && #matrix in value;
  }

  static shapeOf(packed: PackedB): PackedShape {
    return packed.#shape;
  }

  /** The backend's operand. Throws ERR_STATE after dispose. */
  static matrixOf(packed: PackedB): PackedMatrix {
    if (packed.#matrix === undefined) throw fault("ERR_STATE", "b: a packed operand was used after dispose");
    return packed.#matrix;
  }
}
