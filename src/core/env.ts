// The environment variables, read and checked once at first use. An invalid value is an error, never ignored.
import { type ErrorCode, wrongValue } from "./errors.ts";

export interface Environment {
  readonly backend: "auto" | "native" | "reference";
  readonly exact: boolean;
  readonly isa: string | undefined;
  readonly threads: number | undefined;
  readonly addon: string | undefined;
  readonly silent: boolean;
}

const isas = ["avx512", "avx2", "neon", "scalar"] as const;

/** The variable's value, `fallback` where it is unset or empty. */
function oneOf<T extends string, F>(name: string, allowed: readonly T[], fallback: F, code: ErrorCode = "ERR_OPTION"): T | F {
  const value = process.env[name];
  if (value === undefined || value === "") return fallback;
  if (!(allowed as readonly string[]).includes(value)) throw wrongValue(name, `one of ${allowed.join(", ")}`, value, code);
  return value as T;
}

function threads(): number | undefined {
  const text = process.env.DOWNHILL_THREADS;
  if (text === undefined || text === "") return undefined;
  const count = Number(text);
  if (!/^[0-9]+$/.test(text) || count < 1 || count > 1024)
    throw wrongValue("DOWNHILL_THREADS", "an integer from 1 to 1024", text, "ERR_OPTION");
  return count;
}

let cached: Environment | undefined;

export function environment(): Environment {
  cached ??= {
    backend: oneOf("DOWNHILL_BACKEND", ["auto", "native", "reference"], "auto"),
    exact: oneOf("DOWNHILL_REFERENCE", ["fast", "exact"], "fast") === "exact",
    isa: oneOf("DOWNHILL_ISA", isas, undefined, "ERR_ISA"),
    threads: threads(),
    addon: process.env.DOWNHILL_ADDON || undefined,
    silent: oneOf("DOWNHILL_SILENT", ["0", "1"], "0") === "1",
  };
  return cached;
}
