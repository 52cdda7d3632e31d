import { checkInteger } from "../core/checks.ts";
import { fault, wrongValue } from "../core/errors.ts";
import type { Dtype, FloatArray } from "../core/types.ts";
import { currentBackend } from "./select.ts";

const owned = new WeakSet<ArrayBufferLike>();

/** True where the array's memory came from allocate() of the backend that is in use. */
export function isOwned(array: FloatArray | Int32Array): boolean {
  return owned.has(array.buffer);
}

/**
 * Zeroed memory of `length` elements, 64-byte aligned and on large pages where the native backend runs: the fastest
 * home for parameters, gradients and data. Node 20 takes up to 4 GiB at once from native code.
 * @throws RangeError ERR_RANGE, ERR_OPTION; Error ERR_OUT_OF_MEMORY.
 */
export function allocate(dtype: "float32", length: number): Float32Array<ArrayBuffer>;
export function allocate(dtype: "float64", length: number): Float64Array<ArrayBuffer>;
export function allocate(dtype: Dtype, length: number): FloatArray;
export function allocate(dtype: Dtype, length: number): FloatArray {
  if (dtype !== "float32" && dtype !== "float64") throw wrongValue("dtype", '"float32" or "float64"', dtype, "ERR_OPTION");
  checkInteger("length", length);
  const size = dtype === "float32" ? 4 : 8;
  if (length * size > Number.MAX_SAFE_INTEGER) throw fault("ERR_OUT_OF_MEMORY", `allocate: no memory for ${length} elements`);
  const buffer = currentBackend().allocate(length * size);
  owned.add(buffer);
  return dtype === "float32" ? new Float32Array(buffer, 0, length) : new Float64Array(buffer, 0, length);
}
