// ASGD: a the average of the parameter. Twin of native/kernels/optim/asgd.h.
import type { StepRule } from "../../backend/optim.ts";
import { pow } from "../../core/scalar-math.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { atLeast, number } from "../options.ts";

export const asgd: StepRule = {
  name: "asgd",
  slots: ["a"],
  coefficients: ["rate", "shrink", "weight"],
  update(r, c, p, g, s) {
    const [rate, shrink, weight] = [c[0]!, c[1]!, c[2]!];
    const next = r(r(p * shrink) - r(rate * g));
    s[0] = weight === 1 ? next : r(s[0]! + r(r(next - s[0]!) * weight));
    return next;
  },
};

type Values = CommonValues & { lambd: number; alpha: number; t0: number };

export const asgdMethod: Method<Values> = {
  name: "ASGD",
  options: {
    ...commonOptions(0.01),
    lambd: number(1e-4, atLeast(0), "decay term of the rate and of the parameter"),
    alpha: number(0.75, atLeast(0), "power of the rate's decay"),
    t0: number(1e6, atLeast(0), "step after which averaging starts"),
  },
  rule: () => asgd,
  coefficients({ lambd, alpha, t0 }, { t, rate }, c, at) {
    const eta = rate / pow(1 + lambd * rate * (t - 1), alpha);
    c[at] = eta;
    c[at + 1] = 1 - lambd * eta;
    c[at + 2] = 1 / Math.max(1, t - 1 - t0);
  },
};
