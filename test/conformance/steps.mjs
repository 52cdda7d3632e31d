// Steps of one rule on one tensor, for the cases of every kind of rule.
import { guarded, values } from "./compare.mjs";

/**
 * Runs the case's rows on `backend` and returns the parameter and the state afterwards. `slots` are guarded arrays; `offset`
 * misaligns the parameter and the gradients; `more` is what the rule wants of a tensor besides.
 */
export function runRows(backend, { rule, dtype, type, count, specials, rows, seed }, slots, offset, more = {}) {
  const parameter = guarded(type, count, offset, values(count, seed + 1, specials, 1));
  const tensor = { parameter: parameter.view, slots: slots.map(({ view }) => view), ...more };
  const plan = backend.createStepPlan([{ rule, dtype, tensors: [tensor] }]);
  rows.forEach((row, t) => {
    const gradient = guarded(type, count, (offset * 3) % 7, values(count, seed + 100 + t, specials, t));
    plan.bind([parameter.view], [gradient.view]);
    plan.control.set(row);
    plan.run();
    gradient.assertIntact("gradient");
  });
  plan.dispose();
  for (const array of [parameter, ...slots]) array.assertIntact(rule.name);
  return [parameter.view, ...slots.map(({ view }) => view)];
}
