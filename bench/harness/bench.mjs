// What a bench file is given: compare() times sides against each other, record() adds a figure measured elsewhere.
import { measure } from "./measure.mjs";
import { table } from "./report.mjs";

export class Bench {
  results = [];
  #name;
  #print;
  #budget;

  /** @param {{ name: string, print: (text: string) => void, budget: number }} options */
  constructor({ name, print, budget }) {
    this.#name = name;
    this.#print = print;
    this.#budget = budget;
  }

  /** True for `--quick`: sizes that take minutes should be left out. */
  get quick() {
    return this.#budget < 1;
  }

  /**
   * @param {object} o
   * @param {string} o.case what is measured: shape, dtype, threads
   * @param {Record<string, () => unknown>} o.sides ours first; all do the same work
   * @param {() => void} [o.check] runs once before timing and throws where a side's result is wrong
   * @param {{ work: number, unit: string, per?: "second" | "item" }} [o.rate] `work` units of work per call: shown as
   *   work / seconds in `unit` (scale `work`: 2mnk / 1e9 for GFLOP/s), or with per "item" as nanoseconds / work
   * @param {number} [o.budget] seconds for this case
   */
  async compare({ case: title, sides, check, rate, budget = this.#budget }) {
    check?.();
    const measured = await measure(sides, budget);
    return this.#add(title, measured, rate);
  }

  /** Figures of a program that cannot run in this process: rows of `{ side, seconds, low?, high?, samples? }`. */
  record({ case: title, sides, rate }) {
    return this.#add(
      title,
      sides.map((side) => ({ low: side.seconds, high: side.seconds, samples: 1, ...side })),
      rate,
    );
  }

  note(text) {
    this.#print(`  ${text}`);
  }

  #add(title, sides, rate) {
    for (const side of sides) {
      if (rate) side.rate = rate.per === "item" ? (side.seconds * 1e9) / rate.work : rate.work / side.seconds;
      side.ratio = side.seconds / sides[0].seconds;
    }
    const result = { bench: this.#name, case: title, rate: rate ?? null, sides };
    this.results.push(result);
    this.#print(`${table(result)}\n`);
    return result;
  }
}
