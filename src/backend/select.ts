// Which backend new objects use on this JavaScript thread, and what backendInfo() reports of it.
import { resolve } from "node:path";
import { isMainThread } from "node:worker_threads";
import { checkInteger } from "../core/checks.ts";
import { environment } from "../core/env.ts";
import { fault, wrongKind, wrongValue } from "../core/errors.ts";
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
let warned = false;

function load(): LoadResult {
  if (loaded !== undefined) return loaded;
  const { isa, threads } = environment();
  const result = loadAddon();
  if (result.addon && isa !== undefined && !result.addon.setIsa(isa)) {
    throw wrongValue("DOWNHILL_ISA", `an instruction set of this machine (${result.addon.isas().join(", ")})`, isa, "ERR_ISA");
  }
  // Threads belong to the process: a worker that starts later does not undo what setThreads() chose meanwhile.
  if (result.addon && threads !== undefined && isMainThread) result.addon.setThreads(threads);
  loaded = result;
  return result;
}

function warnOnce(text: string): void {
  if (warned || environment().silent) return;
  warned = true;
  process.emitWarning(text, { code: "DOWNHILL_REFERENCE" });
}

function select(name: BackendName, exact: boolean): Backend {
  if (name === "reference") return createReference(exact);
  const { addon, path, tried } = load();
  const explicit = environment().addon;
  const reasons = tried.map((attempt) => `  ${attempt.path}: ${attempt.error}`).join("\n");
  const refused = explicit !== undefined && resolve(explicit) !== path;
  if (name === "native" && (addon === null || refused)) {
    throw fault("ERR_BACKEND", `no native addon could be loaded${refused ? " from DOWNHILL_ADDON" : ""}; tried\n${reasons}`);
  }
  if (addon === null) {
    warnOnce(`downhill: no native addon, using pure TypeScript; tried\n${reasons}`);
    return createReference(exact);
  }
  if (refused) warnOnce(`downhill: DOWNHILL_ADDON does not serve, using ${path}; tried\n${reasons}`);
  return createNative(addon);
}

/** The backend that objects created now will use. */
export function currentBackend(): Backend {
  return current ?? first();
}

function first(): Backend {
  current = select(environment().backend, environment().exact);
  return current;
}

/** Chooses the backend of objects created afterwards on this JavaScript thread. */
export function setBackend(name: BackendName, options: { readonly exact?: boolean } = {}): void {
  if (name !== "auto" && name !== "native" && name !== "reference") {
    throw wrongValue("name", '"auto", "native" or "reference"', name, "ERR_OPTION");
  }
  const { exact } = options;
  if (exact !== undefined && typeof exact !== "boolean") throw wrongKind("exact", "a boolean", exact, "ERR_OPTION");
  current = select(name, exact ?? environment().exact);
}

/** Threads that native work may use, the caller included; process-wide. */
export function setThreads(count: number): void {
  checkInteger("n", count, 1);
  if (count > 1024) throw wrongValue("n", "an integer from 1 to 1024", count);
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
    tried: tried.map((attempt) => ({ ...attempt })),
  };
}
