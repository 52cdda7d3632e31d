// LAMB: Adam's direction u with the decay in it, scaled per tensor to the parameter's norm. Twin of native/kernels/optim/tensor/lamb.h.

import type { TensorRule, TensorStep } from "../../backend/optim.ts";
import { elementCount } from "../../core/shape.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";

import { power } from "../powers.ts";
import { momentOptions } from "./adam.ts";

/** The direction at element i from the moments as they are now. */
function direction({ r, read, c, p, slots }: TensorStep, i: number): number {
  const [m, v] = [read(slots[0]![i]!), read(slots[1]![i]!)];
  const [mean, root, epsilon, decay] = [c[4]!, c[5]!, c[6]!, c[7]!];
  const adam = r(r(mean * m) / r(r(root * r(Math.sqrt(v))) + epsilon));
  return r(adam + r(decay * read(p[i]!)));
}

export const lamb: TensorRule = {
  name: "lamb",
  slots: ["m", "v"],
  coefficients: ["beta1", "gain1", "beta2", "gain2", "mean", "root", "epsilon", "decay", "rate"],
  layout: (_slot, shape) => ({ type: "parameter", count: elementCount(shape) }),
  updateTensor(step) {
    const { r, read, c, row, p, count, keep } = step;
    const [m, v] = [step.slots[0]!, step.slots[1]!];
    for (let i = 0; i < count; i++) {
      const g = step.gradient(i);
      m[i] = r(r(c[0]! * read(m[i]!)) + r(c[1]! * g));
      v[i] = r(r(c[2]! * read(v[i]!)) + r(r(c[3]! * g) * g));
    }
    const square = (x: number): number => x * x;
    const weight = Math.sqrt(step.reduce(count, (i) => square(read(p[i]!))));
    const update = Math.sqrt(step.reduce(count, (i) => square(direction(step, i))));
    const rate = r(weight > 0 && update > 0 ? row[8]! * (weight / update) : row[8]!);
    for (let i = 0; i < count; i++) {
      const u = direction(step, i);
      p[i] = r(r(read(p[i]!) * keep) - r(rate * u));
    }
  },
};

type Values = CommonValues & { beta1: number; beta2: number; epsilon: number };

export const lambMethod: Method<Values> = {
  name: "LAMB",
  options: { ...commonOptions(0.001, { weightDecay: 0.01, decoupled: true }), ...momentOptions(0.9, 0.999, 1e-6) },
  ownDecay: true,
  rule: () => lamb,
  coefficients({ beta1, beta2, epsilon, weightDecay, decoupled }, { t, rate }, c, at) {
    c[at] = beta1;
    c[at + 1] = 1 - beta1;
    c[at + 2] = beta2;
    c[at + 3] = 1 - beta2;
    c[at + 4] = 1 / (1 - power(beta1, t));
    c[at + 5] = 1 / Math.sqrt(1 - power(beta2, t));
    c[at + 6] = epsilon;
    c[at + 7] = decoupled ? weightDecay : 0;
    c[at + 8] = rate;
  },
};
