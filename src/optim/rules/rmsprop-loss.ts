// RMSprop normalised by the loss: s the mean of squares; the root of the mean squared loss is a coefficient.
// Twin of native/kernels/optim/rmsprop_loss.h.
import { type StepRule, sign } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method, type StepInput } from "../method.ts";
import { choice } from "../options.ts";
import { momentOptions } from "./adam.ts";

function form(signed: boolean): StepRule {
  return {
    name: signed ? "rmsprop-loss.signed" : "rmsprop-loss.literal",
    slots: ["s"],
    coefficients: ["rate", "decay", "gain", "root"],
    update(r, c, p, g, s) {
      const mean = r(r(c[1]! * s[0]!) + r(r(c[2]! * g) * g));
      s[0] = mean;
      const step = signed ? r(sign(g) * mean) : mean;
      return r(p - r(r(c[0]! * step) / c[3]!));
    },
  };
}

export const rmspropLossSigned = form(true);
export const rmspropLossLiteral = form(false);

type Values = CommonValues & { beta1: number; beta2: number; epsilon: number; mode: string };

/** r ← β₂ r + (1 − β₂) J². */
function meanSquaredLoss(beta2: number, { scalars, loss }: StepInput): number {
  return beta2 * scalars.r! + (1 - beta2) * loss! * loss!;
}

export const rmspropLossMethod: Method<Values> = {
  name: "RMSpropLossNormalized",
  options: {
    ...commonOptions(0.001),
    ...momentOptions(0.9, 0.9),
    mode: choice("signed", ["signed", "literal"], "the form that trains, or the text's recurrence"),
  },
  needsLoss: true,
  rule: ({ mode }) => (mode === "signed" ? rmspropLossSigned : rmspropLossLiteral),
  scalars: { r: 0 },
  advance: ({ beta2 }, input) => ({ r: meanSquaredLoss(beta2, input) }),
  coefficients({ beta1, beta2, epsilon }, input, c, at) {
    c[at] = input.rate;
    c[at + 1] = beta1;
    c[at + 2] = 1 - beta1;
    c[at + 3] = Math.sqrt(meanSquaredLoss(beta2, input)) + epsilon;
  },
};
