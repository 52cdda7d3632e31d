// Element-wise functions over graph values, with broadcasting of a row vector, a column or a single element.
import { BINARY_KINDS, type BinaryKind, SAVES_OUTPUT, SPREAD, UNARY_KINDS, type UnaryKind } from "../backend/program.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { rowsAndCols, sizeOf, type Value } from "./graph.ts";
import { columnSum, expand, rowSum, sumTo } from "./reduce.ts";

export function applyUnary(kind: UnaryKind, x: Value, alpha = 0): Value {
  const { graph } = x;
  const y = graph.value(x.shape, { needsGradient: x.needsGradient });
  const ints = [UNARY_KINDS.indexOf(kind), sizeOf(x.shape)];
  graph.emit({ op: "unary", operands: [x, y], writes: [1], ints, reals: [alpha] });
  return graph.differentiable(y, [x], (dy) => {
    const dx = graph.value(x.shape);
    const saved = SAVES_OUTPUT.has(kind) ? y : x;
    graph.emit({ op: "unaryGradient", operands: [saved, dy, dx], writes: [2], ints, reals: [alpha] });
    return [dx];
  });
}

type SpreadMode = (typeof SPREAD)[keyof typeof SPREAD];

/** How `shape` spreads over `onto`; undefined where it does not. */
function spreadOf(shape: readonly number[], onto: readonly number[]): SpreadMode | undefined {
  if (shape.length === onto.length && shape.every((n, i) => n === onto[i])) return SPREAD.full;
  if (sizeOf(shape) === 1) return SPREAD.scalar;
  const cols = onto.at(-1) ?? 1;
  if (sizeOf(shape) === cols && shape.at(-1) === cols) return SPREAD.row;
  const column = shape.length === onto.length && shape.at(-1) === 1 && shape.slice(0, -1).every((n, i) => n === onto[i]);
  return column ? SPREAD.column : undefined;
}

/** The gradient of a side that was spread: summed back to its shape. */
function gather(gradient: Value, side: Value, mode: SpreadMode): Value {
  if (mode === SPREAD.full) return gradient;
  if (mode === SPREAD.scalar) return sumTo(gradient, side.shape);
  return mode === SPREAD.row ? columnSum(gradient, 1, side.shape) : rowSum(gradient, 1, side.shape);
}

function maskGreater(a: Value, b: Value, c: Value, inverted: boolean): Value {
  const { graph } = c;
  const out = graph.value(c.shape);
  graph.emit({ op: "maskGreater", operands: [a, b, c, out], writes: [3], ints: [inverted ? 1 : 0, sizeOf(c.shape)] });
  return out;
}

type Sides = { readonly a: Value; readonly b: Value; readonly c: Value };
type Gradients = (dc: Value, sides: Sides) => [Value, Value];

const GRADIENTS: Record<BinaryKind, Gradients> = {
  add: (dc) => [dc, dc],
  subtract: (dc) => [dc, applyUnary("negate", dc)],
  multiply: (dc, { a, b }) => [applyBinary("multiply", dc, b), applyBinary("multiply", dc, a)],
  divide: (dc, { b, c }) => {
    const da = applyBinary("divide", dc, b);
    return [da, applyUnary("negate", applyBinary("multiply", da, c))];
  },
  maximum: (dc, { a, b }) => [maskGreater(a, b, dc, false), maskGreater(a, b, dc, true)],
  minimum: (dc, { a, b }) => [maskGreater(b, a, dc, false), maskGreater(b, a, dc, true)],
};

export function applyBinary(kind: BinaryKind, first: Value, second: Value): Value {
  const { graph } = first;
  let a = first;
  let b = second;
  const shape = sizeOf(a.shape) > sizeOf(b.shape) || a.shape.length > b.shape.length ? a.shape : b.shape;
  const left = spreadOf(a.shape, shape);
  const right = spreadOf(b.shape, shape);
  if (left === undefined || right === undefined) {
    throw wrongValue("shapes", "shapes of which one spreads over the other", `[${a.shape}] and [${b.shape}]`, "ERR_SHAPE");
  }
  const [rows, cols] = rowsAndCols({ shape });
  const ordered = kind === "maximum" || kind === "minimum";
  // The selections of their gradients take full operands only.
  if (ordered && left !== SPREAD.full) a = expand(a, shape, left);
  if (ordered && right !== SPREAD.full) b = expand(b, shape, right);
  const c = graph.value(shape, { needsGradient: a.needsGradient || b.needsGradient });
  const ints = [BINARY_KINDS.indexOf(kind), rows, cols, ordered ? 0 : left, ordered ? 0 : right];
  graph.emit({ op: "binary", operands: [a, b, c], writes: [2], ints });
  return graph.differentiable(c, [a, b], (dc) => {
    const [da, db] = GRADIENTS[kind](dc, { a, b, c });
    if (ordered) return [da, db];
    return [a.needsGradient ? gather(da, a, left) : null, b.needsGradient ? gather(db, b, right) : null];
  });
}

