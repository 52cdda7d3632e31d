// Every conformance case of every family, one line each.
import { optimCases } from "./optim.mjs";

export function allCases(api) {
  return [...optimCases(api)];
}
