// Adam with its moments in fewer bits: bfloat16, or 8 bits with a scale per block of 256 elements. Twin of
// native/kernels/optim/tensor/low_state.h.

import type { TensorRule, TensorStep } from "../../backend/optim.ts";
import { philox } from "../../core/random.ts";
import { elementCount } from "../../core/shape.ts";

/** Elements that share a scale. */
export const STATE_BLOCK = 256;
/** 1.5·2²³: adding it to a small float32 leaves the nearest integer, half to even. */
const MAGIC = 12582912;
const TWO_32 = 4294967296;
const coefficients = ["beta1", "gain1", "beta2", "gain2", "rate", "root", "epsilon", "seed", "step", "stochastic"] as const;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

function countOf(shape: readonly number[]): number {
  return elementCount(shape);
}

/** Philox draws per block: 16 random bits per element. */
const DRAWS = STATE_BLOCK / 8;

/**
 * The random words of a block: word w of the Philox draw of the parameter's stream with index (32·block + k, step) at
 * 32·w + k. Element i has the lower half of word i, or from 128 on the upper half of word i − 128; its lower byte is m's,
 * its upper byte v's.
 */
function drawBlock(words: Uint32Array, { row, stream }: TensorStep, block: number): void {
  const [seed, step] = [row[7]!, row[8]!];
  for (let k = 0; k < DRAWS; k++) {
    const draw = philox(seed % TWO_32, Math.floor(seed / TWO_32), stream, block * DRAWS + k, step % TWO_32);
    for (let w = 0; w < 4; w++) words[w * DRAWS + k] = draw[w]!;
  }
}

/** The random byte of element i for m (shift 0) or v (shift 8). */
function byteOf(words: Uint32Array, i: number, shift: number): number {
  const half = STATE_BLOCK / 2;
  return (words[i % half]! >>> (i < half ? shift : 16 + shift)) & 0xff;
}

/** A block's moments, widened, with what it takes to round them back. */
interface Block {
  readonly m: Float64Array;
  readonly v: Float64Array;
  readonly words: Uint32Array;
  readonly stochastic: boolean;
}

interface StateFormat {
  widen(step: TensorStep, block: Block, index: number, count: number): void;
  narrow(step: TensorStep, block: Block, index: number, count: number): void;
  /** One element of Adam in place: s holds m and v (or its root); returns the new parameter. */
  update(step: TensorStep, p: number, g: number, block: Block, i: number): number;
}

function updateBlocks(step: TensorStep, format: StateFormat): void {
  const { r, read, p, count, keep } = step;
  const make = (): Float64Array => new Float64Array(STATE_BLOCK);
  const block = { m: make(), v: make(), words: new Uint32Array(STATE_BLOCK / 2), stochastic: step.row[9] !== 0 };
  for (let start = 0, index = 0; start < count; start += STATE_BLOCK, index++) {
    const length = Math.min(STATE_BLOCK, count - start);
    if (block.stochastic) drawBlock(block.words, step, index);
    format.widen(step, block, index, length);
    for (let i = 0; i < length; i++) {
      const g = step.gradient(start + i);
      p[start + i] = format.update(step, r(read(p[start + i]!) * keep), g, block, i);
    }
    format.narrow(step, block, index, length);
  }
}

/**
 * The upper half of a float32's bits: half to even, or up with the probability of the part that is cut off, to 1/256 and
 * from the middle of each such step. NaN stays.
 */
function toBfloat16(x: number, stochastic: boolean, random: number): number {
  float[0] = x;
  const u = bits[0]!;
  if (Number.isNaN(x)) return 0x7fc0;
  return (u + (stochastic ? (random << 8) | 0x80 : 0x7fff + ((u >>> 16) & 1))) >>> 16;
}

