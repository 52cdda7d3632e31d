// Gradient descent, plain and with a velocity v. Twin of native/kernels/optim/sgd.h.
import type { StepRule } from "../../backend/optim.ts";
import { wrongValue } from "../../core/errors.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { flag, number, within } from "../options.ts";

export const sgd: StepRule = {
  name: "sgd",
  slots: [],
  coefficients: ["rate"],
  update: (r, c, p, g) => r(p - r(c[0]! * g)),
};

const velocity = { slots: ["v"], coefficients: ["rate", "momentum", "gain"] } as const;

export const sgdMomentum: StepRule = {
  name: "sgd.momentum",
  ...velocity,
  update(r, c, p, g, s) {
    const [rate, momentum, gain] = [c[0]!, c[1]!, c[2]!];
    const v = r(r(momentum * s[0]!) + r(gain * g));
    s[0] = v;
    return r(p - r(rate * v));
  },
};

export const sgdNesterov: StepRule = {
  name: "sgd.nesterov",
  ...velocity,
  update(r, c, p, g, s) {
    const [rate, momentum, gain] = [c[0]!, c[1]!, c[2]!];
    const v = r(r(momentum * s[0]!) + r(gain * g));
    s[0] = v;
    return r(p - r(rate * r(g + r(momentum * v))));
  },
};

type SgdValues = CommonValues & { momentum: number; dampening: number; nesterov: boolean };

export const sgdMethod: Method<SgdValues> = {
  name: "SGD",
  options: {
    ...commonOptions(0.001),
    momentum: number(0, within(0, 1), "factor μ of the velocity"),
    dampening: number(0, within(0, 1), "1 − dampening scales the gradient that enters the velocity"),
    nesterov: flag(false, "look ahead along the velocity"),
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
  rule: ({ momentum, nesterov }) => (momentum === 0 ? sgd : nesterov ? sgdNesterov : sgdMomentum),
  coefficients({ momentum, dampening }, { t, rate }, c, at) {
    c[at] = rate;
    if (momentum === 0) return;
    c[at + 1] = momentum;
    // PyTorch: the first step takes the gradient as the velocity, undamped.
    c[at + 2] = t === 1 ? 1 : 1 - dampening;
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
