// Which backend new objects use on this JavaScript thread, and what backendInfo() reports of it.
import { environment } from "../core/env.ts";
import { fault, wrongValue } from "../core/errors.ts";
import type { Backend } from "./backend.ts";
import { type LoadResult, loadAddon } from "./native/load.ts";
import { createNative } from "./native/native.ts";
import { createReference } from "./reference/reference.ts";

export type BackendName = "auto" | "native" | "reference";

export interface BackendInfo {
  name: "native" | "reference";
  exact: boolean;
  isa: string;
  isas: string[];
  threads: number;
  numericsVersion: number;
  path: string | null;
  tried: { path: string; error: string }[];
}

/** Counts revisions of the numerics contract; bits change only together with it. */
export const NUMERICS_VERSION = 1;

let loaded: LoadResult | undefined;
let current: Backend | undefined;

function load(): LoadResult {
  if (loaded === undefined) {
    loaded = loadAddon();
    const { isa, threads } = environment();
    if (loaded.addon && isa !== undefined && !loaded.addon.setIsa(isa)) {
      throw wrongValue("DOWNHILL_ISA", `an instruction set of this machine (${loaded.addon.isas().join(", ")})`, isa, "ERR_ISA");
    }
    if (loaded.addon && threads !== undefined) loaded.addon.setThreads(threads);
  }
  return loaded;
}

function select(name: BackendName, exact: boolean): Backend {
  if (name === "reference") return createReference(exact);
  const { addon, tried } = load();
  if (addon) return createNative(addon);
  const reasons = tried.map(({ path, error }) => `  ${path}: ${error}`).join("\n");
  if (name === "native") throw fault("ERR_BACKEND", `no native addon could be loaded:\n${reasons}`);
  if (!environment().silent)
    process.emitWarning(`downhill: no native addon, using pure TypeScript\n${reasons}`, { code: "DOWNHILL_REFERENCE" });
  return createReference(exact);
}

/** The backend that objects created now will use. */
export function currentBackend(): Backend {
  current ??= select(environment().backend, environment().exact);
  return current;
}

/** Chooses the backend of objects created afterwards on this JavaScript thread. */
export function setBackend(name: BackendName, options: { readonly exact?: boolean } = {}): void {
  if (name !== "auto" && name !== "native" && name !== "reference") {
    throw wrongValue("name", '"auto", "native" or "reference"', name, "ERR_OPTION");
  }
  current = select(name, options.exact ?? environment().exact);
}

/** Threads that native work may use, the caller included; process-wide. */
export function setThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > 1024) throw wrongValue("n", "an integer from 1 to 1024", count);
  load().addon?.setThreads(count);
}

export function backendInfo(): BackendInfo {
  const backend = currentBackend();
  const { addon, path, tried } = load();
  const native = backend.name === "native";
  return {
    name: backend.name,
    exact: backend.exact,
    isa: backend.isa,
    isas: addon?.isas() ?? [],
    threads: native && addon ? addon.threads() : 1,
    numericsVersion: NUMERICS_VERSION,
    path: native ? path : null,
    tried: [...tried],
  };
}
