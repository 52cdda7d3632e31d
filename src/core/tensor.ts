import { checkFloatArray, checkInteger, intrinsicLength } from "./checks.ts";
import { wrongKind, wrongValue } from "./errors.ts";
import { elementCount } from "./shape.ts";
import type { FloatArray, Tensor } from "./types.ts";

/**
 * A row-major tensor over `data` (not copied).
 * @throws TypeError ERR_DTYPE, ERR_DETACHED; RangeError ERR_RANGE for a bad dimension, ERR_SHAPE where the product differs.
 */
export function tensor(data: FloatArray, shape: readonly number[]): Tensor {
  checkFloatArray("data", data);
  if (!Array.isArray(shape)) throw wrongKind("shape", "an array of dimensions", shape);
  shape.forEach((dimension, axis) => {
    checkInteger(`shape[${axis}]`, dimension);
  });
  const count = elementCount(shape);
  if (count !== intrinsicLength(data)) throw wrongValue("shape", `a product of ${intrinsicLength(data)}`, count, "ERR_SHAPE");
  return { data, shape: Object.freeze([...shape]) };
}
