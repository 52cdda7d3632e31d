// Adagrad: G the sum of squared gradients. Twin of native/kernels/optim/adagrad.h.
import type { StepRule } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { atLeast, number } from "../options.ts";

export const adagrad: StepRule = {
  name: "adagrad",
  slots: ["G"],
  coefficients: ["rate", "epsilon"],
  update(r, c, p, g, s) {
    const [rate, epsilon] = [c[0]!, c[1]!];
    const sum = r(s[0]! + r(g * g));
    s[0] = sum;
    return r(p - r(r(rate * g) / r(r(Math.sqrt(sum)) + epsilon)));
  },
};

type Values = CommonValues & { learningRateDecay: number; initialAccumulator: number; epsilon: number };

export const adagradMethod: Method<Values> = {
  name: "Adagrad",
  options: {
    ...commonOptions(0.01),
    learningRateDecay: number(0, atLeast(0), "the rate of step t is learningRate / (1 + (t − 1)·learningRateDecay)"),
    initialAccumulator: number(0, atLeast(0), "first value of the sum of squares"),
    epsilon: number(1e-10, atLeast(0), "added to the root"),
  },
  rule: () => adagrad,
  initial: (_slot, { initialAccumulator }) => initialAccumulator,
  coefficients({ learningRateDecay, epsilon }, { t, rate }, c, at) {
    c[at] = rate / (1 + (t - 1) * learningRateDecay);
    c[at + 1] = epsilon;
  },
};
