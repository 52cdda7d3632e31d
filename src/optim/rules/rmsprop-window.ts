// RMSprop with the mean of the last squared gradients: H their ring. Twin of native/kernels/optim/rmsprop_window.h.
import type { StepRule } from "../../backend/optim.ts";

function form(inside: boolean): StepRule {
  return {
    name: inside ? "rmsprop-window.inside" : "rmsprop-window",
    slots: ["H"],
    history: 3,
    coefficients: ["rate", "epsilon", "inverse", "row"],
    update(r, c, p, g, s) {
      const [rate, epsilon, inverse] = [c[0]!, c[1]!, c[2]!];
      const square = r(s[0]! * inverse);
      const root = inside ? r(Math.sqrt(r(square + epsilon))) : r(r(Math.sqrt(square)) + epsilon);
      return r(p - r(rate * r(g / root)));
    },
  };
}

export const rmspropWindow = form(false);
export const rmspropWindowInside = form(true);
