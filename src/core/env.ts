// The environment variables, read and checked once at first use. An invalid value is an error, never ignored.
import { wrongValue } from "./errors.ts";

export interface Environment {
  readonly backend: "auto" | "native" | "reference";
  readonly exact: boolean;
  readonly isa: string | undefined;
  readonly threads: number | undefined;
  readonly addon: string | undefined;
  readonly silent: boolean;
}

function oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
  const value = process.env[name];
  if (value === undefined || value === "") return fallback;
  if (!(allowed as readonly string[]).includes(value))
    throw wrongValue(name, `one of ${allowed.join(", ")}`, value, "ERR_OPTION");
  return value as T;
}

function threads(): number | undefined {
  const text = process.env.DOWNHILL_THREADS;
  if (text === undefined || text === "") return undefined;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1024)
    throw wrongValue("DOWNHILL_THREADS", "an integer from 1 to 1024", text, "ERR_OPTION");
  return count;
}

let cached: Environment | undefined;

export function environment(): Environment {
  cached ??= {
    backend: oneOf("DOWNHILL_BACKEND", ["auto", "native", "reference"], "auto"),
    exact: oneOf("DOWNHILL_REFERENCE", ["fast", "exact"], "fast") === "exact",
    isa: oneOf("DOWNHILL_ISA", ["", "avx512", "avx2", "neon", "scalar"], "") || undefined,
    threads: threads(),
    addon: process.env.DOWNHILL_ADDON || undefined,
    silent: oneOf("DOWNHILL_SILENT", ["0", "1"], "0") === "1",
  };
  return cached;
}
