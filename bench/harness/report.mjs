// Results as a table for people. The JSON form is the same rows, untouched.

const units = [
  [1e-9, "ns"],
  [1e-6, "µs"],
  [1e-3, "ms"],
  [1, "s"],
];

export function duration(seconds) {
  const [unit, name] = units.findLast(([size]) => seconds >= size) ?? units[0];
  return `${significant(seconds / unit)} ${name}`;
}

export function significant(value) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** Lines of a table: one row per side, its median, spread, rate and how many times faster the first side is. */
export function table(result) {
  const header = ["side", "median", "spread", ...(result.rate ? [result.rate.unit] : []), "first side is faster by"];
  const rows = result.sides.map((side, index) => [
    side.side,
    duration(side.seconds),
    side.samples === 1 ? "one sample" : `±${Math.round((50 * (side.high - side.low)) / side.seconds)} %`,
    ...(result.rate ? [significant(side.rate)] : []),
    index === 0 ? "" : `${significant(side.seconds / result.sides[0].seconds)}×`,
  ]);
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)));
  const line = (cells) =>
    `  ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ")}`.trimEnd();
  return [result.case, line(header), ...rows.map(line)].join("\n");
}
