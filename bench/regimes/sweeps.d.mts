export type SweepShape = readonly [m: number, n: number, k: number, transA?: boolean, transB?: boolean];
export interface Sweep {
  readonly name: string;
  readonly values: readonly number[];
  readonly shape: (value: number) => SweepShape;
}
export interface Edge {
  readonly name: string;
  readonly shapes: readonly [below: SweepShape, above: SweepShape];
  readonly regimes: readonly [below: string, above: string];
}
export const sweeps: readonly Sweep[];
export function edgesOf(sweep: Sweep, regimeOf: (shape: SweepShape) => string): Edge[];
