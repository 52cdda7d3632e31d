// Rprop: h the gradient before, d the step size of each element. Twin of native/kernels/optim/rprop.h.
import { type StepRule, sign } from "../../backend/optim.ts";
import { wrongValue } from "../../core/errors.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { above, between, number } from "../options.ts";

export const rprop: StepRule = {
  name: "rprop",
  slots: ["h", "d"],
  coefficients: ["etaMinus", "etaPlus", "minStep", "maxStep", "one"],
  update(r, c, p, g, s) {
    const [etaMinus, etaPlus, minStep, maxStep, one] = [c[0]!, c[1]!, c[2]!, c[3]!, c[4]!];
    // Signs multiply exactly; the gradients' product could underflow.
    const agreement = sign(g) * sign(s[0]!);
    const grown = r(s[1]! * (agreement > 0 ? etaPlus : agreement < 0 ? etaMinus : one));
    const capped = grown < maxStep ? grown : maxStep;
    const d = capped > minStep ? capped : minStep;
    const h = agreement < 0 ? 0 : r(g * one);
    s[0] = h;
    s[1] = d;
    return r(p - r(sign(h) * d));
  },
};

type Values = CommonValues & { etaMinus: number; etaPlus: number; minStep: number; maxStep: number };

export const rpropMethod: Method<Values> = {
  name: "Rprop",
  options: {
    ...commonOptions(0.01),
    etaMinus: number(0.5, between(0, 1), "factor of the step size where the gradient's sign flips"),
    etaPlus: number(1.2, above(1), "factor of the step size where the sign stays"),
    minStep: number(1e-6, above(0), "lowest step size"),
    maxStep: number(50, above(0), "highest step size"),
  },
  check({ minStep, maxStep }) {
    if (minStep > maxStep) throw wrongValue("Rprop.minStep", `at most maxStep, ${maxStep}`, minStep, "ERR_OPTION");
  },
  rule: () => rprop,
  initial: (slot, { learningRate }) => (slot === "d" ? learningRate : 0),
  coefficients({ etaMinus, etaPlus, minStep, maxStep }, _input, c, at) {
    c[at] = etaMinus;
    c[at + 1] = etaPlus;
    c[at + 2] = minStep;
    c[at + 3] = maxStep;
    c[at + 4] = 1;
  },
};
