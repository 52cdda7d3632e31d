import { currentBackend } from "../backend/select.ts";
import { checkFloatArray, checkInteger, dtypeOf } from "../core/checks.ts";
import type { FloatArray } from "../core/types.ts";
import { checkNames } from "./names.ts";
import { checkBoolean, checkExtent, checkStride, extent } from "./options.ts";
import { PackedB } from "./packed.ts";

export interface PackBOptions {
  /** Columns and rows of op(B). Integers of at least 0. */
  readonly n: number;
  readonly k: number;
  /** k × n, or n × k with `transB`. It is copied. */
  readonly b: FloatArray;
  /** Elements between the starts of two rows, at least a row's length. Default: rows are packed. */
  readonly ldb?: number;
  /** Whether B is stored transposed. Default false. */
  readonly transB?: boolean;
}

const NAMES: readonly (keyof PackBOptions)[] = ["n", "k", "b", "ldb", "transB"];

/**
 * Copies a matrix B that many products share (weights at inference), into the layout that `gemm` reads fastest: products
 * neither pack nor transpose it again. Takes k·n elements, for transposed B twice as many. The same bits as with the array. It pays most where few rows
 * of A meet weights beyond the L2 cache (docs/gemm.md has figures); for narrow B (fewer than about 32 columns) it changes nothing.
 * @throws TypeError ERR_DTYPE, ERR_DETACHED; RangeError ERR_OPTION (an unknown name), ERR_RANGE (a dimension), ERR_STRIDE (`ldb` too small, `b` too
 *   short), ERR_LENGTH (b was resized away); Error ERR_OUT_OF_MEMORY.
 */
export function packB(options: PackBOptions): PackedB {
  checkNames("packB", options, NAMES);
  const { n, k, b, ldb, transB = false } = options;
  checkFloatArray("b", b);
  checkInteger("n", n);
  checkInteger("k", k);
  checkBoolean("transB", transB);
  const stride = checkStride("ldb", ldb, transB ? k : n);
  checkExtent("b", b, transB ? extent(n, k, stride) : extent(k, n, stride));
  return new PackedB(currentBackend().packB({ n, k, b, ldb: stride, transB }), n, k, transB, dtypeOf(b));
}
