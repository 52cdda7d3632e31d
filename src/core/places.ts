// Where float arrays lie, found out once and remembered: asking an array for its buffer, or Node-API for its address, takes as
// long as a small product, finding a remembered answer 4 ns. Nothing is kept alive: a place goes with its array.
import { arrayKind, hasElements, intrinsicBuffer, intrinsicByteOffset, intrinsicLength, isResizable } from "./checks.ts";
import type { FloatArray } from "./types.ts";

export interface Place {
  /** Bytes of an element: 4 of a Float32Array, 8 of a Float64Array. */
  readonly size: number;
  readonly buffer: ArrayBufferLike;
  /** Whose place it is: its offset is asked for only where buffers are the same. */
  readonly array: FloatArray;
  /** Elements; 0 also of an array that has lost its memory. */
  readonly length: number;
  /** Address of the first element; 0 until native code has told it. */
  address: number;
}

const places = new WeakMap<object, Place>();
let draw = 1;

/**
 * The place of a float array that is remembered and still has its memory; undefined for every other value. An array of a
 * resizable buffer is never remembered: one that has its elements has exactly those it had.
 */
export function rememberedPlace(value: unknown): Place | undefined {
  const place = places.get(value as object);
  return place !== undefined && hasElements(value as FloatArray, place.length) ? place : undefined;
}

/** Where a float array lies now; undefined for every other value. */
export function placeOf(value: unknown): Place | undefined {
  return rememberedPlace(value) ?? find(value);
}

/**
 * Asks the array, and remembers one in 256, drawn by a generator: those that come back soon are. Each that never does costs the
 * collector 3 µs.
 */
function find(value: unknown): Place | undefined {
  const kind = arrayKind(value);
  if (kind !== "Float32Array" && kind !== "Float64Array") return undefined;
  const array = value as FloatArray;
  const size = kind === "Float32Array" ? 4 : 8;
  const length = intrinsicLength(array);
  const place = { size, buffer: intrinsicBuffer(array), array, length, address: 0 };
  draw = (Math.imul(draw, 1664525) + 1013904223) | 0;
  if ((draw & 0xff000000) === 0 && length !== 0 && !isResizable(array)) places.set(array, place);
  return place;
}

/** True where the first elements of two places, as many as given, share a byte. */
export function placesOverlap(a: Place, aCount: number, b: Place, bCount: number): boolean {
  return a.buffer === b.buffer && rangesOverlap(a, aCount, b, bCount);
}

function rangesOverlap(a: Place, aCount: number, b: Place, bCount: number): boolean {
  if (aCount === 0 || bCount === 0) return false;
  const aStart = intrinsicByteOffset(a.array);
  const bStart = intrinsicByteOffset(b.array);
  return aStart < bStart + bCount * b.size && bStart < aStart + aCount * a.size;
}
