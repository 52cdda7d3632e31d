// Lion: m the mean gradient, the step is a sign. Twin of native/kernels/optim/lion.h.
import { type StepRule, sign } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { number, within } from "../options.ts";

export const lion: StepRule = {
  name: "lion",
  slots: ["m"],
  coefficients: ["rate", "beta1", "gain1", "beta2", "gain2"],
  update(r, c, p, g, s) {
    const u = r(r(c[1]! * s[0]!) + r(c[2]! * g));
    s[0] = r(r(c[3]! * s[0]!) + r(c[4]! * g));
    return r(p - r(c[0]! * sign(u)));
  },
};

type Values = CommonValues & { beta1: number; beta2: number };

export const lionMethod: Method<Values> = {
  name: "Lion",
  options: {
    ...commonOptions(0.0001, { decoupled: true }),
    beta1: number(0.9, within(0, 1), "weight of m in the step's sign"),
    beta2: number(0.99, within(0, 1), "decay rate of the mean gradient m"),
  },
  rule: () => lion,
  coefficients({ beta1, beta2 }, { rate }, c, at) {
    c[at] = rate;
    c[at + 1] = beta1;
    c[at + 2] = 1 - beta1;
    c[at + 3] = beta2;
    c[at + 4] = 1 - beta2;
  },
};
