// The average that a schedule-free optimizer's parameters imply.
import { f32, operand32 } from "../core/f32.ts";
import type { FloatArray } from "../core/types.ts";
import { core, type Optimizer } from "./optimizer.ts";
import type { OptionValues } from "./options.ts";

/** x = y + (1 − 1/β)(z − y) for every parameter; y before the first step and where β is 0. */
export function scheduleFreeAverages<O extends OptionValues>(optimizer: Optimizer<O>, betaOption: string): FloatArray[] {
  return optimizer[core].parameters.map(({ data, dtype, group, slots }) => {
    const beta = group.values[betaOption] as number;
    const z = slots.z;
    const x = data.slice();
    if (z === undefined || beta === 0) return x;
    const single = dtype === "float32";
    const [r, read] = single ? [f32, operand32] : [(v: number) => v, (v: number) => v];
    const weight = single ? Math.fround(1 - 1 / beta) : 1 - 1 / beta;
    for (let i = 0; i < x.length; i++) {
      const y = read(x[i]!);
      x[i] = r(y + r(weight * r(read(z[i]!) - y)));
    }
    return x;
  });
}
