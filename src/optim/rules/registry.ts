// Every rule and every method, one line each. The addon's rules are compared with these when it is first used, and the
// conformance suite runs all of them.
import type { RuleDescription, StepRule } from "../../backend/optim.ts";
import { fault } from "../../core/errors.ts";
import type { Method } from "../method.ts";
import { adadelta, adadeltaMethod } from "./adadelta.ts";
import { adagrad, adagradMethod } from "./adagrad.ts";
import { adam, adamAmsgrad, adamMethod, adamwMethod } from "./adam.ts";
import { adamax, adamaxMethod } from "./adamax.ts";
import { asgd, asgdMethod } from "./asgd.ts";
import { average, lookahead } from "./average.ts";
import { lion, lionMethod } from "./lion.ts";
import { momentumAccelerator, momentumAcceleratorMethod } from "./momentum-accelerator.ts";
import { nadam, nadamMethod } from "./nadam.ts";
import { radam, radamMethod } from "./radam.ts";
import { rmspropForms, rmspropMethod } from "./rmsprop.ts";
import { rmspropLossLiteral, rmspropLossMethod, rmspropLossSigned } from "./rmsprop-loss.ts";
import { rmspropWindowForms } from "./rmsprop-window.ts";
import { rprop, rpropMethod } from "./rprop.ts";
import { scheduleFreeAdamw, scheduleFreeAdamwMethod, scheduleFreeSgd, scheduleFreeSgdMethod } from "./schedule-free.ts";
import { momentumEmaMethod, sgd, sgdMethod, sgdMomentum, sgdNesterov } from "./sgd.ts";
import { tensorMethods, tensorRules } from "./tensor-registry.ts";

export const rules: readonly StepRule[] = [
  sgd,
  sgdMomentum,
  sgdNesterov,
  adagrad,
  ...rmspropForms,
  adam,
  adamAmsgrad,
  nadam,
  radam,
  adamax,
  adadelta,
  lion,
  rprop,
  asgd,
  momentumAccelerator,
  rmspropLossSigned,
  rmspropLossLiteral,
  ...rmspropWindowForms,
  scheduleFreeSgd,
  scheduleFreeAdamw,
  average,
  lookahead,
];

export const methods = [
  sgdMethod,
  momentumEmaMethod,
  momentumAcceleratorMethod,
  adagradMethod,
  rmspropMethod,
  rmspropLossMethod,
  adamMethod,
  adamwMethod,
  nadamMethod,
  radamMethod,
  adamaxMethod,
  adadeltaMethod,
  lionMethod,
  rpropMethod,
  asgdMethod,
  scheduleFreeSgdMethod,
  scheduleFreeAdamwMethod,
  ...tensorMethods,
] as readonly Method[];

const text = (d: RuleDescription): string => `${d.name} (slots: ${d.slots}; coefficients: ${d.coefficients})`;

/**
 * @throws Error ERR_BACKEND where the addon's rules are not these: it was built from other sources.
 */
export function checkRules(told: readonly RuleDescription[]): void {
  const known = [...rules, ...tensorRules].map((r) =>
    text({ name: r.name, slots: r.slots.join(" "), coefficients: r.coefficients.join(" ") }),
  );
  const theirs = told.map(text);
  const different = [
    ...known.filter((rule) => !theirs.includes(rule)).map((rule) => `missing or different in the addon: ${rule}`),
    ...theirs.filter((rule) => !known.includes(rule)).map((rule) => `only in the addon: ${rule}`),
  ];
  if (different.length > 0)
    throw fault("ERR_BACKEND", `stale build: run npm run build; optimizer rules differ:\n${different.join("\n")}`);
}
