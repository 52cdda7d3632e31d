// Turns what the user hands over as parameters into checked arrays: kinds, shapes, duplicates, overlaps.

import { checkFloatArray, dtypeOf, intrinsicBuffer, intrinsicByteOffset, intrinsicLength, isFloatArray } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import type { Dtype, FloatArray, Tensor } from "../core/types.ts";

/** A parameter or gradient: a bare array has shape [length]. */
export type Param = FloatArray | Tensor;

export interface CheckedParam {
  readonly data: FloatArray;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/** The array and shape of a parameter; ERR_DTYPE, ERR_DETACHED, ERR_SHAPE. */
export function checkParam(argument: string, given: unknown): CheckedParam {
  if (isFloatArray(given)) {
    checkFloatArray(argument, given);
    return { data: given, shape: [intrinsicLength(given)], dtype: dtypeOf(given) };
  }
  if (given === null || typeof given !== "object" || !("data" in given))
    throw wrongKind(argument, "a Float32Array, Float64Array or tensor", given);
  const { data, shape } = given as Partial<Tensor>;
  checkFloatArray(`${argument}.data`, data);
  if (!Array.isArray(shape)) throw wrongKind(`${argument}.shape`, "an array of dimensions", shape);
  const count = elementCount(shape as number[]);
  if (count !== intrinsicLength(data))
    throw wrongValue(`${argument}.shape`, `a product of ${intrinsicLength(data)}`, count, "ERR_SHAPE");
  return { data, shape: [...(shape as number[])], dtype: dtypeOf(data) };
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly index: number;
}

function spanOf(data: FloatArray, index: number): Span {
  const start = intrinsicByteOffset(data);
  return { start, end: start + intrinsicLength(data) * (dtypeOf(data) === "float32" ? 4 : 8), index };
}

/** The memory of all parameters, for finding overlaps in logarithmic time per question. */
export class MemoryMap {
  readonly #spans = new Map<ArrayBufferLike, Span[]>();

  /** @throws RangeError ERR_DUPLICATE for the same memory twice, ERR_ALIAS where two parameters overlap partly. */
  constructor(arrays: readonly FloatArray[]) {
    arrays.forEach((data, index) => {
      if (intrinsicLength(data) === 0) return;
      const buffer = intrinsicBuffer(data);
      const list = this.#spans.get(buffer);
      if (list) list.push(spanOf(data, index));
      else this.#spans.set(buffer, [spanOf(data, index)]);
    });
    for (const list of this.#spans.values()) {
      list.sort((a, b) => a.start - b.start || a.index - b.index);
      for (let i = 1; i < list.length; i++) {
        const [before, after] = [list[i - 1]!, list[i]!];
        if (after.start >= before.end) continue;
        const same = after.start === before.start && after.end === before.end;
        const [first, second] = [Math.min(before.index, after.index), Math.max(before.index, after.index)];
        throw wrongValue(
          `params[${second}]`,
          `memory that no other parameter uses`,
          same ? `params[${first}] again` : `an overlap with params[${first}]`,
          same ? "ERR_DUPLICATE" : "ERR_ALIAS",
        );
      }
    }
  }

  /** The index of a parameter that shares a byte with `data`, or -1. */
  overlapping(data: FloatArray): number {
    const list = this.#spans.get(intrinsicBuffer(data));
    if (!list || intrinsicLength(data) === 0) return -1;
    const { start, end } = spanOf(data, 0);
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]!.end <= start) low = middle + 1;
      else high = middle;
    }
    const candidate = list[low];
    return candidate && candidate.start < end ? candidate.index : -1;
  }
}
