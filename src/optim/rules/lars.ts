// LARS: momentum with a rate per tensor. Twin of native/kernels/optim/tensor/lars.h.

import type { TensorRule } from "../../backend/optim.ts";
import { elementCount } from "../../core/shape.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { above, atLeast, number, within } from "../options.ts";

export const lars: TensorRule = {
  name: "lars",
  slots: ["v"],
  coefficients: ["momentum", "decay", "rate", "trust", "epsilon"],
  layout: (_slot, shape) => ({ type: "parameter", count: elementCount(shape) }),
  updateTensor(step) {
    const { r, read, c, row, p, count, keep } = step;
    const v = step.slots[0]!;
    const [momentum, decay] = [c[0]!, c[1]!];
    const square = (x: number): number => x * x;
    const weight = Math.sqrt(step.reduce(count, (i) => square(read(p[i]!))));
    const gradient = Math.sqrt(step.reduce(count, (i) => square(step.gradient(i))));
    const trust = (row[3]! * weight) / (gradient + row[1]! * weight + row[4]!);
    const gain = r(weight > 0 && gradient > 0 ? row[2]! * trust : row[2]!);
    for (let i = 0; i < count; i++) {
      const x = read(p[i]!);
      const g = step.gradient(i);
      const velocity = r(r(momentum * read(v[i]!)) + r(gain * r(g + r(decay * x))));
      v[i] = velocity;
      p[i] = r(r(x * keep) - velocity);
    }
  },
};

type Values = CommonValues & { momentum: number; trustCoefficient: number; epsilon: number };

export const larsMethod: Method<Values> = {
  name: "LARS",
  options: {
    ...commonOptions(1, { decoupled: true }),
    momentum: number(0.9, within(0, 1), "factor of the velocity"),
    trustCoefficient: number(0.001, above(0), "the part of a tensor's norm that one step at rate 1 may change"),
    epsilon: number(1e-8, atLeast(0), "added to the norms that divide"),
  },
  ownDecay: true,
  rule: () => lars,
  coefficients({ momentum, trustCoefficient, epsilon, weightDecay, decoupled }, { rate }, c, at) {
    c[at] = momentum;
    c[at + 1] = decoupled ? weightDecay : 0;
    c[at + 2] = rate;
    c[at + 3] = trustCoefficient;
    c[at + 4] = epsilon;
  },
};
