// Optimizers by name, as compile() and the command line take them. Every class that src/optim exports is found, except
// MultiOptimizer, which is made of others.
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { Tensor } from "../core/types.ts";
import * as classes from "../optim/index.ts";
import type { CommonValues } from "../optim/method.ts";
import { core } from "../optim/optimizer.ts";
import type { TrainerOptimizer } from "./trainer.ts";

/** What fit asks of an optimizer beside what the trainer needs; every class of src/optim has it. */
export interface RestorableOptimizer extends TrainerOptimizer {
  loadStateDict(state: object): void;
  /** Once per epoch, for schedules that read a metric. */
  observeMetric?(metric: number): void;
}

export type OptimizerFactory = (params: Tensor[], names: readonly string[]) => TrainerOptimizer;

/** A name with the defaults, a name with options, or a function that makes the optimizer over the parameters. */
export type OptimizerChoice = string | { readonly name: string; readonly [option: string]: unknown } | OptimizerFactory;

type OptimizerClass = new (params: Tensor[], options?: object) => TrainerOptimizer;

const BY_NAME: ReadonlyMap<string, OptimizerClass> = new Map(
  Object.entries(classes).flatMap(([name, value]): [string, OptimizerClass][] =>
    typeof value === "function" && value.prototype instanceof classes.Optimizer && value !== classes.MultiOptimizer
      ? [[name.toLowerCase(), value as unknown as OptimizerClass]]
      : [],
  ),
);

/** The names that optimizerFactory knows, in lower case. */
export function optimizerNames(): string[] {
  return [...BY_NAME.keys()].sort();
}

/** @throws RangeError ERR_OPTION for an unknown name; TypeError ERR_OPTION. Options are checked when it is made. */
export function optimizerFactory(choice: OptimizerChoice): OptimizerFactory {
  if (typeof choice === "function") return choice;
  const { name, ...options } = typeof choice === "string" ? { name: choice } : (choice ?? {});
  if (typeof name !== "string") throw wrongKind("optimizer", "a name, { name, …options } or a function", choice, "ERR_OPTION");
  const Class = BY_NAME.get(name.toLowerCase());
  if (Class === undefined) throw wrongValue("optimizer", `one of ${optimizerNames().join(", ")}`, name, "ERR_OPTION");
  return (params) => new Class(params, options);
}

/** The rate that the first group's last update had, schedules included; undefined for optimizers that are not ours. */
export function appliedRate(optimizer: TrainerOptimizer): number | undefined {
  const own = optimizer instanceof classes.Lookahead ? optimizer.optimizer : optimizer;
  if (!(own instanceof classes.Optimizer)) return undefined;
  const { groups, steps } = own[core];
  const first = groups[0];
  return first && own[core].rateOf(first, Math.max(0, steps - 1));
}

/** The same optimizer inside of Lookahead, where asked for. @throws ERR_OPTION. */
export function withLookahead(factory: OptimizerFactory, lookahead: boolean | classes.LookaheadOptions): OptimizerFactory {
  if (lookahead === false) return factory;
  if (lookahead !== true && (lookahead === null || typeof lookahead !== "object"))
    throw wrongKind("lookahead", "true or { period, alpha }", lookahead, "ERR_OPTION");
  return (params, names) => {
    const optimizer = factory(params, names);
    if (!(optimizer instanceof classes.Optimizer))
      throw wrongKind("optimizer", "an optimizer that Lookahead can go around", optimizer, "ERR_OPTION");
    return new classes.Lookahead<CommonValues>(optimizer, lookahead === true ? {} : lookahead);
  };
}
