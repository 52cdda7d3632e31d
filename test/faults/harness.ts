// Runs programs in a Node whose allocations and threads can be made to fail (inject.c).
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../backend/child.ts";

export const here = fileURLToPath(new URL(".", import.meta.url));
export const folder = mkdtempSync(join(tmpdir(), "downhill-faults-"));

/** The compiled injector, or why there is none. */
function compile(): { injector: string } | { reason: string } {
  if (process.platform !== "linux") return { reason: "needs Linux" };
  const glibc = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime;
  if (glibc === undefined) return { reason: "needs the GNU C library" };
  const injector = join(folder, "inject.node");
  const headers = join(root, "node_modules", "node-api-headers", "include");
  const command = ["-shared", "-fPIC", "-O1", `-I${headers}`, join(here, "inject.c"), "-o", injector, "-ldl", "-lm"];
  try {
    execFileSync(process.env.CC ?? "cc", command, { stdio: ["ignore", "ignore", "pipe"] });
    return { injector };
  } catch (error) {
    return { reason: `no C compiler (${String(error).split("\n")[0]})` };
  }
}

const compiled = compile();
export const injector = "injector" in compiled ? compiled.injector : "";
export const reason = "reason" in compiled ? compiled.reason : undefined;
if (reason !== undefined) console.log(`skipped: fault injection ${reason}`);

export interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly lines: string[];
  readonly stderr: string;
}

/** Runs a script in a Node of its own; every DOWNHILL_ variable of ours is dropped, then `env` is added. */
export function runScript(script: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("DOWNHILL_"));
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  return new Promise((done) => {
    child.on("close", (status, signal) => done({ status, signal, lines: stdout.trim().split("\n"), stderr }));
  });
}

/** Runs test/faults/`script` with the injector in place. */
export function runInjected(script: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return runScript(join(here, script), args, { DOWNHILL_SILENT: "1", INJECTOR: injector, LD_PRELOAD: injector, ...env });
}
