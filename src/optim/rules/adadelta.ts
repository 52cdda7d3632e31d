// Adadelta: s the mean of squared gradients, a that of squared updates. Twin of native/kernels/optim/adadelta.h.
import type { StepRule } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { atLeast, number, within } from "../options.ts";

export const adadelta: StepRule = {
  name: "adadelta",
  slots: ["s", "a"],
  coefficients: ["rate", "rho", "gain", "epsilon"],
  update(r, c, p, g, s) {
    const [rate, rho, gain, epsilon] = [c[0]!, c[1]!, c[2]!, c[3]!];
    const mean = r(r(rho * s[0]!) + r(r(gain * g) * g));
    const d = r(r(r(Math.sqrt(r(s[1]! + epsilon))) / r(Math.sqrt(r(mean + epsilon)))) * g);
    s[0] = mean;
    s[1] = r(r(rho * s[1]!) + r(r(gain * d) * d));
    return r(p - r(rate * d));
  },
};

type Values = CommonValues & { rho: number; epsilon: number };

export const adadeltaMethod: Method<Values> = {
  name: "Adadelta",
  options: {
    ...commonOptions(1),
    rho: number(0.9, within(0, 1), "decay rate of both means of squares"),
    epsilon: number(1e-6, atLeast(0), "added under both roots"),
  },
  rule: () => adadelta,
  coefficients({ rho, epsilon }, { rate }, c, at) {
    c[at] = rate;
    c[at + 1] = rho;
    c[at + 2] = 1 - rho;
    c[at + 3] = epsilon;
  },
};
