// RAdam: m, v the moments; the first steps, where plain is 1, do not divide. Twin of native/kernels/optim/radam.h.
import type { StepRule } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { power } from "../powers.ts";
import { momentOptions } from "./adam.ts";

export const radam: StepRule = {
  name: "radam",
  slots: ["m", "v"],
  coefficients: ["beta1", "gain1", "beta2", "gain2", "rate", "epsilon", "plain"],
  update(r, c, p, g, s) {
    const m = r(r(c[0]! * s[0]!) + r(c[1]! * g));
    const v = r(r(c[2]! * s[1]!) + r(r(c[3]! * g) * g));
    s[0] = m;
    s[1] = v;
    const denominator = c[6] === 1 ? 1 : r(r(Math.sqrt(v)) + c[5]!);
    return r(p - r(r(c[4]! * m) / denominator));
  },
};

type Values = CommonValues & { beta1: number; beta2: number; epsilon: number };

/** The variance's rectification of step t, or 0 while the variance is intractable (ρ ≤ 5). */
function rectification(beta2: number, power2: number, t: number): number {
  const limit = 2 / (1 - beta2) - 1;
  const rho = limit - (2 * t * power2) / (1 - power2);
  if (!(rho > 5)) return 0;
  return Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
}

export const radamMethod: Method<Values> = {
  name: "RAdam",
  options: { ...commonOptions(0.001), ...momentOptions() },
  rule: () => radam,
  coefficients({ beta1, beta2, epsilon }, { t, rate }, c, at) {
    const power2 = power(beta2, t);
    const rectified = rectification(beta2, power2, t);
    const step = rate / (1 - power(beta1, t));
    c[at] = beta1;
    c[at + 1] = 1 - beta1;
    c[at + 2] = beta2;
    c[at + 3] = 1 - beta2;
    c[at + 4] = rectified === 0 ? step : step * rectified * Math.sqrt(1 - power2);
    c[at + 5] = epsilon;
    c[at + 6] = rectified === 0 ? 1 : 0;
  },
};
