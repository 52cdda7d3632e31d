export type SweepShape = readonly [m: number, n: number, k: number, transA?: boolean, transB?: boolean, apart?: number];
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
export interface DistanceSweep extends Sweep {
  readonly decision: string;
}
export const distanceSweeps: readonly DistanceSweep[];
export const sweeps: readonly Sweep[];
export function edgesOf(sweep: Sweep, choiceOf: (shape: SweepShape) => string): Edge[];
