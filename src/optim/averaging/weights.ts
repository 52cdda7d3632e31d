// Averages of weights beside the weights themselves: what EMA and SWA share.
import { wrongKind, wrongValue } from "../../core/errors.ts";
import type { FloatArray } from "../../core/types.ts";
import { type CheckedParam, checkParam, MemoryMap, type Param } from "../parameters.ts";
import { average } from "../rules/average.ts";
import { AveragePlan, copyOf } from "./plan.ts";

const SWAP_PART = 16384;

/** What a checkpoint keeps: the number of updates and a copy of each average. */
export interface AverageState {
  readonly format: 1;
  readonly kind: string;
  readonly updates: number;
  readonly average: readonly FloatArray[];
}

/**
 * A second set of weights that follows the first one. Until the first update() it holds a copy of the weights at
 * construction. Not for use during an asynchronous training call.
 */
export abstract class WeightAverage {
  readonly #params: readonly CheckedParam[];
  /** The averaged weights, one array per parameter; live. Between two calls of swap() they hold the trained weights. */
  readonly average: readonly FloatArray[];
  readonly #plan: AveragePlan;
  #updates = 0;
  #swapped = false;

  /** @throws ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_DUPLICATE, ERR_ALIAS. */
  constructor(params: readonly Param[]) {
    if (!Array.isArray(params)) throw wrongKind("params", "an array of parameters", params);
    this.#params = params.map((param, i) => checkParam(`params[${i}]`, param));
    new MemoryMap(this.#params.map(({ data }) => data));
    this.average = this.#params.map(({ data, dtype }) => copyOf(dtype, data));
    this.#plan = new AveragePlan(
      average,
      this.#params.map(({ data }, i) => ({ parameter: this.average[i], gradient: data, slots: [] })),
    );
  }

  /** Name of the kind in states. */
  protected abstract readonly kind: string;
  /** Weight of the present parameters in update `n` (1 for the first); 1 copies them. */
  protected abstract weight(n: number): number;

  /** Updates so far. */
  get updates(): number {
    return this.#updates;
  }

  /** Takes the present weights into the average; call it after optimizer.step(). @throws ERR_STATE while swapped. */
  update(): void {
    this.#refuseSwapped("update");
    const weight = this.weight(this.#updates + 1);
    if (weight === 1) this.#params.forEach((_, i) => void this.average[i].set(this.#data(i)));
    else this.#plan.run(weight, (i) => `params[${i}]`);
    this.#updates++;
  }

  /** Exchanges average and weights in place, for evaluation; a second call undoes it exactly. */
  swap(): void {
    const all = this.#params.map((_, i) => this.#data(i));
    all.forEach((data, i) => {
      const average = this.average[i];
      // In parts that stay in the cache: each array is read and written once.
      for (let begin = 0; begin < data.length; begin += SWAP_PART) {
        const kept = data.slice(begin, begin + SWAP_PART);
        data.set(average.subarray(begin, begin + SWAP_PART), begin);
        average.set(kept, begin);
      }
    });
    this.#swapped = !this.#swapped;
  }

  /** Overwrites the weights with the average. @throws ERR_STATE while swapped. */
  apply(): void {
    this.#refuseSwapped("apply");
    this.#params.forEach((_, i) => void this.#data(i).set(this.average[i]));
  }

  /** @throws ERR_STATE while swapped. */
  stateDict(): AverageState {
    this.#refuseSwapped("stateDict");
    return { format: 1, kind: this.kind, updates: this.#updates, average: this.average.map((array) => array.slice()) };
  }

  /** @throws ERR_STATE, ERR_DTYPE, ERR_LENGTH; nothing has changed then. */
  loadStateDict(state: AverageState): void {
    this.#refuseSwapped("loadStateDict");
    if (state?.format !== 1 || state.kind !== this.kind) {
      throw wrongValue("state", `a state of ${this.kind}, format 1`, `${state?.kind}, format ${state?.format}`, "ERR_STATE");
    }
    if (!Number.isSafeInteger(state.updates) || state.updates < 0) {
      throw wrongValue("state.updates", "an integer of at least 0", state.updates, "ERR_STATE");
    }
    checkArrays("state.average", state.average, this.average);
    this.average.forEach((array, i) => void array.set(state.average[i]));
    this.#updates = state.updates;
  }

  #data(index: number): FloatArray {
    const { data } = this.#params[index];
    const { length } = this.average[index];
    if (data.length !== length) throw wrongValue(`params[${index}]`, `${length} elements`, data.length, "ERR_LENGTH");
    return data;
  }

  #refuseSwapped(call: string): void {
    if (this.#swapped) throw wrongValue(call, "the trained weights in place (call swap() again)", "the average", "ERR_STATE");
  }
}

/** Throws unless `given` are arrays of the kinds and lengths of `own`. */
export function checkArrays(argument: string, given: unknown, own: readonly FloatArray[]): asserts given is FloatArray[] {
  if (!Array.isArray(given)) throw wrongKind(argument, "an array of arrays", given, "ERR_STATE");
  if (given.length !== own.length) throw wrongValue(argument, `${own.length} arrays`, given.length, "ERR_STATE");
  given.forEach((array: unknown, i) => {
    const { data, dtype } = checkParam(`${argument}[${i}]`, array);
    const expected = checkParam("own", own[i]);
    if (dtype !== expected.dtype) throw wrongKind(`${argument}[${i}]`, expected.dtype, data);
    if (data.length !== own[i].length)
      throw wrongValue(`${argument}[${i}]`, `${own[i].length} elements`, data.length, "ERR_LENGTH");
  });
}
