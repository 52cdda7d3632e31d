// RMSprop in its eight forms: s the mean of squares, a the mean gradient (centered), b the velocity (momentum).
// Twin of native/kernels/optim/rmsprop.h.
import type { StepRule } from "../../backend/optim.ts";
import { wrongValue } from "../../core/errors.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { atLeast, choice, flag, number, wholeNumber, within } from "../options.ts";
import { rmspropWindowForms } from "./rmsprop-window.ts";

function form(inside: boolean, centered: boolean, momentum: boolean): StepRule {
  const name = ["rmsprop", inside && "inside", centered && "centered", momentum && "momentum"].filter(Boolean).join(".");
  const slots = ["s", ...(centered ? ["a"] : []), ...(momentum ? ["b"] : [])];
  const last = slots.length - 1;
  return {
    name,
    slots,
    coefficients: ["rate", "decay", "gain", "epsilon", "momentum"],
    update(r, c, p, g, s) {
      const [rate, decay, gain, epsilon, mu] = [c[0]!, c[1]!, c[2]!, c[3]!, c[4]!];
      const mean = r(r(decay * s[0]!) + r(r(gain * g) * g));
      s[0] = mean;
      let square = mean;
      if (centered) {
        const a = r(r(decay * s[1]!) + r(gain * g));
        s[1] = a;
        // Rounding can take the variance below zero where the gradient hardly changes.
        const variance = r(mean - r(a * a));
        square = variance > 0 ? variance : 0;
      }
      const root = inside ? r(Math.sqrt(r(square + epsilon))) : r(r(Math.sqrt(square)) + epsilon);
      const direction = r(g / root);
      if (!momentum) return r(p - r(rate * direction));
      const b = r(r(mu * s[last]!) + direction);
      s[last] = b;
      return r(p - r(rate * b));
    },
  };
}

/** Indexed by inside·4 + centered·2 + momentum. */
export const rmspropForms: readonly StepRule[] = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => form(k >= 4, k % 4 >= 2, k % 2 === 1));

type Values = CommonValues & {
  alpha: number;
  epsilon: number;
  epsilonInside: boolean;
  centered: boolean;
  momentum: number;
  average: string;
  window: number;
};

/** "instant" is a window of one step: no old square can linger. */
const isWindow = (average: string): boolean => average === "window" || average === "instant";
const rowsOf = ({ average, window }: { average: string; window: number }): number => (average === "instant" ? 1 : window);

export const rmspropMethod: Method<Values> = {
  name: "RMSprop",
  options: {
    ...commonOptions(0.01),
    alpha: number(0.99, within(0, 1), "decay rate of the mean of squares", { alias: "rho" }),
    epsilon: number(1e-8, atLeast(0), "added to the root, or under it"),
    epsilonInside: flag(false, "epsilon under the root"),
    centered: flag(false, "divide by the standard deviation: subtract the squared mean gradient"),
    momentum: number(0, within(0, 1), "factor of the velocity"),
    average: choice("ema", ["ema", "cumulative", "window", "instant"], "which mean of squares"),
    window: number(10, wholeNumber(1), "steps of the window", { fixed: true }),
  },
  check(o) {
    // The variance of one gradient is zero: the step would be g/ε whatever the history.
    if (o.centered && isWindow(o.average) && rowsOf(o) === 1) {
      const expected = "no centered beside a mean over one step, whose variance is 0";
      throw wrongValue(o.average === "instant" ? "RMSprop.average" : "RMSprop.window", expected, o.average, "ERR_OPTION");
    }
  },
  rule({ epsilonInside, centered, momentum, average }) {
    const forms = isWindow(average) ? rmspropWindowForms : rmspropForms;
    return forms[(epsilonInside ? 4 : 0) + (centered ? 2 : 0) + (momentum > 0 ? 1 : 0)]!;
  },
  historyRows: (o) => rowsOf(o),
  coefficients(o, { t, rate }, c, at) {
    const { alpha, epsilon, momentum, average } = o;
    c[at] = rate;
    if (isWindow(average)) {
      const rows = rowsOf(o);
      c[at + 1] = epsilon;
      c[at + 2] = 1 / Math.min(t, rows);
      c[at + 3] = (t - 1) % rows;
      c[at + 4] = momentum;
      return;
    }
    const gain = average === "cumulative" ? 1 / t : 1 - alpha;
    c[at + 1] = average === "cumulative" ? 1 - gain : alpha;
    c[at + 2] = gain;
    c[at + 3] = epsilon;
    c[at + 4] = momentum;
  },
};
