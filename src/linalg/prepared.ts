import type { GemmCall } from "../backend/gemm.ts";
import { checkFloatArray, hasElements } from "../core/checks.ts";
import { fault, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import { viewOf } from "../core/views.ts";
import { checkGemmNames } from "./names.ts";
import type { GemmOptions } from "./options.ts";
import { backendOf, resolveGemm } from "./resolve.ts";

/** A product whose operands are bound: each `run()` is one native call without arguments. Made by `prepareGemm`. */
export class PreparedGemm {
  #run: (() => void) | undefined;
  readonly #views: readonly FloatArray[];
  readonly #lengths: readonly number[];
  /** The bound output; `run()` changes it in place. */
  readonly c: FloatArray;

  /** Use `prepareGemm`. */
  constructor(call: GemmCall) {
    const own = {
      ...call,
      a: viewOf(call.a),
      b: viewOf(call.b),
      c: viewOf(call.c),
      bias: call.bias && viewOf(call.bias),
      residual: call.residual && viewOf(call.residual),
    };
    this.c = call.c;
    const views = [own.a, own.b, own.c, own.bias, own.residual].filter((view) => view !== null);
    this.#views = views.filter((view) => view.length > 0);
    this.#lengths = this.#views.map((view) => view.length);
    this.#run = call.m === 0 || call.n === 0 ? () => {} : backendOf(call).prepareGemm(own);
  }

  /**
   * Computes the product again, from what the operands hold now; returns C.
   * @throws TypeError ERR_DETACHED, RangeError ERR_LENGTH where an operand lost its memory; Error ERR_STATE after dispose.
   */
  run(): FloatArray {
    const views = this.#views;
    const lengths = this.#lengths;
    for (let i = 0; i < views.length; i++) if (!hasElements(views[i]!, lengths[i]!)) this.#lost(views[i]!, lengths[i]!);
    if (this.#run === undefined) throw fault("ERR_STATE", "prepared gemm: used after dispose");
    this.#run();
    return this.c;
  }

  #lost(view: FloatArray, length: number): never {
    checkFloatArray("operand", view);
    throw wrongValue("operand.length", `${length} as bound`, view.length, "ERR_LENGTH");
  }

  /** Lets go of the native plan; `run()` throws from then on. */
  dispose(): void {
    this.#run = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Binds a product (options and errors as of `gemm`) that will run many times with the same arrays, shapes and factors.
 * Without `c` a new array is made once.
 */
export function prepareGemm(options: GemmOptions): PreparedGemm {
  checkGemmNames("prepareGemm", options);
  return new PreparedGemm(resolveGemm(options));
}
