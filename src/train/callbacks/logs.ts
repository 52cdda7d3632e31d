// Epoch logs as CSV and as JSON lines. Lines are appended and flushed at the end of each epoch.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Callback, Logs } from "../callback.ts";

export interface LogFileOptions {
  /** Keep what is in the file and go on behind it, for a resumed training; default false. */
  readonly append?: boolean;
}

abstract class FileLog implements Callback {
  private handle: number | undefined;
  private readonly path: string;
  protected readonly append: boolean;

  constructor(path: string, { append = false }: LogFileOptions = {}) {
    this.path = path;
    this.append = append;
  }

  protected abstract line(epoch: number, logs: Logs): string;

  protected existing(): string {
    return this.append && existsSync(this.path) ? readFileSync(this.path, "utf8") : "";
  }

  onTrainBegin(): void {
    this.handle = openSync(this.path, this.append ? "a" : "w");
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    if (this.handle === undefined) return;
    writeSync(this.handle, this.line(epoch, logs));
    fsyncSync(this.handle);
  }

  dispose(): void {
    if (this.handle !== undefined) closeSync(this.handle);
    this.handle = undefined;
  }
}

/** One row per epoch: "epoch" and the measured names of the first epoch, sorted as measured. Non-finite values as in text. */
export class CsvLog extends FileLog {
  private columns: string[] | undefined;

  protected line(epoch: number, logs: Logs): string {
    let head = "";
    if (this.columns === undefined) {
      const first = this.existing().split("\n")[0];
      this.columns = first ? first.split(",").slice(1) : Object.keys(logs);
      if (!first) head = ["epoch", ...this.columns].join(",") + "\n";
    }
    return head + [epoch, ...this.columns.map((name) => logs[name] ?? "")].join(",") + "\n";
  }
}

/** One JSON object per epoch; NaN and infinities become null. */
export class JsonLinesLog extends FileLog {
  protected line(epoch: number, logs: Logs): string {
    return `${JSON.stringify({ epoch, time: new Date().toISOString(), ...logs })}\n`;
  }
}
