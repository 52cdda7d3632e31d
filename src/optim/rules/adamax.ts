// Adamax: m the mean gradient, u the decayed maximum of |g|. Twin of native/kernels/optim/adamax.h.
import type { StepRule } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { power } from "../powers.ts";
import { momentOptions } from "./adam.ts";

export const adamax: StepRule = {
  name: "adamax",
  slots: ["m", "u"],
  coefficients: ["beta1", "gain1", "beta2", "rate", "epsilon"],
  update(r, c, p, g, s) {
    const m = r(r(c[0]! * s[0]!) + r(c[1]! * g));
    const decayed = r(c[2]! * s[1]!);
    const magnitude = r(Math.abs(g) + c[4]!);
    const u = decayed > magnitude ? decayed : magnitude;
    s[0] = m;
    s[1] = u;
    return r(p - r(r(c[3]! * m) / u));
  },
};

type Values = CommonValues & { beta1: number; beta2: number; epsilon: number };

export const adamaxMethod: Method<Values> = {
  name: "Adamax",
  options: { ...commonOptions(0.002), ...momentOptions() },
  rule: () => adamax,
  coefficients({ beta1, beta2, epsilon }, { t, rate }, c, at) {
    c[at] = beta1;
    c[at + 1] = 1 - beta1;
    c[at + 2] = beta2;
    c[at + 3] = rate / (1 - power(beta1, t));
    c[at + 4] = epsilon;
  },
};
