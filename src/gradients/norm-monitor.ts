// Watches gradient norms per parameter group: exploding and vanishing gradients show here first.
import { currentBackend } from "../backend/select.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { checkParam, type Param } from "../optim/parameters.ts";

/** What is known of one group. Norms are Euclidean, in float64. */
export interface NormStatistics {
  readonly name: string;
  /** Of the latest step. */
  readonly last: number;
  /** Exponential moving average over finite steps, bias-corrected. */
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Steps observed, and how many of them had a norm that was not finite. */
  readonly steps: number;
  readonly nonFinite: number;
}

export interface NormMonitorOptions {
  /** Weight of the past in the mean, in [0, 1); default 0.98. */
  readonly decay?: number;
}

interface Row {
  readonly name: string;
  readonly params: readonly number[];
  last: number;
  average: number;
  weight: number;
  min: number;
  max: number;
  steps: number;
  nonFinite: number;
}

export class GradientNormMonitor {
  readonly #rows: Row[];
  readonly #decay: number;

  /** @param groups an optimizer's groups: what is read are `params` (indices into the gradients) and `name`. */
  constructor(
    groups: readonly { readonly params: readonly number[]; readonly name?: string | undefined }[],
    options: NormMonitorOptions = {},
  ) {
    const { decay = 0.98 } = options;
    if (typeof decay !== "number") throw wrongKind("decay", "a number in [0, 1)", decay, "ERR_OPTION");
    if (!(decay >= 0 && decay < 1)) throw wrongValue("decay", "a number in [0, 1)", decay, "ERR_OPTION");
    if (!Array.isArray(groups)) throw wrongKind("groups", "an array of groups", groups);
    this.#decay = decay;
    this.#rows = groups.map(({ params, name }, i) => ({
      name: name ?? `group ${i}`,
      params: [...params],
      last: 0,
      average: 0,
      weight: 0,
      min: Infinity,
      max: 0,
      steps: 0,
      nonFinite: 0,
    }));
  }

  /**
   * Observes the gradients of one step (before clipping) and returns each group's norm.
   * @throws ERR_DTYPE, ERR_DETACHED, ERR_LENGTH where a group's parameter has no entry.
   */
  observe(gradients: readonly (Param | null)[]): number[] {
    const own = this.#rows.map(({ params }) =>
      params.flatMap((index) => {
        const gradient = gradients[index];
        if (gradient === undefined) throw wrongValue("gradients", `an entry ${index}`, gradients.length, "ERR_LENGTH");
        return gradient === null ? [] : [checkParam(`gradients[${index}]`, gradient).data];
      }),
    );
    const squares = currentBackend().normsOf(own.flat(), "squares");
    let at = 0;
    const norms = own.map((arrays) => {
      let sum = 0;
      for (let k = 0; k < arrays.length; k++) sum += squares[at++];
      return Math.sqrt(sum);
    });
    this.record(norms);
    return norms;
  }

  /**
   * Takes norms that were measured already, one per group: those of an optimizer with the `monitor` option cost no pass of
   * their own, `monitor.record(optimizer.groups.map(({ gradientNorm }) => gradientNorm))`. Undefined is left out.
   * @throws ERR_LENGTH, ERR_DTYPE; nothing is recorded then.
   */
  record(norms: readonly (number | undefined)[]): void {
    if (!Array.isArray(norms) || norms.length !== this.#rows.length)
      throw wrongValue(
        "norms",
        `${this.#rows.length} norms, one per group`,
        (norms as { length?: unknown })?.length,
        "ERR_LENGTH",
      );
    norms.forEach((norm: unknown, i) => {
      if (norm !== undefined && typeof norm !== "number") throw wrongKind(`norms[${i}]`, "a number", norm);
    });
    norms.forEach((norm: number | undefined, i) => {
      if (norm !== undefined) this.#record(this.#rows[i], norm);
    });
  }

  #record(row: Row, norm: number): void {
    row.last = norm;
    row.steps++;
    if (!(norm < Infinity)) {
      row.nonFinite++;
      return;
    }
    row.average = this.#decay * row.average + (1 - this.#decay) * norm;
    row.weight = this.#decay * row.weight + (1 - this.#decay);
    row.min = Math.min(row.min, norm);
    row.max = Math.max(row.max, norm);
  }

  /** One entry per group. Before the first finite step mean and max are 0 and min is Infinity. */
  statistics(): NormStatistics[] {
    return this.#rows.map(({ name, last, average, weight, min, max, steps, nonFinite }) => {
      return { name, last, mean: weight > 0 ? average / weight : 0, min, max, steps, nonFinite };
    });
  }
}
