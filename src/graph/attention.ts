// Products of many matrices at once, and attention.
import { wrongValue } from "../core/errors.ts";
import { applyUnary } from "./elementwise.ts";
import { sizeOf, type Value } from "./graph.ts";
import { softmax } from "./layers.ts";

interface Matrices {
  readonly count: number;
  readonly rows: number;
  readonly cols: number;
}

function matricesOf(argument: string, { shape }: Value): Matrices {
  if (shape.length < 2) throw wrongValue(argument, "at least two dimensions", `[${shape}]`, "ERR_SHAPE");
  const [rows, cols] = shape.slice(-2);
  return { count: sizeOf(shape.slice(0, -2)), rows, cols };
}

/**
 * op(a)·op(b) for the matrices of the last two axes; the other axes are the same in both. A product of one pair alone has
 * the same bits. @throws ERR_SHAPE.
 */
export function batchMatmul(a: Value, b: Value, options: { readonly transA?: boolean; readonly transB?: boolean } = {}): Value {
  const { transA = false, transB = false } = options;
  const [x, y] = [matricesOf("a", a), matricesOf("b", b)];
  const lead = a.shape.slice(0, -2);
  const [m, k] = transA ? [x.cols, x.rows] : [x.rows, x.cols];
  const [inner, n] = transB ? [y.cols, y.rows] : [y.rows, y.cols];
  if (inner !== k || b.shape.length !== a.shape.length || lead.some((size, i) => size !== b.shape[i])) {
    throw wrongValue("b", `[${[...lead, ...(transB ? ["n", k] : [k, "n"])]}]`, `[${b.shape}]`, "ERR_SHAPE");
  }
  const { graph } = a;
  const c = graph.value([...lead, m, n], { needsGradient: a.needsGradient || b.needsGradient });
  graph.emit({
    op: "gemmBatched",
    operands: [a, b, c],
    writes: [2],
    ints: [x.count, m, n, k, Number(transA), Number(transB)],
  });
  return graph.differentiable(c, [a, b], (dc) => {
    const da = () => (transA ? batchMatmul(b, dc, { transA: transB, transB: true }) : batchMatmul(dc, b, { transB: !transB }));
    const db = () => (transB ? batchMatmul(dc, a, { transA: true, transB: transA }) : batchMatmul(a, dc, { transA: !transA }));
    return [a.needsGradient ? da() : null, b.needsGradient ? db() : null];
  });
}

/** Element (i, j) of each matrix with j > i replaced by `value`. */
function maskFuture(x: Value, value: number): Value {
  const { graph } = x;
  const { count, rows, cols } = matricesOf("x", x);
  const y = graph.value(x.shape, { needsGradient: x.needsGradient });
  graph.emit({ op: "maskFuture", operands: [x, y], writes: [1], ints: [count, rows, cols], reals: [value] });
  return graph.differentiable(y, [x], (dy) => [maskFuture(dy, 0)]);
}

/**
 * Scaled dot-product attention: softmax(q·kᵀ / √d)·v for q [..., n, d], k [..., m, d], v [..., m, e]; with `causal`, position i
 * sees the keys 0 … i only. @throws ERR_SHAPE.
 */
export function attention(q: Value, k: Value, v: Value, options: { readonly causal?: boolean } = {}): Value {
  const scale = 1 / Math.sqrt(q.shape.at(-1) ?? 1);
  const scores = applyUnary("scale", batchMatmul(q, k, { transB: true }), scale);
  return batchMatmul(softmax(options.causal ? maskFuture(scores, Number.NEGATIVE_INFINITY) : scores), v);
}
