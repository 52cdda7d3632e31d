/** What Adam, AdamW, Lion and SGD keep their moments in. */
export interface StateOptions {
  /**
   * What the moments of float32 parameters are kept in. "full" (default): float32. "bf16": bfloat16; a step of Adam then moves 20
   * instead of 28 bytes per parameter. "int8": 8 bits with a scale per block of 256 elements, 16 bytes; Adam's v is kept as
   * its root; parameters of fewer than 4096 elements keep float32. float64 parameters keep float64.
   */
  stateType?: "full" | "bf16" | "int8";
  /**
   * How the moments are rounded to fewer bits. "stochastic" (default) keeps their means right: with "nearest" a v that decays by
   * .1 % per step never leaves its last 8-bit or bfloat16 value.
   */
  stateRounding?: "stochastic" | "nearest";
  /** Seed of the stochastic rounding, an integer in [0, 2^53); default 0. Draws are addressed by seed, parameter, element, step. */
  stateSeed?: number;
}
