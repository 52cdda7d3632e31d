// Views on the memory of arrays that may be of any subclass: `subarray` and `slice` would run its constructor.
import { dtypeOf, intrinsicBuffer, intrinsicByteOffset, intrinsicLength } from "./checks.ts";
import type { FloatArray } from "./types.ts";

/** A plain view on elements `start` to `end` of the array: its length says whether the memory is still there. */
export function viewOf(array: FloatArray, start = 0, end = intrinsicLength(array)): FloatArray {
  const buffer = intrinsicBuffer(array);
  const offset = intrinsicByteOffset(array);
  return dtypeOf(array) === "float32"
    ? new Float32Array(buffer, offset + 4 * start, end - start)
    : new Float64Array(buffer, offset + 8 * start, end - start);
}
