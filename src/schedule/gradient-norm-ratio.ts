// A rate that follows how the gradient's norm changes from step to step.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { warnLiteral } from "../core/warning.ts";
import { choice, flag, positive, readOptions } from "./options.ts";
import type { FeedbackSchedule, FeedbackState } from "./schedule.ts";

export interface GradientNormRatioOptions {
  /** Multiply the ratio into the base rate, or into the previous step's rate; default "fixed". */
  base?: "fixed" | "recursive";
  /** Bounds of the ratio, 0 < low ≤ 1 ≤ high; null for none (the text's form, which can diverge). Default [0.5, 2]. */
  clamp?: readonly [number, number] | null;
  /** Use the inverse ratio: a shrinking gradient raises the rate; default false. */
  invert?: boolean;
  /** Floor of both squared norms, above 0; default 1e-12. */
  epsilon?: number;
}

function checkClamp(clamp: unknown): readonly [number, number] | null {
  if (clamp === null) return null;
  if (!Array.isArray(clamp)) throw wrongKind("GradientNormRatio.clamp", "[low, high] or null", clamp, "ERR_OPTION");
  const [low, high] = clamp as unknown[];
  const valid = clamp.length === 2 && typeof low === "number" && typeof high === "number" && low > 0 && low <= 1 && high >= 1;
  if (!valid) throw wrongValue("GradientNormRatio.clamp", "[low, high] with 0 < low ≤ 1 ≤ high", clamp, "ERR_OPTION");
  return [low, high];
}

function gradientNormRatio(options: GradientNormRatioOptions = {}): FeedbackSchedule {
  const { clamp, ...rest } = options;
  const bounds = clamp === undefined ? ([0.5, 2] as const) : checkClamp(clamp);
  const o = readOptions<Required<Omit<GradientNormRatioOptions, "clamp">>>("GradientNormRatio", rest, {
    base: choice(["fixed", "recursive"], "fixed"),
    invert: flag(false),
    epsilon: positive(1e-12),
  });
  if (bounds === null) warnLiteral("GradientNormRatio({ clamp: null })", "nothing bounds the ratio");
  return {
    reads: "squaredGradientNorm",
    start: (base) => ({ rate: base, base, previous: null }),
    rate: (state) => state.rate ?? 0,
    observe(state, value): FeedbackState {
      // A step whose gradient is not finite says nothing about the next one.
      if (!(value < Infinity)) return state;
      const now = Math.max(value, o.epsilon);
      const before = state.previous ?? now;
      let ratio = o.invert ? before / now : now / before;
      if (bounds) ratio = Math.min(Math.max(ratio, bounds[0]), bounds[1]);
      const from = o.base === "fixed" ? state.base : state.rate;
      return { rate: (from ?? 0) * ratio, base: state.base, previous: now };
    },
  };
}

/**
 * α_t = α · max(‖g_t‖², ε) ÷ max(‖g_{t−1}‖², ε), ratio 1 at the first step. Observe Σ g² before each update. Works with and
 * without `new`.
 * @throws ERR_OPTION
 */
export const GradientNormRatio = gradientNormRatio as typeof gradientNormRatio &
  (new (
    options?: GradientNormRatioOptions,
  ) => FeedbackSchedule);
