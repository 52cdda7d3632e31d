// Gradient descent, plain and with a velocity v. Twin of native/kernels/optim/sgd.h.
import type { ElementRule } from "../../backend/optim.ts";
import { wrongValue } from "../../core/errors.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { flag, number, within } from "../options.ts";
import { ruleOfState, type StateValues, stateOptions, stateRules, writeLowState } from "./low-state-options.ts";

export const sgd: ElementRule = {
  name: "sgd",
  slots: [],
  coefficients: ["rate"],
  update: (r, c, p, g) => r(p - r(c[0]! * g)),
};

const velocity = { slots: ["v"], coefficients: ["rate", "momentum", "gain"] } as const;

export const sgdMomentum: ElementRule = {
  name: "sgd.momentum",
  ...velocity,
  update(r, c, p, g, s) {
    const [rate, momentum, gain] = [c[0]!, c[1]!, c[2]!];
    const v = r(r(momentum * s[0]!) + r(gain * g));
    s[0] = v;
    return r(p - r(rate * v));
  },
};

export const sgdNesterov: ElementRule = {
  name: "sgd.nesterov",
  ...velocity,
  update(r, c, p, g, s) {
    const [rate, momentum, gain] = [c[0]!, c[1]!, c[2]!];
    const v = r(r(momentum * s[0]!) + r(gain * g));
    s[0] = v;
    return r(p - r(rate * r(g + r(momentum * v))));
  },
};

export const momentumState = stateRules(sgdMomentum);
export const nesterovState = stateRules(sgdNesterov);

type SgdValues = CommonValues & StateValues & { momentum: number; dampening: number; nesterov: boolean };

export const sgdMethod: Method<SgdValues> = {
  name: "SGD",
  options: {
    ...commonOptions(0.001),
    momentum: number(0, within(0, 1), "factor μ of the velocity"),
    dampening: number(0, within(0, 1), "1 − dampening scales the gradient that enters the velocity"),
    nesterov: flag(false, "look ahead along the velocity"),
    ...stateOptions,
  },
  check({ nesterov, momentum, dampening }) {
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw wrongValue(
        "SGD.nesterov",
        "momentum above 0 and no dampening",
        `momentum ${momentum}, dampening ${dampening}`,
        "ERR_OPTION",
      );
    }
  },
  rule({ momentum, nesterov, stateType }, target) {
    return momentum === 0 ? sgd : ruleOfState(nesterov ? nesterovState : momentumState, stateType, target);
  },
  coefficients(options, input, c, at, { rule }) {
    const { momentum, dampening } = options;
    c[at] = input.rate;
    if (momentum === 0) return;
    c[at + 1] = momentum;
    // PyTorch: the first step takes the gradient as the velocity, undamped.
    c[at + 2] = input.t === 1 ? 1 : 1 - dampening;
    writeLowState(options, input, c, at, momentumState, rule);
  },
};

type EmaValues = CommonValues & { beta: number };

export const momentumEmaMethod: Method<EmaValues> = {
  name: "MomentumEMA",
  options: { ...commonOptions(0.001), beta: number(0.9, within(0, 1), "decay rate of the mean gradient") },
  rule: () => sgdMomentum,
  coefficients({ beta }, { rate }, c, at) {
    c[at] = rate;
    c[at + 1] = beta;
    c[at + 2] = 1 - beta;
  },
};
