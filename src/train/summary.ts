// The table that summary() gives, after Keras.

import { elementCount } from "../core/shape.ts";
import { formatCount } from "./callbacks/progress-bar.ts";
import type { Network } from "./trainer.ts";

export function summaryText({ layers, parameters, buffers }: Network): string {
  const rows = layers.map(({ name, className, outputShape, parameterCount }) => [
    `${name} (${className})`,
    `[batch, ${outputShape.join(", ")}]`,
    formatCount(parameterCount),
  ]);
  const head = ["Layer", "Output shape", "Parameters"];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join("  ");
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  const count = (list: Network["parameters"]) => list.reduce((sum, { tensor }) => sum + elementCount(tensor.shape), 0);
  const fixed = count(buffers);
  const total = `${formatCount(count(parameters))} trainable parameters${fixed > 0 ? `, ${formatCount(fixed)} not trained` : ""}`;
  return [line(head), rule, ...rows.map(line), rule, total].join("\n");
}
