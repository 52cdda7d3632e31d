// Names of options: one that an entry point does not have is refused, because a typing mistake (`transb`) would compute
// something else without a word.
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { GemmOptions } from "./options.ts";

const GEMM: Readonly<Record<keyof GemmOptions, true>> = {
  m: true,
  n: true,
  k: true,
  a: true,
  b: true,
  c: true,
  lda: true,
  ldb: true,
  ldc: true,
  transA: true,
  transB: true,
  alpha: true,
  beta: true,
  bias: true,
  residual: true,
  ldr: true,
  activation: true,
};

/** Whether GEMM has the name: looking six names up takes 20 ns, as long as an 8³ product, comparing them 3. */
function isGemmName(name: string): boolean {
  switch (name) {
    case "m":
    case "n":
    case "k":
    case "a":
    case "b":
    case "c":
    case "transA":
    case "transB":
    case "lda":
    case "ldb":
    case "ldc":
    case "alpha":
    case "beta":
    case "bias":
    case "activation":
    case "residual":
    case "ldr":
      return true;
    default:
      return false;
  }
}

/** Throws ERR_OPTION unless the name is inherited (an option may be, and what is not an option does no harm there). */
function refuse(owner: string, options: object, name: string, names: readonly string[]): void {
  if (names.includes(name) || !Object.hasOwn(options, name)) return;
  throw wrongValue(`${owner}.${name}`, `an option of ${owner} (${names.join(", ")})`, name, "ERR_OPTION");
}

function refuseGemmName(owner: string, options: object, name: string, more: readonly string[]): void {
  refuse(owner, options, name, [...Object.keys(GEMM), ...more]);
}

const NONE: readonly string[] = [];

function checkObject(options: unknown): void {
  if (typeof options !== "object" || options === null) throw wrongKind("options", "an object", options);
}

/** Throws ERR_DTYPE for what is not an object, ERR_OPTION for a name that is neither in `GemmOptions` nor in `more`. */
export function checkGemmNames(owner: string, options: object, more = NONE): void {
  if (typeof options !== "object" || options === null) checkObject(options);
  for (const name in options) if (!isGemmName(name) && !more.includes(name)) refuseGemmName(owner, options, name, more);
}

/** Throws ERR_DTYPE for what is not an object, ERR_OPTION for a name that is not in `names`. */
export function checkNames(owner: string, options: object, names: readonly string[]): void {
  checkObject(options);
  for (const name in options) if (!names.includes(name)) refuse(owner, options, name, names);
}
