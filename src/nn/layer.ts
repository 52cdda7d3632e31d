// What a layer is: variables for an input shape, and a function over graph values.
import { checkInteger } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { Value } from "../graph/graph.ts";
import type { Initializer } from "./initializers.ts";

export interface Variable {
  /** "kernel", "bias", …; unique within the layer. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** False for running statistics. */
  readonly trainable: boolean;
}

/**
 * A layer. The built-in ones come from `layers`; anything of this shape works in sequential() and functional(). A layer
 * used twice shares its variables.
 */
export interface Layer {
  readonly className: string;
  /** Default: the class's name in lower case, with _1, _2 … where it occurs again. */
  readonly name?: string;
  /** Of one sample; the first layer of sequential() must know it. */
  readonly inputShape?: readonly number[];
  /**
   * Its options as JSON data, from which the class's function makes it again (initialisers may be missing: weights are
   * loaded); undefined for layers with functions of one's own.
   */
  readonly config?: LayerConfig;
  /** Its variables for samples of this shape. */
  variables(inputShape: readonly number[]): readonly Variable[];
  /** The layer's result for x [rows, ...inputShape]; variables by name. */
  call(x: Value, variable: (name: string) => Value): Value;
}

export type LayerConfig = Readonly<Record<string, unknown>>;

/** Options that every layer takes. */
export interface LayerOptions {
  readonly name?: string;
  /** Shape of one sample, without the batch; only read on the first layer. */
  readonly inputShape?: readonly number[];
}

/** The options as JSON data; initialisers that are functions are left out, other functions make it undefined. */
function configOf(options: LayerOptions): LayerConfig | undefined {
  const entries = Object.entries(options).filter(
    ([key, value]) => value !== undefined && !(typeof value === "function" && key.endsWith("Initializer")),
  );
  return entries.some(([, value]) => typeof value === "function") ? undefined : Object.fromEntries(entries);
}

/** What every layer has of its options. */
export function common(options: LayerOptions): Pick<Layer, "name" | "inputShape" | "config"> {
  const { name, inputShape } = options;
  return { name, inputShape, config: configOf(options) };
}

/** Throws ERR_OPTION for names that the layer does not have: a typing mistake must not pass silently. */
export function checkLayerOptions(className: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw wrongKind(`${className} options`, "an object", options, "ERR_OPTION");
  const names = new Set(["name", "inputShape", ...known]);
  for (const name of Object.keys(options)) {
    if (!names.has(name)) throw wrongValue(className, `options among ${[...names].join(", ")}`, name, "ERR_OPTION");
  }
  const { name, inputShape } = options as LayerOptions;
  if (name !== undefined && (typeof name !== "string" || name === "" || name.includes("/"))) {
    throw wrongValue(`${className}.name`, "a text without a slash", name, "ERR_OPTION");
  }
  if (inputShape !== undefined) checkShape(`${className}.inputShape`, inputShape);
}

export function checkShape(argument: string, shape: readonly number[]): void {
  if (!Array.isArray(shape)) throw wrongKind(argument, "an array of dimensions", shape);
  shape.forEach((n, i) => {
    checkInteger(`${argument}[${i}]`, n, 1);
  });
}
