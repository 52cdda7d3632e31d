// The gradient tools on the addon.
import type { FloatArray } from "../../core/types.ts";
import type { GradientBackend, NormKind } from "../gradients.ts";

/** By number; the same order as in native/binding/gradients.cc. */
const TOOLS = [
  "clamp",
  "scale",
  "squares",
  "absolute",
  "largest",
  "clip",
  "clipTogether",
  "clipUnits",
  "penalty",
  "add",
  "finite",
] as const;

export interface GradientAddon {
  gradientTool(tool: number, arrays: readonly FloatArray[], others: readonly FloatArray[], numbers: Float64Array): boolean;
}

const NONE: readonly FloatArray[] = [];

export function nativeGradients(addon: GradientAddon): GradientBackend {
  const call = (tool: (typeof TOOLS)[number], arrays: readonly FloatArray[], numbers: Float64Array, others = NONE): boolean =>
    addon.gradientTool(TOOLS.indexOf(tool), arrays, others, numbers);
  return {
    clampArrays: (arrays, bound) => void call("clamp", arrays, Float64Array.of(bound)),
    scaleArrays: (arrays, factors) => void call("scale", arrays, factors),
    normsOf(arrays, kind: NormKind) {
      const norms = new Float64Array(arrays.length);
      call(kind, arrays, norms);
      return norms;
    },
    clipNorms(arrays, limit) {
      const numbers = new Float64Array(1 + arrays.length);
      numbers[0] = limit;
      call("clip", arrays, numbers);
      return numbers.subarray(1);
    },
    clipGlobalNorm(arrays, limit) {
      const numbers = Float64Array.of(limit, 0);
      call("clipTogether", arrays, numbers);
      return numbers[1]!;
    },
    clipUnits: (arrays, weights, columns, limit, epsilon) =>
      void call("clipUnits", arrays, Float64Array.of(limit, epsilon, ...columns), weights),
    addPenalty: (gradients, parameters, l1, l2) => void call("penalty", gradients, Float64Array.of(l1, l2), parameters),
    addArrays: (sums, arrays) => void call("add", sums, new Float64Array(0), arrays),
    areFinite: (arrays) => call("finite", arrays, new Float64Array(0)),
  };
}
