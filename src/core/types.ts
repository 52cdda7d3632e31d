/** Element storage of every operand: 32-bit or 64-bit IEEE floating point. */
export type FloatArray = Float32Array | Float64Array;
export type Dtype = "float32" | "float64";

/** A dense row-major (C order) array; `data.length` equals the product of `shape`. */
export interface Tensor {
  readonly data: FloatArray;
  readonly shape: readonly number[];
}
