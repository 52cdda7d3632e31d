// Groups with an optimizer of their own each, updated together in one call.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { splitWhole, type WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, Method } from "./method.ts";
import { type MethodOf, Optimizer } from "./optimizer.ts";
import { resolveOptions } from "./options.ts";
import { checkParam, type Param } from "./parameters.ts";
import { methods } from "./rules/registry.ts";

/** A group with its own optimizer by name ("Adam", "SGD", …) and that optimizer's options. */
export type MultiGroup = ParamGroup & { readonly optimizer: string } & CommonOptions & Readonly<Record<string, unknown>>;

/** What a predicate sees of a parameter. */
export interface ParamInfo {
  /** Place in the list of parameters. */
  readonly index: number;
  readonly shape: readonly number[];
  /** The name given in `names`. */
  readonly name: string | undefined;
}

/** A group by predicate: it takes the parameters that `where` accepts and no rule before it took. Without `where`: all. */
export type MultiRule = Omit<MultiGroup, "params"> & {
  readonly optimizer: string;
  readonly where?: (param: ParamInfo) => boolean;
  readonly [option: string]: unknown;
};

function methodNamed(argument: string, name: unknown): Method {
  const names = methods.map((method) => `"${method.name}"`).join(", ");
  if (typeof name !== "string") throw wrongKind(argument, `one of ${names}`, name, "ERR_OPTION");
  const method = methods.find((candidate) => candidate.name === name);
  if (!method) throw wrongValue(argument, `one of ${names}`, name, "ERR_OPTION");
  return method;
}

function ownMethods(options: WholeOptions | undefined): MethodOf {
  if (options !== undefined && (typeof options !== "object" || options === null))
    throw wrongKind("MultiOptimizer: options", "an object", options, "ERR_OPTION");
  const { whole, rest } = splitWhole("MultiOptimizer", options);
  resolveOptions("MultiOptimizer", {}, rest);
  const methodOf = (group: object, argument: string): ReturnType<MethodOf> => {
    const method = methodNamed(`${argument}.optimizer`, (group as { optimizer?: unknown }).optimizer);
    return { method, base: resolveOptions(method.name, method.options, undefined) };
  };
  return Object.assign(methodOf, { whole });
}

interface Assigned {
  readonly groups: MultiGroup[];
  /** For each parameter in the order of the groups, its place in the given list. */
  readonly order: number[];
}

function assign(params: readonly Param[], rules: readonly MultiRule[], names: readonly string[] | undefined): Assigned {
  if (!Array.isArray(rules)) throw wrongKind("rules", "an array of rules", rules, "ERR_OPTION");
  if (names !== undefined && names.length !== params.length)
    throw wrongValue("names", `${params.length} names`, names.length, "ERR_LENGTH");
  const taken: number[][] = rules.map(() => []);
  params.forEach((param, index) => {
    const { shape } = checkParam(`params[${index}]`, param);
    const info = { index, shape, name: names?.[index] };
    const k = rules.findIndex(({ where }) => where === undefined || where(info));
    if (k < 0) throw wrongValue(`params[${index}]`, "a rule that takes it", info.name ?? `shape [${shape}]`, "ERR_OPTION");
    taken[k]!.push(index);
  });
  const groups = rules.map(({ where: _, ...rule }, k) => ({ ...rule, params: taken[k]!.map((i) => params[i]!) }) as MultiGroup);
  return { groups, order: taken.flat() };
}

/**
 * Several optimizers as one: each group has its own method, options and schedule, and step() updates all of them in one
 * native call.
 *
 * ```ts
 * new MultiOptimizer([{ params: kernels, optimizer: "AdamW", weightDecay: 0.1 }, { params: biases, optimizer: "SGD" }]);
 * new MultiOptimizer(params, [{ where: ({ shape }) => shape.length === 2, optimizer: "Adam" }, { optimizer: "Lion" }]);
 * ```
 * With rules, the gradients come in the order of `params`; with groups, in the order of the groups. The options are those of
 * the whole optimizer: clipGlobalNorm, skipNonFinite, monitor; with rules also `names`, what the rules see of each parameter.
 * @throws ERR_OPTION for an unknown optimizer or option, or a parameter that no rule takes; else as other optimizers.
 */
export class MultiOptimizer extends Optimizer {
  constructor(groups: readonly MultiGroup[], options?: WholeOptions);
  constructor(
    params: readonly Param[],
    rules: readonly MultiRule[],
    options?: readonly string[] | (WholeOptions & { readonly names?: readonly string[] }),
  );
  constructor(
    first: readonly MultiGroup[] | readonly Param[],
    second?: readonly MultiRule[] | WholeOptions,
    third?: readonly string[] | (WholeOptions & { readonly names?: readonly string[] }),
  ) {
    if (!Array.isArray(second)) {
      super("MultiOptimizer", ownMethods(second as WholeOptions | undefined), first as readonly MultiGroup[]);
      return;
    }
    const { names, ...whole } = Array.isArray(third) ? { names: third } : ((third ?? {}) as WholeOptions & { names?: string[] });
    const { groups, order } = assign(first as readonly Param[], second as readonly MultiRule[], names);
    super("MultiOptimizer", ownMethods(whole), groups, order);
  }
}
