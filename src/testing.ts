// What tests of the built package need beside the public names. Not public, no promises.
export { loadAddon, platformPackage } from "./backend/native/load.ts";
export { createNative } from "./backend/native/native.ts";
export { createReference } from "./backend/reference/reference.ts";
export { checkRules, methods, rules } from "./optim/rules/registry.ts";
export { tensorRules } from "./optim/rules/tensor-registry.ts";
