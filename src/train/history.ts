// What fit measured, epoch by epoch.
import type { Logs } from "./callback.ts";

export class History {
  /** The epochs' numbers, from 0. */
  readonly epoch: number[] = [];
  /** One array per measured name, aligned with `epoch`; NaN where an epoch did not measure it. */
  readonly history: Record<string, number[]> = {};
  /** Why training ended before its last epoch; undefined where it did not. */
  stopReason: string | undefined;

  add(epoch: number, logs: Logs): void {
    const before = this.epoch.length;
    this.epoch.push(epoch);
    for (const name of Object.keys(logs)) this.history[name] ??= new Array<number>(before).fill(Number.NaN);
    for (const [name, values] of Object.entries(this.history)) values.push(logs[name] ?? Number.NaN);
  }

  /** Forgets the last epoch, which is about to be measured again. */
  dropLast(): void {
    this.epoch.pop();
    for (const values of Object.values(this.history)) values.pop();
  }

  /** The logs of the i-th recorded epoch; negative counts from the end. */
  at(index: number): Logs {
    const position = index < 0 ? this.epoch.length + index : index;
    return Object.fromEntries(Object.entries(this.history).map(([name, values]) => [name, values[position] ?? Number.NaN]));
  }

  /** The recorded epoch (its index) with the best value of `name`, or −1. */
  best(name: string, mode: "min" | "max" = name.endsWith("loss") ? "min" : "max"): number {
    const values = this.history[name] ?? [];
    let best = -1;
    values.forEach((value, index) => {
      if (Number.isNaN(value)) return;
      if (best < 0 || (mode === "min" ? value < values[best]! : value > values[best]!)) best = index;
    });
    return best;
  }

  /** Plain data; numbers that JSON cannot hold become null. */
  toJSON(): { epoch: number[]; history: Record<string, (number | null)[]>; stopReason?: string } {
    const history = Object.fromEntries(
      Object.entries(this.history).map(([name, values]) => [
        name,
        values.map((value) => (Number.isFinite(value) ? value : null)),
      ]),
    );
    return { epoch: [...this.epoch], history, ...(this.stopReason === undefined ? {} : { stopReason: this.stopReason }) };
  }

  static fromJSON(json: { epoch: number[]; history: Record<string, (number | null)[]>; stopReason?: string }): History {
    const history = new History();
    json.epoch.forEach((epoch, i) => {
      history.add(
        epoch,
        Object.fromEntries(Object.entries(json.history).map(([name, values]) => [name, values[i] ?? Number.NaN])),
      );
    });
    return history;
  }
}
