// Reverse mode: walks the tape backwards and leaves each parameter's gradient in its place of the gradient arena.
import { UNARY_KINDS } from "../backend/program.ts";
import { applyBinary } from "./elementwise.ts";
import { type Graph, sizeOf, type Value } from "./graph.ts";

export interface ParameterPlace {
  readonly value: Value;
  /** In the gradient arena, in elements. */
  readonly offset: number;
}

/** Traces the gradients of all parameters, from the given gradients of some values (a loss's). */
export function traceGradients(
  graph: Graph,
  seeds: readonly (readonly [Value, Value])[],
  parameters: readonly ParameterPlace[],
): void {
  graph.recording = false;
  const gradients = new Map<number, Value>();
  const accumulate = (value: Value, gradient: Value) => {
    const before = gradients.get(value.id);
    gradients.set(value.id, before ? applyBinary("add", before, gradient) : gradient);
  };
  for (const [value, gradient] of seeds) accumulate(value, gradient);
  for (const { output, inputs, backward } of [...graph.tape].reverse()) {
    const dy = gradients.get(output.id);
    if (!dy) continue;
    backward(dy).forEach((gradient, i) => {
      if (gradient && inputs[i].needsGradient) accumulate(inputs[i], gradient);
    });
  }
  for (const { value, offset } of parameters) place(graph, value, gradients.get(value.id), offset);
}

/** Makes the instruction that computed a gradient write it where it belongs, or copies it there. */
function place(graph: Graph, parameter: Value, gradient: Value | undefined, offset: number): void {
  const home = { space: "gradients", offset } as const;
  const count = sizeOf(parameter.shape);
  if (gradient && !graph.aliases.has(gradient.id) && !graph.homes.has(gradient.id)) {
    graph.homes.set(gradient.id, home);
    return;
  }
  const target = graph.value(parameter.shape, { home });
  if (!gradient) {
    graph.emit({ op: "fill", operands: [target], writes: [0], ints: [count], reals: [0] });
    return;
  }
  const ints = [UNARY_KINDS.indexOf("copy"), count];
  graph.emit({ op: "unary", operands: [gradient, target], writes: [1], ints, reals: [0] });
}
