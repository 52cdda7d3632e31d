// Every conformance case of every family, one line each.
import { gradientCases } from "./gradients.mjs";
import { guardCases } from "./guards.mjs";
import { optimCases } from "./optim.mjs";
import { tensorRuleCases } from "./tensor-rules.mjs";

export function allCases(api) {
  return [...optimCases(api), ...tensorRuleCases(api), ...guardCases(api), ...gradientCases(api)];
}
