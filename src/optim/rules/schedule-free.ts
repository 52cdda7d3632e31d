// Schedule-free SGD and AdamW: p holds y, z the base iterate, v the mean of squares.
// Twin of native/kernels/optim/schedule_free.h.
import type { StepRule } from "../../backend/optim.ts";
import { type CommonValues, commonOptions, type Method, type Scalars, type StepInput } from "../method.ts";
import { number, within } from "../options.ts";
import { power } from "../powers.ts";
import { momentOptions } from "./adam.ts";

export const scheduleFreeSgd: StepRule = {
  name: "schedule-free.sgd",
  slots: ["z"],
  coefficients: ["rate", "weight", "pull", "decay"],
  update(r, c, p, g, s) {
    const [rate, weight, pull, decay] = [c[0]!, c[1]!, c[2]!, c[3]!];
    const d = r(g + r(decay * p));
    const next = r(r(p + r(weight * r(s[0]! - p))) + r(pull * d));
    s[0] = r(s[0]! - r(rate * d));
    return next;
  },
};

export const scheduleFreeAdamw: StepRule = {
  name: "schedule-free.adamw",
  slots: ["z", "v"],
  coefficients: ["rate", "weight", "pull", "decay", "beta2", "gain2", "root", "epsilon"],
  update(r, c, p, g, s) {
    const [rate, weight, pull, decay] = [c[0]!, c[1]!, c[2]!, c[3]!];
    const v = r(r(c[4]! * s[1]!) + r(r(c[5]! * g) * g));
    s[1] = v;
    const d = r(r(g / r(r(c[6]! * r(Math.sqrt(v))) + c[7]!)) + r(decay * p));
    const next = r(r(p + r(weight * r(s[0]! - p))) + r(pull * d));
    s[0] = r(s[0]! - r(rate * d));
    return next;
  },
};

/** The averaging weight of a step is the square of the highest rate so far. */
function weights({ rate, scalars }: StepInput): { highest: number; sum: number; share: number } {
  const highest = Math.max(scalars.highestRate!, rate);
  const sum = scalars.weightSum! + highest * highest;
  return { highest, sum, share: sum === 0 ? 0 : (highest * highest) / sum };
}

function advance(_options: unknown, input: StepInput): Scalars {
  const { highest, sum } = weights(input);
  return { highestRate: highest, weightSum: sum };
}

const shared = {
  ownDecay: true,
  scalars: { highestRate: 0, weightSum: 0 },
  initial: (slot: string) => (slot === "z" ? "parameter" : 0) as "parameter" | 0,
  advance,
};

function common(o: CommonValues, beta: number, input: StepInput, c: Float64Array, at: number): void {
  const { share } = weights(input);
  c[at] = input.rate;
  c[at + 1] = share;
  c[at + 2] = input.rate * (beta * (1 - share) - 1);
  c[at + 3] = o.decoupled ? o.weightDecay : 0;
}

type SgdValues = CommonValues & { momentum: number };

export const scheduleFreeSgdMethod: Method<SgdValues> = {
  name: "ScheduleFreeSGD",
  options: {
    ...commonOptions(1),
    momentum: number(0.9, within(0, 1), "share β of the average in the point where gradients are taken"),
  },
  ...shared,
  rule: () => scheduleFreeSgd,
  coefficients: (o, input, c, at) => common(o, o.momentum, input, c, at),
};

type AdamwValues = CommonValues & { beta1: number; beta2: number; epsilon: number };

export const scheduleFreeAdamwMethod: Method<AdamwValues> = {
  name: "ScheduleFreeAdamW",
  options: { ...commonOptions(0.0025, { decoupled: true }), ...momentOptions() },
  ...shared,
  rule: () => scheduleFreeAdamw,
  coefficients(o, input, c, at) {
    common(o, o.beta1, input, c, at);
    c[at + 4] = o.beta2;
    c[at + 5] = 1 - o.beta2;
    c[at + 6] = 1 / Math.sqrt(1 - power(o.beta2, input.t));
    c[at + 7] = o.epsilon;
  },
};
