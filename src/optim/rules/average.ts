// Averages of weights as rules, so that they run through the optimizers' plans: one call over all arrays, in slices over the
// threads. Twins of native/kernels/optim/average.h.
import type { ElementRule } from "../../backend/optim.ts";

/** The parameter is the average a, the gradient are the weights θ: a ← a + w·(θ − a). */
export const average: ElementRule = {
  name: "average",
  slots: [],
  coefficients: ["weight"],
  update: (r, c, p, g) => r(p + r(c[0]! * r(g - p))),
};

/** The parameter are the fast weights θ, f the slow ones φ: φ ← φ + α·(θ − φ), θ ← φ. The gradient is not used. */
export const lookahead: ElementRule = {
  name: "lookahead",
  slots: ["f"],
  coefficients: ["alpha"],
  update(r, c, p, _g, s) {
    const slow = s[0]!;
    s[0] = r(slow + r(c[0]! * r(p - slow)));
    return s[0];
  },
};
