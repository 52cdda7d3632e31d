// Sums and means over graph values, and what changes shapes only.
import { SPREAD, UNARY_KINDS } from "../backend/program.ts";
import { wrongValue } from "../core/errors.ts";
import { rowsAndCols, sizeOf, type Value } from "./graph.ts";

/** Every element of `x` spread over `shape`. */
export function expand(x: Value, shape: readonly number[], mode: number): Value {
  const { graph } = x;
  const y = graph.value(shape, { needsGradient: x.needsGradient });
  const [rows, cols] = rowsAndCols({ shape });
  graph.emit({ op: "expand", operands: [x, y], writes: [1], ints: [rows, cols, mode] });
  return graph.differentiable(y, [x], (dy) => {
    if (mode === SPREAD.row) return [columnSum(dy, 1, x.shape)];
    return [mode === SPREAD.column ? rowSum(dy, 1, x.shape) : sumTo(dy, x.shape)];
  });
}

/** scale·Σ over the last axis, [..., n] → [...]; `shape` renames the result's. */
export function rowSum(x: Value, scale = 1, shape: readonly number[] = x.shape.slice(0, -1)): Value {
  const { graph } = x;
  const y = graph.value(shape, { needsGradient: x.needsGradient });
  graph.emit({ op: "rowSums", operands: [x, y], writes: [1], ints: rowsAndCols(x), reals: [scale] });
  return graph.differentiable(y, [x], (dy) => [spreadScaled(dy, x.shape, SPREAD.column, scale)]);
}

/** scale·Σ over all axes but the last, [..., n] → [n]. */
export function columnSum(x: Value, scale = 1, shape: readonly number[] = x.shape.slice(-1)): Value {
  const { graph } = x;
  const y = graph.value(shape, { needsGradient: x.needsGradient });
  graph.emit({ op: "columnSums", operands: [x, y], writes: [1], ints: rowsAndCols(x), reals: [scale] });
  return graph.differentiable(y, [x], (dy) => [spreadScaled(dy, x.shape, SPREAD.row, scale)]);
}

/** scale·Σ over everything, into one element of `shape`. */
export function sumTo(x: Value, shape: readonly number[] = [], scale = 1): Value {
  const { graph } = x;
  const y = graph.value(shape, { needsGradient: x.needsGradient });
  graph.emit({ op: "sumAll", operands: [x, y], writes: [1], ints: [sizeOf(x.shape)], reals: [scale] });
  return graph.differentiable(y, [x], (dy) => [spreadScaled(dy, x.shape, SPREAD.scalar, scale)]);
}

function spreadScaled(dy: Value, shape: readonly number[], mode: number, scale: number): Value {
  const { graph } = dy;
  const spreadOut = expand(dy, shape, mode);
  if (scale === 1) return spreadOut;
  const scaled = graph.value(shape);
  graph.emit({
    op: "unary",
    operands: [spreadOut, scaled],
    writes: [1],
    ints: [UNARY_KINDS.indexOf("scale"), sizeOf(shape)],
    reals: [scale],
  });
  return scaled;
}

export type Axis = "last" | "first" | "all";

/** Σ over the last axis ("last", the default: one result per row), over all but the last ("first"), or over everything. */
export function sum(x: Value, axis: Axis = "last"): Value {
  return axis === "last" ? rowSum(x) : axis === "first" ? columnSum(x) : sumTo(x);
}

/** The mean over the same axes as `sum`. */
export function mean(x: Value, axis: Axis = "last"): Value {
  const [rows, cols] = rowsAndCols(x);
  if (axis === "last") return rowSum(x, 1 / cols);
  return axis === "first" ? columnSum(x, 1 / rows) : sumTo(x, [], 1 / (rows * cols));
}

/** The same elements under another shape; nothing is copied. */
export function reshape(x: Value, shape: readonly number[]): Value {
  if (sizeOf(shape) !== sizeOf(x.shape)) throw wrongValue("shape", `a product of ${sizeOf(x.shape)}`, shape, "ERR_SHAPE");
  const { graph } = x;
  const y = graph.value(shape, { needsGradient: x.needsGradient, kind: x.kind });
  graph.aliases.set(y.id, x);
  return graph.differentiable(y, [x], (dy) => [reshape(dy, x.shape)]);
}

function copyBlock(
  from: Value,
  fromStride: number,
  fromOffset: number,
  to: Value,
  toStride: number,
  toOffset: number,
  cols: number,
) {
  const rows = sizeOf(to.shape.slice(0, -1));
  from.graph.emit({
    op: "copyBlock",
    operands: [from, to],
    writes: [1],
    ints: [rows, cols, fromStride, fromOffset, toStride, toOffset],
  });
}

/** Columns [begin, end) of the last axis. */
export function sliceColumns(x: Value, begin: number, end: number): Value {
  const cols = x.shape.at(-1) ?? 1;
  if (!(begin >= 0 && end > begin && end <= cols)) {
    throw wrongValue("range", `columns within 0 … ${cols}`, `${begin} … ${end}`, "ERR_RANGE");
  }
  const { graph } = x;
  const y = graph.value([...x.shape.slice(0, -1), end - begin], { needsGradient: x.needsGradient });
  copyBlock(x, cols, begin, y, end - begin, 0, end - begin);
  return graph.differentiable(y, [x], (dy) => {
    const dx = graph.value(x.shape);
    graph.emit({ op: "fill", operands: [dx], writes: [0], ints: [sizeOf(x.shape)], reals: [0] });
    copyBlock(dy, end - begin, 0, dx, cols, begin, end - begin);
    return [dx];
  });
}

/** Values side by side along the last axis. */
export function concatenate(values: readonly Value[]): Value {
  if (values.length === 0) throw wrongValue("values", "at least one value", "none", "ERR_SHAPE");
  const { graph } = values[0];
  const lead = values[0].shape.slice(0, -1);
  for (const { shape } of values) {
    if (shape.length !== lead.length + 1 || lead.some((n, i) => n !== shape[i])) {
      throw wrongValue("values", `shapes [${lead}, n]`, `[${shape}]`, "ERR_SHAPE");
    }
  }
  const widths = values.map(({ shape }) => shape.at(-1) ?? 1);
  const cols = widths.reduce((total, n) => total + n, 0);
  const y = graph.value([...lead, cols], { needsGradient: values.some((v) => v.needsGradient) });
  let offset = 0;
  const offsets = widths.map((width) => {
    offset += width;
    return offset - width;
  });
  values.forEach((value, i) => {
    copyBlock(value, widths[i], 0, y, cols, offsets[i], widths[i]);
  });
  return graph.differentiable(y, values, (dy) =>
    values.map((value, i) => (value.needsGradient ? sliceColumns(dy, offsets[i], offsets[i] + widths[i]) : null)),
  );
}
