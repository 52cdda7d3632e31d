// RMSprop with the mean of the last squared gradients, in eight forms: H their ring (of the gradients themselves where it is
// centered), b the velocity. Twin of native/kernels/optim/rmsprop_window.h.
import type { ElementRule } from "../../backend/optim.ts";

function form(inside: boolean, centered: boolean, momentum: boolean): ElementRule {
  const name = ["rmsprop-window", inside && "inside", centered && "centered", momentum && "momentum"].filter(Boolean).join(".");
  const slots = momentum ? ["H", "b"] : ["H"];
  return {
    name,
    slots,
    history: 3,
    ...(centered ? { keepsGradients: true } : {}),
    coefficients: ["rate", "epsilon", "inverse", "row", "momentum"],
    update(r, c, p, g, s) {
      const [rate, epsilon, inverse, mu] = [c[0]!, c[1]!, c[2]!, c[4]!];
      let square = r(s[0]! * inverse);
      if (centered) {
        const mean = r(s[slots.length]! * inverse);
        // Rounding can take the variance below zero where the gradient hardly changes.
        const variance = r(square - r(mean * mean));
        square = variance > 0 ? variance : 0;
      }
      const root = inside ? r(Math.sqrt(r(square + epsilon))) : r(r(Math.sqrt(square)) + epsilon);
      const direction = r(g / root);
      if (!momentum) return r(p - r(rate * direction));
      s[1] = r(r(mu * s[1]!) + direction);
      return r(p - r(rate * s[1]!));
    },
  };
}

/** Indexed by inside·4 + centered·2 + momentum. */
export const rmspropWindowForms: readonly ElementRule[] = [0, 1, 2, 3, 4, 5, 6, 7].map((k) =>
  form(k >= 4, k % 4 >= 2, k % 2 === 1),
);
