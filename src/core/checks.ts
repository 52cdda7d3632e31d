// Argument checks that every facade shares. Kind, length and detachment are read through the intrinsic getters of
// %TypedArray%.prototype, so that own properties and proxies cannot lie.
import { wrongKind, wrongValue } from "./errors.ts";
import type { Dtype, FloatArray } from "./types.ts";

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getter = (name: PropertyKey, of: object = typedArray): ((this: unknown) => unknown) =>
  (Object.getOwnPropertyDescriptor(of, name) as { get(): unknown }).get;
const tagOf = getter(Symbol.toStringTag);
const lengthOf = getter("length");
const bufferOf = getter("buffer");
const byteOffsetOf = getter("byteOffset");
const byteLengthOfBuffer = getter("byteLength", ArrayBuffer.prototype);

/** "Float32Array", "Float64Array", … or undefined for what is not a typed array. */
export function arrayKind(value: unknown): string | undefined {
  return tagOf.call(value) as string | undefined;
}

export function isFloatArray(value: unknown): value is FloatArray {
  const kind = arrayKind(value);
  return kind === "Float32Array" || kind === "Float64Array";
}

export function intrinsicLength(array: FloatArray | Uint16Array | Int8Array): number {
  return lengthOf.call(array) as number;
}

/**
 * Whether a float array has at least `count` elements, of at least 1: false once it was detached or shrunk. The array itself
 * answers, whatever its properties and prototype say, and compiled in place it takes 1 ns, the getter of the length 3. (Its
 * plain `length` is no way: compiled code of Node 20 that has met plain and resizable arrays does not see that one was detached.)
 */
export function hasElements(array: FloatArray, count: number): boolean {
  return count - 1 in array;
}

export function intrinsicBuffer(array: FloatArray): ArrayBufferLike {
  return bufferOf.call(array) as ArrayBufferLike;
}

export function intrinsicByteOffset(array: FloatArray): number {
  return byteOffsetOf.call(array) as number;
}

export function dtypeOf(array: FloatArray): Dtype {
  return arrayKind(array) === "Float32Array" ? "float32" : "float64";
}

const resizableOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "resizable")?.get;
const growableOf = globalThis.SharedArrayBuffer
  ? Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, "growable")?.get
  : undefined;

/** True where the array's length may change while its buffer stays. */
export function isResizable(array: FloatArray): boolean {
  const buffer = intrinsicBuffer(array);
  try {
    return resizableOf !== undefined && (resizableOf.call(buffer) as boolean);
  } catch {
    return growableOf !== undefined && (growableOf.call(buffer) as boolean);
  }
}

const detachedGetter = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "detached")?.get;

/** True where the array's buffer was transferred away. */
export function isDetached(array: FloatArray): boolean {
  if (intrinsicLength(array) !== 0) return false;
  const buffer = intrinsicBuffer(array);
  if (!(buffer instanceof ArrayBuffer) && Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]") return false;
  if (detachedGetter) return detachedGetter.call(buffer) as boolean;
  // Node 20 has no `detached`: creating a view over a detached buffer throws, over any other it does not.
  if (byteLengthOfBuffer.call(buffer) !== 0) return false;
  try {
    new Uint8Array(buffer as ArrayBuffer);
    return false;
  } catch {
    return true;
  }
}

const keysOf = (typedArray as Uint8Array).keys;

/** True where the buffer was resized so that the array lies beyond its end; such an array has length 0. */
export function isOutOfBounds(array: FloatArray): boolean {
  if (intrinsicLength(array) !== 0) return false;
  try {
    keysOf.call(array);
    return false;
  } catch {
    return !isDetached(array);
  }
}

/** Throws ERR_DTYPE, ERR_DETACHED or (resized below its start) ERR_LENGTH unless `value` is a usable Float32Array or Float64Array (of `dtype`, where given). */
export function checkFloatArray(argument: string, value: unknown, dtype?: Dtype): asserts value is FloatArray {
  if (!isFloatArray(value)) throw wrongKind(argument, dtype ? arrayName(dtype) : "a Float32Array or Float64Array", value);
  if (dtype && dtypeOf(value) !== dtype) throw wrongKind(argument, arrayName(dtype), value);
  if (isDetached(value)) throw wrongKind(argument, "an array whose buffer is attached", value, "ERR_DETACHED");
  if (isOutOfBounds(value)) throw wrongValue(argument, "an array within its resized buffer", value, "ERR_LENGTH");
}

function arrayName(dtype: Dtype): string {
  return dtype === "float32" ? "a Float32Array" : "a Float64Array";
}

/** A size or count: ERR_DTYPE for what is not a number, ERR_RANGE unless it is an integer in [minimum, 2^53 − 1]. */
export function checkInteger(argument: string, value: unknown, minimum = 0): asserts value is number {
  if (typeof value !== "number") throw wrongKind(argument, "a number", value);
  if (!Number.isSafeInteger(value) || value < minimum) throw wrongValue(argument, `an integer of at least ${minimum}`, value);
}

/** True where the two arrays share a byte: the same buffer object and overlapping ranges. */
export function overlaps(a: FloatArray, b: FloatArray): boolean {
  if (intrinsicBuffer(a) !== intrinsicBuffer(b)) return false;
  const aStart = intrinsicByteOffset(a);
  const bStart = intrinsicByteOffset(b);
  const aBytes = intrinsicLength(a) * (dtypeOf(a) === "float32" ? 4 : 8);
  const bBytes = intrinsicLength(b) * (dtypeOf(b) === "float32" ? 4 : 8);
  return aStart < bStart + bBytes && bStart < aStart + aBytes;
}
