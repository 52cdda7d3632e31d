// Adafactor: the mean of squares of a matrix kept as its row means and column means. Twin of native/optim/tensor/adafactor.cc.

import type { TensorRule, TensorStep } from "../../backend/optim.ts";
import { pow } from "../../core/scalar-math.ts";
import { elementCount } from "../../core/shape.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { above, atLeast, number, type Range } from "../options.ts";

const coefficients = ["decay", "gain", "rate", "epsilon1", "floor", "epsilon2", "threshold"] as const;
const square = (x: number): number => x * x;

/** The step's size before the update's own norm is known: rate · max(epsilon2, RMS(p)). */
function scaleOf({ p, read, row, count, reduce }: TensorStep): number {
  const rms = Math.sqrt(reduce(count, (i) => square(read(p[i]!)))) / Math.sqrt(count);
  return row[2]! * (rms > row[5]! ? rms : row[5]!);
}

/** The step's size once the squared norm of the update is known: divided by RMS(u) ÷ threshold where that is above 1. */
function clipped({ r, row, count }: TensorStep, scale: number, squares: number): number {
  const ratio = Math.sqrt(squares) / Math.sqrt(count) / row[6]!;
  return r(ratio > 1 ? scale / ratio : scale);
}

export const adafactorVector: TensorRule = {
  name: "adafactor.vector",
  slots: ["v"],
  coefficients,
  layout: (_slot, shape) => ({ type: "parameter", count: elementCount(shape) }),
  updateTensor(step) {
    const { r, read, c, p, count, keep } = step;
    const v = step.slots[0]!;
    const floor = c[4]!;
    const update = (g: number, i: number): number => {
      const variance = read(v[i]!);
      return r(g / r(Math.sqrt(variance > floor ? variance : floor)));
    };
    for (let i = 0; i < count; i++) {
      const g = step.gradient(i);
      v[i] = r(r(c[0]! * read(v[i]!)) + r(r(c[1]! * g) * g));
    }
    const squares = step.reduce(count, (i) => square(update(step.gradient(i), i)));
    const size = clipped(step, scaleOf(step), squares);
    for (let i = 0; i < count; i++) {
      const u = update(step.gradient(i), i);
      p[i] = r(r(read(p[i]!) * keep) - r(size * u));
    }
  },
};

/** Leading dimensions together, rows, columns. */
function dimensions(shape: readonly number[]): [batch: number, rows: number, columns: number] {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return [elementCount(shape.slice(0, -2)), rows, columns];
}

export const adafactorMatrix: TensorRule = {
  name: "adafactor.matrix",
  slots: ["rows", "columns"],
  coefficients,
  layout(slot, shape) {
    const [batch, rows, columns] = dimensions(shape);
    return { type: "parameter", count: batch * (slot === "rows" ? rows : columns) };
  },
  updateTensor(step) {
    const { r, read, c, row, p, keep } = step;
    const [batch, rows, columns] = dimensions(step.shape);
    const [byRow, byColumn] = [step.slots[0]!, step.slots[1]!];
    const [decay, gain, floor] = [c[0]!, c[1]!, c[4]!];
    const mix = (old: number, mean: number): number => r(r(decay * read(old)) + r(gain * r(mean)));
    const factors = new Float64Array(batch * rows);
    for (let b = 0; b < batch; b++) {
      for (let i = b * rows; i < (b + 1) * rows; i++) {
        const squares = step.reduce(columns, (j) => square(step.gradient(i * columns + j)));
        byRow[i] = mix(byRow[i]!, squares / columns);
      }
      for (let j = 0; j < columns; j++) {
        let squares = 0;
        for (let i = b * rows; i < (b + 1) * rows; i++) squares += square(step.gradient(i * columns + j));
        byColumn[b * columns + j] = mix(byColumn[b * columns + j]!, squares / rows);
      }
      const mean = step.reduce(rows, (i) => read(byRow[b * rows + i]!)) / rows;
      const divisor = mean > row[3]! ? mean : row[3]!;
      for (let i = b * rows; i < (b + 1) * rows; i++) factors[i] = r(read(byRow[i]!) / divisor);
    }
    const update = (g: number, i: number, j: number): number => {
      const variance = r(factors[i]! * read(byColumn[Math.floor(i / rows) * columns + j]!));
      return r(g / r(Math.sqrt(variance > floor ? variance : floor)));
    };
    let squares = 0;
    for (let i = 0; i < batch * rows; i++)
      squares += step.reduce(columns, (j) => square(update(step.gradient(i * columns + j), i, j)));
    const size = clipped(step, scaleOf(step), squares);
    for (let i = 0; i < batch * rows; i++) {
      for (let j = 0; j < columns; j++) {
        const at = i * columns + j;
        const u = update(step.gradient(at), i, j);
        p[at] = r(r(read(p[at]!) * keep) - r(size * u));
      }
    }
  },
};

/** Machine epsilon: PyTorch's epsilon1 where none is given. */
const MACHINE_EPSILON = { float32: 1.1920928955078125e-7, float64: 2.220446049250313e-16 } as const;

const negative: Range = { text: "a finite number of at most 0", contains: (x) => x <= 0 && x > Number.NEGATIVE_INFINITY };

type Values = CommonValues & { beta2Decay: number; epsilon1: number; epsilon2: number; clipThreshold: number };

export const adafactorMethod: Method<Values> = {
  name: "Adafactor",
  options: {
    ...commonOptions(0.01, { decoupled: true }),
    beta2Decay: number(-0.8, negative, "step t enters the means with weight t^beta2Decay"),
    epsilon1: number(0, atLeast(0), "bounds the root mean square gradient from below; 0: machine epsilon of the dtype"),
    epsilon2: number(1e-3, atLeast(0), "bounds the parameter's root mean square from below"),
    clipThreshold: number(1, above(0), "the update's root mean square is brought down to this"),
  },
  rule: (_options, { shape }) => (shape.length > 1 ? adafactorMatrix : adafactorVector),
  coefficients({ beta2Decay, epsilon1, epsilon2, clipThreshold }, { t, rate }, c, at, { dtype }) {
    const epsilon = epsilon1 === 0 ? MACHINE_EPSILON[dtype] : epsilon1;
    const gain = pow(t, beta2Decay);
    const cap = 1 / Math.sqrt(t);
    c[at] = 1 - gain;
    c[at + 1] = gain;
    c[at + 2] = rate < cap ? rate : cap;
    c[at + 3] = epsilon;
    c[at + 4] = epsilon * epsilon;
    c[at + 5] = epsilon2;
    c[at + 6] = clipThreshold;
  },
};
