// Element-wise rules with their moments in fewer bits: bfloat16, or 8 bits with a scale per block of 256 elements. Twin of
// native/kernels/optim/tensor/low_state.h.

import type { ElementRule, TensorRule, TensorStep } from "../../backend/optim.ts";
import { philox } from "../../core/random.ts";
import { elementCount } from "../../core/shape.ts";

/** Elements that share a scale. */
export const STATE_BLOCK = 256;
/** 1.5·2²³: adding it to a small float32 leaves the nearest integer, half to even. */
const MAGIC = 12582912;
const TWO_32 = 4294967296;
/** Philox draws per block: 16 random bits per element. */
const DRAWS = STATE_BLOCK / 8;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** A block of moments, widened, with what it takes to round them back. */
interface Block {
  readonly moments: readonly Float64Array[];
  readonly words: Uint32Array;
  readonly stochastic: boolean;
}

interface StateFormat {
  widen(step: TensorStep, block: Block, index: number, count: number): void;
  narrow(step: TensorStep, block: Block, index: number, count: number): void;
}

/**
 * The random words of a block: word w of the Philox draw of the parameter's stream with index (32·block + k, step) at
 * 32·w + k. Element i has the lower half of word i, or from 128 on the upper half of word i − 128; its lower byte is the
 * first moment's, its upper byte the second's. `at` is the index of the seed among the rule's coefficients.
 */
function drawBlock(words: Uint32Array, { row, stream }: TensorStep, at: number, block: number): void {
  const [seed, step] = [row[at]!, row[at + 1]!];
  for (let k = 0; k < DRAWS; k++) {
    const draw = philox(seed % TWO_32, Math.floor(seed / TWO_32), stream, block * DRAWS + k, step % TWO_32);
    for (let w = 0; w < 4; w++) words[w * DRAWS + k] = draw[w]!;
  }
}

/** The random byte of element i for moment 0 or 1. */
function byteOf(words: Uint32Array, i: number, moment: number): number {
  const half = STATE_BLOCK / 2;
  return (words[i % half]! >>> ((i < half ? 0 : 16) + 8 * moment)) & 0xff;
}

function updateBlocks(step: TensorStep, format: StateFormat, rule: ElementRule, update: ElementRule["update"]): void {
  const { r, read, p, c, count, keep } = step;
  const seedAt = rule.coefficients.length;
  const moments = rule.slots.map(() => new Float64Array(STATE_BLOCK));
  const block = { moments, words: new Uint32Array(STATE_BLOCK / 2), stochastic: step.row[seedAt + 2] !== 0 };
  const s = new Float64Array(moments.length);
  for (let start = 0, index = 0; start < count; start += STATE_BLOCK, index++) {
    const length = Math.min(STATE_BLOCK, count - start);
    if (block.stochastic) drawBlock(block.words, step, seedAt, index);
    format.widen(step, block, index, length);
    for (let i = 0; i < length; i++) {
      const g = step.gradient(start + i);
      for (let k = 0; k < s.length; k++) s[k] = moments[k]![i]!;
      p[start + i] = update(r, c, r(read(p[start + i]!) * keep), g, s);
      for (let k = 0; k < s.length; k++) moments[k]![i] = s[k]!;
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
  widen({ read, slots }, { moments }, index, count) {
    const at = index * STATE_BLOCK;
    moments.forEach((x, k) => {
      for (let i = 0; i < count; i++) x[i] = read(fromBfloat16(slots[k]![at + i]!));
    });
  },
  narrow({ slots }, { moments, words, stochastic }, index, count) {
    const at = index * STATE_BLOCK;
    moments.forEach((x, k) => {
      for (let i = 0; i < count; i++) slots[k]![at + i] = toBfloat16(x[i]!, stochastic, byteOf(words, i, k));
    });
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

/** Range of the integers of a moment of either sign, and of a root: never down to zero, see int8State(). */
const SIGNED = { low: -127, high: 127, offset: 0 };
const ROOT = { low: 1, high: 255, offset: 128 };

/** `ranges[k]` is that of moment k. Scales are the slots after the moments. */
const scaled = (ranges: readonly (typeof SIGNED)[]): StateFormat => ({
  widen({ r, read, slots }, { moments }, index, count) {
    const at = index * STATE_BLOCK;
    moments.forEach((x, k) => {
      const scale = read(slots[ranges.length + k]![index]!);
      for (let i = 0; i < count; i++) x[i] = r((slots[k]![at + i]! + ranges[k]!.offset) * scale);
    });
  },
  narrow(step, { moments, words, stochastic }, index, count) {
    const { r, slots } = step;
    const at = index * STATE_BLOCK;
    moments.forEach((x, k) => {
      const { low, high, offset } = ranges[k]!;
      let most = 0;
      for (let i = 0; i < count; i++) most = Math.abs(x[i]!) > most ? Math.abs(x[i]!) : most;
      slots[ranges.length + k]![index] = r(most / high);
      const inverse = most > 0 ? r(high / most) : 0;
      for (let i = 0; i < count; i++) {
        slots[k]![at + i] = quantise(step, x[i]!, inverse, low, high, stochastic ? byteOf(words, i, k) : -1) - offset;
      }
    });
  },
});

function coefficientsOf({ coefficients }: ElementRule): readonly string[] {
  return [...coefficients, "seed", "step", "stochastic"];
}

/** The rule with its slots in bfloat16. */
export function bf16State(rule: ElementRule): TensorRule {
  return {
    name: `${rule.name}.bf16`,
    slots: rule.slots,
    coefficients: coefficientsOf(rule),
    float32Only: true,
    layout: (_slot, shape) => ({ type: "uint16", count: elementCount(shape) }),
    updateTensor: (step) => updateBlocks(step, bfloat16, rule, rule.update),
  };
}

/**
 * The rule with its slots in 8 bits. `roots` names those that are kept as their square roots, offset by 128, because a root's
 * range is half in the exponent; `update` is then the rule's over roots. A root is never rounded down to zero: a parameter
 * with a mean gradient must not be divided by epsilon alone.
 */
export function int8State(rule: ElementRule, roots: readonly string[] = [], update = rule.update): TensorRule {
  const format = scaled(rule.slots.map((slot) => (roots.includes(slot) ? ROOT : SIGNED)));
  return {
    name: `${rule.name}.int8`,
    slots: [...rule.slots, ...rule.slots.map((slot) => `${slot}Scales`)],
    coefficients: coefficientsOf(rule),
    float32Only: true,
    layout(slot, shape) {
      const count = elementCount(shape);
      return rule.slots.includes(slot) ? { type: "int8", count } : { type: "float32", count: Math.ceil(count / STATE_BLOCK) };
    },
    updateTensor: (step) => updateBlocks(step, format, rule, update),
  };
}
