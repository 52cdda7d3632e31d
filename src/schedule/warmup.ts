// Warm-up: a rate that rises over the first steps, alone or before another schedule.
import { wrongKind } from "../core/errors.ts";
import { cosineBetween } from "./cosine.ts";
import { choice, count, fraction, readOptions, wholeNumber } from "./options.ts";
import { named, type Schedule } from "./schedule.ts";

/**
 * From base · startFactor to base in `steps` steps, then `after`, whose steps count from the end of the warm-up.
 * @param options `steps` at least 1; `startFactor` in [0, 1], default 1 ÷ steps; `shape` "linear" (default) or "cosine";
 * `after`: any schedule, default the base rate.
 */
export function warmup(options: {
  steps: number;
  startFactor?: number;
  shape?: "linear" | "cosine";
  after?: Schedule;
}): Schedule {
  const { after, ...rest } = options ?? {};
  const { steps, startFactor, shape } = readOptions("warmup", rest, {
    steps: count(),
    startFactor: fraction(1 / (rest.steps ?? 1)),
    shape: choice(["linear", "cosine"], "linear"),
  });
  if (after !== undefined && typeof after !== "function")
    throw wrongKind("warmup.after", "a schedule of the step", after, "ERR_OPTION");
  const rate: Schedule = (step, base) => {
    if (step >= steps) return after ? after(step - steps, base) : base;
    const part = step / steps;
    return base * (shape === "cosine" ? cosineBetween(startFactor, 1, part) : startFactor + (1 - startFactor) * part);
  };
  const momentum = after?.momentum;
  return named("warmup", rate, momentum && ((step) => momentum(Math.max(0, step - steps))));
}

/**
 * Warm-up, a long plateau, a short decay (Hu et al.: "MiniCPM", 2024): base · startFactor → base in warmupSteps, base for
 * stableSteps, base → base · endFactor in decaySteps, and endFactor from then on.
 * @param options step counts at least 0; factors in [0, 1], defaults 1 ÷ warmupSteps and 0; `shape` of the decay: "linear",
 * "cosine" or "sqrt" (1 − √part; Hägele et al. 2024), default "linear".
 */
export function warmupStableDecay(options: {
  warmupSteps: number;
  stableSteps: number;
  decaySteps: number;
  startFactor?: number;
  endFactor?: number;
  shape?: "linear" | "cosine" | "sqrt";
}): Schedule {
  const o = readOptions("warmupStableDecay", options, {
    warmupSteps: wholeNumber(),
    stableSteps: wholeNumber(),
    decaySteps: wholeNumber(),
    startFactor: fraction(1 / Math.max(1, options?.warmupSteps || 1)),
    endFactor: fraction(0),
    shape: choice(["linear", "cosine", "sqrt"], "linear"),
  });
  const decayStart = o.warmupSteps + o.stableSteps;
  return named("warmupStableDecay", (step, base) => {
    if (step < o.warmupSteps) return base * (o.startFactor + ((1 - o.startFactor) * step) / o.warmupSteps);
    if (step < decayStart) return base;
    const part = step - decayStart < o.decaySteps ? (step - decayStart) / o.decaySteps : 1;
    if (o.shape === "cosine") return base * cosineBetween(1, o.endFactor, part);
    const gone = o.shape === "sqrt" ? Math.sqrt(part) : part;
    return base * (1 + (o.endFactor - 1) * gone);
  });
}
