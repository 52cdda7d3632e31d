/** Element storage of every operand: 32-bit or 64-bit IEEE floating point. */
export type FloatArray = Float32Array | Float64Array;
export type Dtype = "float32" | "float64";

/** A dense row-major (C order) array; `data.length` equals the product of `shape`. */
export interface Tensor {
  readonly data: FloatArray;
  readonly shape: readonly number[];
}

/** Every kind of number that files hold. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;
