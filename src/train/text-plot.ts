// Curves as text for the terminal, in Braille dots (2 × 4 to a character).
import { formatValue } from "./callbacks/progress-bar.ts";

export interface TextSeries {
  readonly label: string;
  readonly values: readonly number[];
}

/** Dot (x, y) of a 2 × 4 cell to its bit in the Braille block. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** Draws series over their common index; `first` and `last` label its ends. Values that are not finite leave gaps. */
export function textPlot(
  series: readonly TextSeries[],
  options: { width?: number; height?: number; first?: string; last?: string } = {},
): string {
  const { width = 60, height = 10 } = options;
  const finite = series.flatMap(({ values }) => values.filter(Number.isFinite));
  if (finite.length === 0) return "(no finite values)";
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const span = high - low || 1;
  const length = Math.max(...series.map(({ values }) => values.length));
  const cells = new Uint8Array(width * height);
  const set = (x: number, y: number) => {
    const bits = DOTS[y % 4]![x % 2]!;
    cells[Math.floor(y / 4) * width + Math.floor(x / 2)]! |= bits;
  };
  const columns = 2 * width - 1;
  const rows = 4 * height - 1;
  for (const { values } of series) {
    for (let x = 0; x <= columns; x++) {
      const at = length === 1 ? 0 : (x / columns) * (length - 1);
      const left = Math.floor(at);
      const a = values[left];
      const b = values[Math.min(left + 1, values.length - 1)];
      if (a === undefined || b === undefined) continue;
      const value = a + (b - a) * (at - left);
      if (Number.isFinite(value)) set(x, Math.round(((high - value) / span) * rows));
    }
  }
  const labels = Array.from({ length: height }, (_, row) => formatValue(high - (span * row) / Math.max(height - 1, 1)));
  const margin = Math.max(...labels.map((label) => label.length));
  const lines = labels.map((label, row) => {
    const dots = Array.from(cells.subarray(row * width, (row + 1) * width), (bits) => String.fromCharCode(0x2800 + bits)).join(
      "",
    );
    return `${row % 3 === 0 || row === height - 1 ? label.padStart(margin) : " ".repeat(margin)} ┤${dots}`;
  });
  const first = options.first ?? "epoch 1";
  const last = options.last ?? String(length);
  const axis = `${" ".repeat(margin)} └${"─".repeat(width)}`;
  return [...lines, axis, " ".repeat(margin + 2) + first + last.padStart(width - first.length)].join("\n");
}