function fromBfloat16(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

const bfloat16: StateFormat = {
  widen({ read, slots }, { m, v }, index, count) {
    const at = index * STATE_BLOCK;
    for (let i = 0; i < count; i++) {
      m[i] = read(fromBfloat16(slots[0]![at + i]!));
      v[i] = read(fromBfloat16(slots[1]![at + i]!));
    }
  },
  narrow({ slots }, { m, v, words, stochastic }, index, count) {
    const at = index * STATE_BLOCK;
    for (let i = 0; i < count; i++) {
      slots[0]![at + i] = toBfloat16(m[i]!, stochastic, byteOf(words, i, 0));
      slots[1]![at + i] = toBfloat16(v[i]!, stochastic, byteOf(words, i, 8));
    }
  },
  update({ r, c }, p, g, block, i) {
    const m = r(r(c[0]! * block.m[i]!) + r(c[1]! * g));
    const v = r(r(c[2]! * block.v[i]!) + r(r(c[3]! * g) * g));
    block.m[i] = m;
    block.v[i] = v;
    return r(p - r(r(c[4]! * m) / r(r(c[5]! * r(Math.sqrt(v))) + c[6]!)));
  },
};

/** x·inverse, moved by up to half a step by a random byte (−1: none), clamped (NaN to `low`), rounded half to even. */
function quantise({ r }: TensorStep, x: number, inverse: number, low: number, high: number, byte: number): number {
  let y = r(x * inverse);
  // (byte + 1/2) / 256 − 1/2, exact
  if (byte !== -1) y = r(y + (byte - 127.5) / 256);
  y = y > low ? y : low;
  y = y < high ? y : high;
  return r(y + MAGIC) - MAGIC;
}

const int8: StateFormat = {
  widen({ r, read, slots }, { m, v }, index, count) {
    const at = index * STATE_BLOCK;
    const [mScale, vScale] = [read(slots[2]![index]!), read(slots[3]![index]!)];
    for (let i = 0; i < count; i++) {
      m[i] = r(slots[0]![at + i]! * mScale);
      v[i] = r((slots[1]![at + i]! + 128) * vScale);
    }
  },
  narrow(step, { m, v, words, stochastic }, index, count) {
    const { r, slots } = step;
    const at = index * STATE_BLOCK;
    let [mMost, vMost] = [0, 0];
    for (let i = 0; i < count; i++) {
      const magnitude = Math.abs(m[i]!);
      mMost = magnitude > mMost ? magnitude : mMost;
      vMost = v[i]! > vMost ? v[i]! : vMost;
    }
    slots[2]![index] = r(mMost / 127);
    slots[3]![index] = r(vMost / 255);
    const mInverse = mMost > 0 ? r(127 / mMost) : 0;
    const vInverse = vMost > 0 ? r(255 / vMost) : 0;
    for (let i = 0; i < count; i++) {
      slots[0]![at + i] = quantise(step, m[i]!, mInverse, -127, 127, stochastic ? byteOf(words, i, 0) : -1);
      // Never down to zero: a parameter with a mean gradient must not be divided by epsilon alone.
      slots[1]![at + i] = quantise(step, v[i]!, vInverse, 1, 255, stochastic ? byteOf(words, i, 8) : -1) - 128;
    }
  },
  update({ r, c }, p, g, block, i) {
    const m = r(r(c[0]! * block.m[i]!) + r(c[1]! * g));
    const root = r(Math.sqrt(r(r(c[2]! * r(block.v[i]! * block.v[i]!)) + r(r(c[3]! * g) * g))));
    block.m[i] = m;
    block.v[i] = root;
    return r(p - r(r(c[4]! * m) / r(r(c[5]! * root) + c[6]!)));
  },
};

export const adamBf16: TensorRule = {
  name: "adam.bf16",
  slots: ["m", "v"],
  coefficients,
  float32Only: true,
  layout: (_slot, shape) => ({ type: "uint16", count: countOf(shape) }),
  updateTensor: (step) => updateBlocks(step, bfloat16),
};

/** v holds the roots of the mean squares, offset by 128: the root's range is half of v's in the exponent. */
export const adamInt8: TensorRule = {
  name: "adam.int8",
  slots: ["m", "v", "mScales", "vScales"],
  coefficients,
  float32Only: true,
  layout(slot, shape) {
    const count = countOf(shape);
    return slot === "m" || slot === "v" ? { type: "int8", count } : { type: "float32", count: Math.ceil(count / STATE_BLOCK) };
  },
  updateTensor: (step) => updateBlocks(step, int8),
};
