// Remembers where float arrays lie: asking an array for its buffer, or Node-API for its address, takes as long as a small
// product, finding a remembered answer 4 ns. Nothing is kept alive: a place goes with its array.
import { arrayKind, intrinsicBuffer, intrinsicByteOffset, intrinsicLength } from "./checks.ts";
import type { FloatArray } from "./types.ts";

export interface Place {
  /** Bytes of an element: 4 of a Float32Array, 8 of a Float64Array. */
  readonly size: number;
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  /** Elements, not 0. As long as the array has as many, its memory is where it was; otherwise it was detached or shrunk. */
  readonly length: number;
  /** Address of the first element; 0 until native code has told it. */
  address: number;
}

const places = new WeakMap<object, Place>();
let draw = 1;

/** Where a float array lies; undefined for one that is not remembered and for every other value. */
export function placeOf(value: unknown): Place | undefined {
  return places.get(value as object);
}

/** True where two places in one buffer share a byte within the first elements, as many as given. */
export function bytesOverlap(a: Place, aCount: number, b: Place, bCount: number): boolean {
  return a.byteOffset < b.byteOffset + bCount * b.size && b.byteOffset < a.byteOffset + aCount * a.size;
}

/**
 * Takes note of an array that is not remembered as it is now. One in 64, drawn by a generator, is remembered: those that come
 * back soon are, those that never do cost little.
 */
export function meet(array: FloatArray): void {
  draw = Math.imul(draw, 1664525) + 1013904223;
  if ((draw & 0xfc000000) !== 0) return;
  const length = intrinsicLength(array);
  if (length === 0 || places.get(array)?.length === length) return;
  const size = arrayKind(array) === "Float32Array" ? 4 : 8;
  places.set(array, { size, buffer: intrinsicBuffer(array), byteOffset: intrinsicByteOffset(array), length, address: 0 });
}
