// The state of training on a terminal: one live line per epoch; plain lines where the stream is no terminal.
import type { Callback, Logs, Progress, TrainingRun } from "../callback.ts";

/** What the bar writes to; process.stderr fits. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** 0.0712 and 0.9801 with four digits, large and tiny values in scientific notation. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  return magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e5) ? value.toExponential(3) : value.toFixed(4);
}

/** 1234567 as "1,234,567". */
export function formatCount(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

const PARTS = " ▏▎▍▌▋▊▉█";

/** A bar of `width` characters in eighths of a character. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const full = Math.floor(eighths / 8);
  const part = full < width ? PARTS[eighths % 8]! : "";
  return ("█".repeat(full) + part).padEnd(width, " ");
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const duration = (seconds: number) => (seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`);

export class ProgressBar implements Callback {
  private readonly stream: TextStream;
  private lastDraw = 0;
  private rate = 0;
  private seconds = 0;

  /** @param stream default: standard error. */
  constructor(stream: TextStream = process.stderr) {
    this.stream = stream;
  }

  private head(epoch: number, run: TrainingRun): string {
    const digits = String(run.epochs).length;
    return `Epoch ${String(epoch + 1).padStart(digits)}/${run.epochs}`;
  }

  private values(logs: Logs): string {
    return Object.entries(logs)
      .filter(([name]) => name !== "learning_rate")
      .map(([name, value]) => `${name} ${formatValue(value)}`)
      .join("  ");
  }

  onProgress(progress: Progress, logs: Logs, run: TrainingRun): void {
    const { samples, totalSamples, seconds } = progress;
    this.rate = samples / seconds;
    this.seconds = seconds;
    const done = samples === totalSamples;
    if (!this.stream.isTTY || (!done && performance.now() - this.lastDraw < 60)) return;
    this.lastDraw = performance.now();
    const share = totalSamples === undefined ? 0 : samples / totalSamples;
    const middle =
      totalSamples === undefined ? formatCount(samples) : `▕${bar(share, 20)}▏${String(Math.floor(100 * share)).padStart(3)}%`;
    const left = totalSamples === undefined || done ? "" : `  ${clock((totalSamples - samples) / this.rate)} left`;
    this.draw(`${this.head(progress.epoch, run)} ${middle}  ${this.values(logs)}  ${formatCount(this.rate)} samples/s${left}`);
  }

  onEpochEnd(epoch: number, logs: Logs, run: TrainingRun): void {
    const text = `${this.head(epoch, run)}  ${this.values(logs)}  ${formatCount(this.rate)} samples/s  ${duration(this.seconds)}`;
    if (this.stream.isTTY) this.draw(text, "\n");
    else this.stream.write(`${text}\n`);
  }

  onTrainEnd(_: Logs, run: TrainingRun): void {
    if (run.stopReason !== undefined) this.stream.write(`Stopped: ${run.stopReason}\n`);
  }

  /** Replaces the current line. The text is cut to the terminal's width, because a wrapped line could not be replaced. */
  private draw(text: string, end = ""): void {
    const { columns = 80 } = this.stream;
    const cut = end === "" && text.length > columns - 1 ? `${text.slice(0, columns - 2)}…` : text;
    this.stream.write(`\r\x1b[2K${cut}${end}`);
  }
}
