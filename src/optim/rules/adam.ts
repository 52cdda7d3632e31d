// Adam, AMSGrad and AdamW: m, v the moments, h the highest v so far. Twin of native/kernels/optim/adam.h.
import type { ElementRule } from "../../backend/optim.ts";
import { wrongValue } from "../../core/errors.ts";
import { type CommonValues, commonOptions, type Method, type StepInput } from "../method.ts";
import { atLeast, flag, number, type OptionTable, within } from "../options.ts";
import { power } from "../powers.ts";
import { bf16State, int8State } from "./low-state.ts";
import { ruleOfState, type StateRules, type StateValues, stateOptions, writeLowState } from "./low-state-options.ts";

const coefficients = ["beta1", "gain1", "beta2", "gain2", "rate", "root", "epsilon"] as const;

// (gain2·g)·g, not gain2·(g·g): a float32 gradient of 1e20 then still has a finite square.
export const adam: ElementRule = {
  name: "adam",
  slots: ["m", "v"],
  coefficients,
  update(r, c, p, g, s) {
    const m = r(r(c[0]! * s[0]!) + r(c[1]! * g));
    const v = r(r(c[2]! * s[1]!) + r(r(c[3]! * g) * g));
    s[0] = m;
    s[1] = v;
    return r(p - r(r(c[4]! * m) / r(r(c[5]! * r(Math.sqrt(v))) + c[6]!)));
  },
};

/** 8-bit state: s[1] is the root of v. */
const updateRoot: ElementRule["update"] = (r, c, p, g, s) => {
  const m = r(r(c[0]! * s[0]!) + r(c[1]! * g));
  const root = r(Math.sqrt(r(r(c[2]! * r(s[1]! * s[1]!)) + r(r(c[3]! * g) * g))));
  s[0] = m;
  s[1] = root;
  return r(p - r(r(c[4]! * m) / r(r(c[5]! * root) + c[6]!)));
};

export const adamState: StateRules = { full: adam, bf16: bf16State(adam), int8: int8State(adam, ["v"], updateRoot) };

export const adamAmsgrad: ElementRule = {
  name: "adam.amsgrad",
  slots: ["m", "v", "h"],
  coefficients,
  update(r, c, p, g, s) {
    const m = r(r(c[0]! * s[0]!) + r(c[1]! * g));
    const v = r(r(c[2]! * s[1]!) + r(r(c[3]! * g) * g));
    const h = s[2]! > v ? s[2]! : v;
    s[0] = m;
    s[1] = v;
    s[2] = h;
    return r(p - r(r(c[4]! * m) / r(r(c[5]! * r(Math.sqrt(h))) + c[6]!)));
  },
};

export type AdamValues = CommonValues &
  StateValues & {
    beta1: number;
    beta2: number;
    epsilon: number;
    amsgrad: boolean;
    biasCorrection: boolean;
  };

/** beta1, beta2 and epsilon, as most of the family has them. */
export function momentOptions(beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8): OptionTable {
  return {
    beta1: number(beta1, within(0, 1), "decay rate of the mean gradient m"),
    beta2: number(beta2, within(0, 1), "decay rate of the mean squared gradient v"),
    epsilon: number(epsilon, atLeast(0), "added to the root"),
  };
}

const ownOptions: OptionTable = {
  ...momentOptions(),
  amsgrad: flag(false, "divide by the highest v so far"),
  biasCorrection: flag(true, "divide m and v by 1 − βᵗ"),
  ...stateOptions,
};

type Shared = Pick<Method<AdamValues>, "check" | "rule" | "coefficients">;

/** The coefficients of one step; for methods that update some of their parameters by Adam. */
export function writeAdam(
  { beta1, beta2, epsilon }: { beta1: number; beta2: number; epsilon: number },
  { t, rate }: StepInput,
  c: Float64Array,
  at: number,
  biasCorrection = true,
): void {
  c[at] = beta1;
  c[at + 1] = 1 - beta1;
  c[at + 2] = beta2;
  c[at + 3] = 1 - beta2;
  c[at + 4] = biasCorrection ? rate / (1 - power(beta1, t)) : rate;
  c[at + 5] = biasCorrection ? 1 / Math.sqrt(1 - power(beta2, t)) : 1;
  c[at + 6] = epsilon;
}

const shared: Shared = {
  check({ amsgrad, stateType }) {
    if (amsgrad && stateType !== "full") throw wrongValue("Adam.stateType", '"full" with amsgrad', stateType, "ERR_OPTION");
  },
  rule: ({ amsgrad, stateType }, target) => (amsgrad ? adamAmsgrad : ruleOfState(adamState, stateType, target)),
  coefficients(options, input, c, at, { rule }) {
    writeAdam(options, input, c, at, options.biasCorrection);
    writeLowState(options, input, c, at, adamState, rule);
  },
};

export const adamMethod: Method<AdamValues> = { name: "Adam", options: { ...commonOptions(0.001), ...ownOptions }, ...shared };

export const adamwMethod: Method<AdamValues> = {
  name: "AdamW",
  options: { ...commonOptions(0.001, { weightDecay: 0.01, decoupled: true }), ...ownOptions },
  ...shared,
};
