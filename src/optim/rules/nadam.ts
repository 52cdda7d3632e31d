// NAdam: m, v the moments; look-ahead of the momentum is in the two rates. Twin of native/kernels/optim/nadam.h.
import type { StepRule } from "../../backend/optim.ts";
import { pow } from "../../core/scalar-math.ts";
import { type CommonValues, commonOptions, type Method, type Scalars, type StepInput } from "../method.ts";
import { atLeast, number } from "../options.ts";
import { power } from "../powers.ts";
import { momentOptions } from "./adam.ts";

export const nadam: StepRule = {
  name: "nadam",
  slots: ["m", "v"],
  coefficients: ["beta1", "gain1", "beta2", "gain2", "gradientRate", "momentumRate", "root", "epsilon"],
  update(r, c, p, g, s) {
    const m = r(r(c[0]! * s[0]!) + r(c[1]! * g));
    const v = r(r(c[2]! * s[1]!) + r(r(c[3]! * g) * g));
    s[0] = m;
    s[1] = v;
    const step = r(r(c[4]! * g) + r(c[5]! * m));
    return r(p - r(step / r(r(c[6]! * r(Math.sqrt(v))) + c[7]!)));
  },
};

interface Moments {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** μₜ = β₁ (1 − ½ · 0.96^(t ψ)). */
function momentumAt(beta1: number, decay: number, t: number): number {
  return beta1 * (1 - 0.5 * pow(0.96, t * decay));
}

export function nadamCoefficients(o: Moments, decay: number, { t, rate, scalars }: StepInput, c: Float64Array, at: number): void {
  const mu = momentumAt(o.beta1, decay, t);
  const next = momentumAt(o.beta1, decay, t + 1);
  const product = scalars.muProduct! * mu;
  c[at] = o.beta1;
  c[at + 1] = 1 - o.beta1;
  c[at + 2] = o.beta2;
  c[at + 3] = 1 - o.beta2;
  c[at + 4] = (rate * (1 - mu)) / (1 - product);
  c[at + 5] = (rate * next) / (1 - product * next);
  c[at + 6] = 1 / Math.sqrt(1 - power(o.beta2, t));
  c[at + 7] = o.epsilon;
}

export function nadamAdvance(beta1: number, decay: number, { t, scalars }: StepInput): Scalars {
  return { muProduct: scalars.muProduct! * momentumAt(beta1, decay, t) };
}

type Values = CommonValues & Moments & { momentumDecay: number };

export const nadamMethod: Method<Values> = {
  name: "NAdam",
  options: {
    ...commonOptions(0.002),
    ...momentOptions(),
    momentumDecay: number(0.004, atLeast(0), "ψ of the momentum's warm-up β₁ (1 − ½ · 0.96^(tψ))"),
  },
  rule: () => nadam,
  scalars: { muProduct: 1 },
  advance: (o, input) => nadamAdvance(o.beta1, o.momentumDecay, input),
  coefficients: (o, input, c, at) => nadamCoefficients(o, o.momentumDecay, input, c, at),
};
