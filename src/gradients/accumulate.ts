// Gradient accumulation: the mean over several mini-batches, as if they had been one.
import { currentBackend } from "../backend/select.ts";
import { fault, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import { checkParam, type Param } from "../optim/parameters.ts";
import { checkGradients } from "./arrays.ts";

/**
 * Adds gradients up and hands back their mean. Sums are kept in the gradients' dtype, in the order of the calls; the mean
 * is the sum times 1 ÷ count, both rounded once.
 *
 * ```ts
 * const accumulator = new GradientAccumulator();
 * for (const batch of batches) {
 *   accumulator.add(gradientsOf(batch));
 *   if (accumulator.count === 4) optimizer.step(accumulator.mean());
 * }
 * ```
 */
export class GradientAccumulator {
  #sums: FloatArray[] = [];
  #count = 0;
  #taken = false;

  /** Mini-batches added since the last mean. */
  get count(): number {
    return this.#taken ? 0 : this.#count;
  }

  /**
   * Adds one mini-batch's gradients (copied; the arrays stay the caller's).
   * @throws ERR_LENGTH, ERR_DTYPE where they differ in number, length or dtype from the first ones; nothing is added then.
   */
  add(gradients: readonly Param[]): void {
    const arrays = checkGradients(gradients).map(({ data }) => data);
    const first = this.#sums.length === 0;
    if (!first) this.#check(arrays);
    if (this.#taken) {
      this.#taken = false;
      this.#count = 0;
    }
    if (first) this.#sums = arrays.map((array) => array.slice());
    else if (this.#count === 0) this.#sums.forEach((sum, k) => void sum.set(arrays[k]));
    else currentBackend().addArrays(this.#sums, arrays);
    this.#count++;
  }

  #check(arrays: readonly FloatArray[]): void {
    if (arrays.length !== this.#sums.length) {
      throw wrongValue("gradients", `${this.#sums.length} gradients`, arrays.length, "ERR_LENGTH");
    }
    arrays.forEach((array, k) => {
      const { data, dtype } = checkParam(`gradients[${k}]`, array);
      const sum = checkParam("sum", this.#sums[k]);
      if (dtype !== sum.dtype) throw wrongValue(`gradients[${k}]`, sum.dtype, dtype, "ERR_DTYPE");
      if (data.length !== sum.data.length) {
        throw wrongValue(`gradients[${k}]`, `${sum.data.length} elements`, data.length, "ERR_LENGTH");
      }
    });
  }

  /**
   * The mean of what was added since the last call, in arrays that stay the same from call to call (so that an optimizer
   * binds them once) and are overwritten by the next add().
   * @throws ERR_STATE where nothing was added.
   */
  mean(): readonly FloatArray[] {
    if (this.count === 0) throw fault("ERR_STATE", "mean: no gradients were added");
    currentBackend().scaleArrays(this.#sums, new Float64Array(this.#sums.length).fill(1 / this.#count));
    this.#taken = true;
    return this.#sums;
  }
}
