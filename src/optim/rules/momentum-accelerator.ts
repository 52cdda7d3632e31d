// The momentum accelerator: its literal form (h the corrected gradient, m the sum of steps), and NAdam's rule by default.
// Twin of native/kernels/optim/momentum_accelerator.h.
import type { StepRule } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { choice } from "../options.ts";
import { power } from "../powers.ts";
import { momentOptions } from "./adam.ts";
import { nadam, nadamAdvance, nadamCoefficients } from "./nadam.ts";

export const momentumAccelerator: StepRule = {
  name: "momentum-accelerator.literal",
  slots: ["h", "m"],
  coefficients: ["rate", "beta1", "correction"],
  update(r, c, p, g, s) {
    const h = r(r(g - r(c[1]! * s[0]!)) / c[2]!);
    const m = r(s[1]! + r(c[0]! * h));
    s[0] = h;
    s[1] = m;
    return r(p - m);
  },
};

type Values = CommonValues & { beta1: number; beta2: number; epsilon: number; mode: string };

export const momentumAcceleratorMethod: Method<Values> = {
  name: "MomentumAccelerator",
  options: {
    ...commonOptions(0.002),
    ...momentOptions(),
    mode: choice("nadam", ["nadam", "literal"], "the form that trains, or the text's recurrence"),
  },
  rule: ({ mode }) => (mode === "nadam" ? nadam : momentumAccelerator),
  scalars: { muProduct: 1 },
  advance: ({ mode, beta1 }, input) => (mode === "nadam" ? nadamAdvance(beta1, 0, input) : { ...input.scalars }),
  coefficients(o, input, c, at) {
    if (o.mode === "nadam") {
      nadamCoefficients(o, 0, input, c, at);
      return;
    }
    c[at] = input.rate;
    c[at + 1] = o.beta1;
    c[at + 2] = 1 - power(o.beta1, input.t);
  },
};
