import { WeightAverage } from "./weights.ts";

/**
 * Stochastic weight averaging (Izmailov et al. 2018): the plain mean of the weights at every update(), usually once per
 * epoch of a constant or cyclic rate after the first three quarters of a training: a ← a + (θ − a) ÷ n (PyTorch
 * `AveragedModel`). Running statistics of batch normalisation must be computed anew for the averaged weights.
 */
export class SWA extends WeightAverage {
  protected readonly kind = "SWA";

  protected weight(n: number): number {
    return 1 / n;
  }
}
