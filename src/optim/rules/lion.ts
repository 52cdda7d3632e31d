// Lion: m the mean gradient, the step is a sign. Twin of native/kernels/optim/lion.h.
import { type ElementRule, sign } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { number, within } from "../options.ts";
import { ruleOfState, type StateValues, stateOptions, stateRules, writeLowState } from "./low-state-options.ts";

export const lion: ElementRule = {
  name: "lion",
  slots: ["m"],
  coefficients: ["rate", "beta1", "gain1", "beta2", "gain2"],
  update(r, c, p, g, s) {
    const u = r(r(c[1]! * s[0]!) + r(c[2]! * g));
    s[0] = r(r(c[3]! * s[0]!) + r(c[4]! * g));
    return r(p - r(c[0]! * sign(u)));
  },
};

export const lionState = stateRules(lion);

type Values = CommonValues & StateValues & { beta1: number; beta2: number };

export const lionMethod: Method<Values> = {
  name: "Lion",
  options: {
    ...commonOptions(0.0001, { decoupled: true }),
    beta1: number(0.9, within(0, 1), "weight of m in the step's sign"),
    beta2: number(0.99, within(0, 1), "decay rate of the mean gradient m"),
    ...stateOptions,
  },
  rule: ({ stateType }, target) => ruleOfState(lionState, stateType, target),
  coefficients(options, input, c, at, { rule }) {
    const { beta1, beta2 } = options;
    c[at] = input.rate;
    c[at + 1] = beta1;
    c[at + 2] = 1 - beta1;
    c[at + 3] = beta2;
    c[at + 4] = 1 - beta2;
    writeLowState(options, input, c, at, lionState, rule);
  },
};
