// A watched value and whether it got better: shared by early stopping, plateau and checkpoint.
import { wrongKind, wrongValue } from "../../core/errors.ts";
import type { Logs } from "../callback.ts";

export interface MonitorOptions {
  /** Name of the watched value; default "val_loss" where it is measured, else "loss". */
  readonly monitor?: string;
  /** Whether smaller or larger is better; default "auto": larger for accuracies, f1, auc, r2 and the like. */
  readonly mode?: "auto" | "min" | "max";
  /** A change counts as better only beyond this, ≥ 0; default 0. */
  readonly minDelta?: number;
}

const LARGER_IS_BETTER = /accuracy|precision|recall|f1|auc|r2/i;

export class Monitor {
  readonly options: MonitorOptions;
  best = Number.NaN;

  constructor(options: MonitorOptions) {
    const { mode = "auto", minDelta = 0, monitor } = options;
    if (mode !== "auto" && mode !== "min" && mode !== "max")
      throw wrongValue("mode", '"auto", "min" or "max"', mode, "ERR_OPTION");
    if (!(minDelta >= 0)) throw wrongValue("minDelta", "a number ≥ 0", minDelta, "ERR_OPTION");
    if (monitor !== undefined && typeof monitor !== "string") throw wrongKind("monitor", "a name", monitor, "ERR_OPTION");
    this.options = options;
  }

  /** The watched name. @throws RangeError ERR_OPTION where `logs` do not have what was asked for. */
  name(logs: Logs): string {
    const name = this.options.monitor ?? ("val_loss" in logs ? "val_loss" : "loss");
    if (!(name in logs)) throw wrongValue("monitor", `one of ${Object.keys(logs).join(", ")}`, name, "ERR_OPTION");
    return name;
  }

  value(logs: Logs): number {
    return logs[this.name(logs)]!;
  }

  isBetter(value: number, name: string): boolean {
    const { mode = "auto", minDelta = 0 } = this.options;
    if (Number.isNaN(value)) return false;
    if (Number.isNaN(this.best)) return true;
    const larger = mode === "auto" ? LARGER_IS_BETTER.test(name) : mode === "max";
    return larger ? value > this.best + minDelta : value < this.best - minDelta;
  }

  /** Takes the epoch's value over as the best where it is better. */
  update(logs: Logs): boolean {
    const name = this.name(logs);
    const value = logs[name]!;
    if (!this.isBetter(value, name)) return false;
    this.best = value;
    return true;
  }
}

/** JSON has no NaN: a missing best is null there. */
export const toJson = (best: number): number | null => (Number.isNaN(best) ? null : best);
export const fromJson = (best: number | null): number => best ?? Number.NaN;
