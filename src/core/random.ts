// Counter-based randomness: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
// SC11). Every draw is addressed by (seed, stream, index), so that order of execution does not matter and any draw can be
// made again. Identical on every runtime, and in C++ where kernels draw (dropout).
import { arrayKind, checkFloatArray, checkInteger, dtypeOf, intrinsicLength } from "./checks.ts";
import { wrongKind, wrongValue } from "./errors.ts";
import { cos, log, sin } from "./scalar-math.ts";
import type { FloatArray } from "./types.ts";

const TWO_32 = 4294967296;
const TWO_PI = 6.283185307179586;

/** The four words of the last block; overwritten by every call. */
export const block = new Uint32Array(4);

/**
 * One block of Philox4x32-10: key (seedLow, seedHigh), counter (indexLow, indexHigh, stream, 0), all uint32.
 * Returns the shared `block`.
 */
export function philox(seedLow: number, seedHigh: number, stream: number, indexLow: number, indexHigh: number): Uint32Array {
  return philoxRounds(indexLow, indexHigh, stream, 0, seedLow, seedHigh);
}

/** The bare generator: four counter words, two key words. Returns the shared `block`. */
export function philoxRounds(a0: number, b0: number, c0: number, d0: number, key0: number, key1: number): Uint32Array {
  let a = a0 >>> 0;
  let b = b0 >>> 0;
  let c = c0 >>> 0;
  let d = d0 >>> 0;
  let k0 = key0 >>> 0;
  let k1 = key1 >>> 0;
  for (let round = 0; round < 10; round++) {
    // High words of 0xd2511f53 · a and 0xcd9e8d57 · c from 16-bit halves.
    const aLow = a & 0xffff;
    const aHigh = a >>> 16;
    const a1 = aHigh * 0x1f53 + ((aLow * 0x1f53) >>> 16);
    const aTop = aHigh * 0xd251 + (a1 >>> 16) + ((aLow * 0xd251 + (a1 & 0xffff)) >>> 16);
    const cLow = c & 0xffff;
    const cHigh = c >>> 16;
    const c1 = cHigh * 0x8d57 + ((cLow * 0x8d57) >>> 16);
    const cTop = cHigh * 0xcd9e + (c1 >>> 16) + ((cLow * 0xcd9e + (c1 & 0xffff)) >>> 16);
    const nextB = Math.imul(0xcd9e8d57, c);
    const nextD = Math.imul(0xd2511f53, a);
    a = cTop ^ b ^ k0;
    c = aTop ^ d ^ k1;
    b = nextB;
    d = nextD;
    a >>>= 0;
    c >>>= 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  block[0] = a;
  block[1] = b;
  block[2] = c;
  block[3] = d;
  return block;
}

/** The block with this index; seed and index are integers below 2^53, stream below 2^32. */
function blockAt(seed: number, stream: number, index: number): Uint32Array {
  return philox(seed, Math.floor(seed / TWO_32), stream, index, Math.floor(index / TWO_32));
}

function checkAddress(seed: number, stream: number): void {
  checkInteger("seed", seed);
  checkInteger("stream", stream);
  if (stream >= TWO_32) throw wrongValue("stream", "an integer below 2^32", stream);
}

/** The uint32 draw `index` of a stream: word index mod 4 of block ⌊index ÷ 4⌋. */
export function word(seed: number, stream: number, index: number): number {
  return blockAt(seed, stream, Math.floor(index / 4))[index % 4];
}

/** Uniform in [0, 1), a multiple of 2⁻²⁴ (exact in float32): the upper 24 bits of word `index`. */
export function uniform32(seed: number, stream: number, index: number): number {
  return (word(seed, stream, index) >>> 8) / 16777216;
}

/** 53 bits from two words: uniform in [0, 1), a multiple of 2⁻⁵³. */
function uniform53(high: number, low: number): number {
  return ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992;
}

/** Uniform in [0, 1), a multiple of 2⁻⁵³: words 2·index and 2·index + 1. */
export function uniform(seed: number, stream: number, index: number): number {
  const words = blockAt(seed, stream, Math.floor(index / 2));
  return index % 2 === 0 ? uniform53(words[0], words[1]) : uniform53(words[2], words[3]);
}

/** Standard normal (Box–Muller in double): block ⌊index ÷ 2⌋ gives the cosine (even index) and the sine (odd index). */
export function normal(seed: number, stream: number, index: number): number {
  const words = blockAt(seed, stream, Math.floor(index / 2));
  const angle = TWO_PI * uniform53(words[2], words[3]);
  // 1 − u is in (0, 1]: the logarithm is finite.
  const radius = Math.sqrt(-2 * log(1 - uniform53(words[0], words[1])));
  return index % 2 === 0 ? radius * cos(angle) : radius * sin(angle);
}

/** A uniform integer in [0, bound), 1 ≤ bound ≤ 2^32; each value's probability is within 2⁻⁵³ of 1 ÷ bound. */
export function integer(seed: number, stream: number, index: number, bound: number): number {
  return Math.floor(uniform(seed, stream, index) * bound);
}

/**
 * Fills `out` with uniform draws 0 … length − 1 of a stream, scaled to [low, high): uniform32 for float32, uniform for
 * float64. Computed in double, rounded once. @throws ERR_DTYPE, ERR_DETACHED, ERR_RANGE.
 */
export function fillUniform(out: FloatArray, seed: number, stream: number, low = 0, high = 1): void {
  checkFloatArray("out", out);
  checkAddress(seed, stream);
  const draw = dtypeOf(out) === "float32" ? uniform32 : uniform;
  const count = intrinsicLength(out);
  for (let i = 0; i < count; i++) out[i] = low + (high - low) * draw(seed, stream, i);
}

/** Fills `out` with normal draws 0 … length − 1 of a stream: mean + deviation · normal, rounded once. Errors as fillUniform. */
export function fillNormal(out: FloatArray, seed: number, stream: number, mean = 0, deviation = 1): void {
  checkFloatArray("out", out);
  checkAddress(seed, stream);
  const count = intrinsicLength(out);
  for (let i = 0; i < count; i++) out[i] = mean + deviation * normal(seed, stream, i);
}

/**
 * A uniformly random order of 0 … n − 1 (Fisher–Yates; the exchange of place i draws integer(seed, stream, i, i + 1)).
 * One (seed, stream) gives one order: use the epoch as stream. `out` (length n) receives it where given.
 * @throws ERR_RANGE for a seed that is no integer in [0, 2^53), a stream or n outside [0, 2^32); ERR_DTYPE, ERR_LENGTH for out.
 */
export function permutation(seed: number, stream: number, n: number, out?: Uint32Array): Uint32Array {
  checkAddress(seed, stream);
  checkInteger("n", n);
  if (n >= TWO_32) throw wrongValue("n", "an integer below 2^32", n);
  if (out !== undefined && arrayKind(out) !== "Uint32Array") throw wrongKind("out", "a Uint32Array", out);
  if (out !== undefined && out.length !== n) throw wrongValue("out", `a length of ${n}`, out.length, "ERR_LENGTH");
  const order = out ?? new Uint32Array(n);
  for (let i = 0; i < n; i += 2) {
    // Draws i and i + 1, as integer() makes them, from one block.
    const words = blockAt(seed, stream, i / 2);
    const j = Math.floor(uniform53(words[0], words[1]) * (i + 1));
    order[i] = order[j];
    order[j] = i;
    if (i + 1 === n) break;
    const k = Math.floor(uniform53(words[2], words[3]) * (i + 2));
    order[i + 1] = order[k];
    order[k] = i + 1;
  }
  return order;
}
