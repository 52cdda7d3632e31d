import { wrongKind, wrongValue } from "../../core/errors.ts";
import type { Param } from "../parameters.ts";
import { WeightAverage } from "./weights.ts";

export interface EMAOptions {
  /** Weight of the past, in [0, 1); default 0.999. */
  readonly decay?: number;
  /** Use min(decay, n ÷ (n + 9)) at update n, so that the start is soon forgotten; default false. */
  readonly warmup?: boolean;
}

/**
 * Exponential moving average of weights (Polyak, Juditsky 1992): a ← a + (1 − decay)·(θ − a) after each step; the first
 * update copies. Evaluate with it through swap().
 *
 * ```ts
 * const ema = new EMA(params, { decay: 0.999 });
 * for (…) { optimizer.step(gradients); ema.update(); }
 * ema.swap(); evaluate(); ema.swap();
 * ```
 * @throws ERR_OPTION, and the errors of optimizers for params.
 */
export class EMA extends WeightAverage {
  protected readonly kind = "EMA";
  readonly #decay: number;
  readonly #warmup: boolean;

  constructor(params: readonly Param[], options: EMAOptions = {}) {
    super(params);
    const { decay = 0.999, warmup = false } = options;
    if (typeof decay !== "number") throw wrongKind("EMA.decay", "a number in [0, 1)", decay, "ERR_OPTION");
    if (!(decay >= 0 && decay < 1)) throw wrongValue("EMA.decay", "a number in [0, 1)", decay, "ERR_OPTION");
    if (typeof warmup !== "boolean") throw wrongKind("EMA.warmup", "true or false", warmup, "ERR_OPTION");
    this.#decay = decay;
    this.#warmup = warmup;
  }

  protected weight(n: number): number {
    if (n === 1) return 1;
    return 1 - (this.#warmup ? Math.min(this.#decay, n / (n + 9)) : this.#decay);
  }
}