/** A value, or a number that spreads over everything. */
export type Operand = Value | number;

/** Numbers next to values: sums and products with constants are one instruction of their own. */
function withNumber(kind: BinaryKind, a: Operand, b: Operand): Value {
  if (typeof a === "number" && typeof b === "number") throw wrongKind("a", "at least one graph value", a);
  if (typeof b === "number" && typeof a !== "number") {
    if (kind === "add") return applyUnary("offset", a, b);
    if (kind === "subtract") return applyUnary("offset", a, -b);
    if (kind === "multiply") return applyUnary("scale", a, b);
    return applyBinary(kind, a, constant(a, b));
  }
  if (typeof a === "number" && typeof b !== "number") {
    if (kind === "add") return applyUnary("offset", b, a);
    if (kind === "multiply") return applyUnary("scale", b, a);
    if (kind === "subtract") return applyUnary("offset", applyUnary("negate", b), a);
    return applyBinary(kind, constant(b, a), b);
  }
  return applyBinary(kind, a as Value, b as Value);
}

/** One element with the same value in every run. */
export function constant({ graph }: Value, value: number, shape: readonly number[] = [1]): Value {
  const out = graph.value(shape);
  graph.emit({ op: "fill", operands: [out], writes: [0], ints: [sizeOf(shape)], reals: [value] });
  return out;
}

export const add = (a: Operand, b: Operand): Value => withNumber("add", a, b);
export const subtract = (a: Operand, b: Operand): Value => withNumber("subtract", a, b);
export const multiply = (a: Operand, b: Operand): Value => withNumber("multiply", a, b);
export const divide = (a: Operand, b: Operand): Value => withNumber("divide", a, b);
/** a > b ? a : b. */
export const maximum = (a: Operand, b: Operand): Value => withNumber("maximum", a, b);
/** a < b ? a : b. */
export const minimum = (a: Operand, b: Operand): Value => withNumber("minimum", a, b);

export const relu = (x: Value): Value => applyUnary("relu", x);
/** x > 0 ? x : alpha·x. */
export const leakyRelu = (x: Value, alpha = 0.3): Value => applyUnary("leakyRelu", x, alpha);
/** x > 0 ? x : alpha·(exp(x) − 1). */
export const elu = (x: Value, alpha = 1): Value => applyUnary("elu", x, alpha);
/** x·sigmoid(x), also called swish. */
export const silu = (x: Value): Value => applyUnary("silu", x);
/** x·Φ(x), by the error function, or by the usual tanh formula where `approximate`. */
export const gelu = (x: Value, approximate = false): Value => applyUnary(approximate ? "geluTanh" : "gelu", x);
export const sigmoid = (x: Value): Value => applyUnary("sigmoid", x);
export const tanh = (x: Value): Value => applyUnary("tanh", x);
/** log(1 + exp(x)). */
export const softplus = (x: Value): Value => applyUnary("softplus", x);
export const exp = (x: Value): Value => applyUnary("exp", x);
/** Natural logarithm: −Inf at 0, NaN below. */
export const log = (x: Value): Value => applyUnary("log", x);
/** log(1 + x) for x ≥ 0. */
export const log1p = (x: Value): Value => applyUnary("log1p", x);
export const sqrt = (x: Value): Value => applyUnary("sqrt", x);
export const square = (x: Value): Value => applyUnary("square", x);
export const abs = (x: Value): Value => applyUnary("abs", x);
export const negate = (x: Value): Value => applyUnary("negate", x);
export const reciprocal = (x: Value): Value => applyUnary("reciprocal", x);
