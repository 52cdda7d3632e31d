// Finds the addon: DOWNHILL_ADDON, node-gyp build, cmake-js build, platform package. At first use, never at import.
// A candidate that is missing, broken or built from other sources is listed in `tried` and the next one is taken.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { environment } from "../../core/env.ts";
import type { Addon } from "./addon.ts";
import { elfFault } from "./elf.ts";

export interface LoadResult {
  readonly addon: Addon | null;
  readonly path: string | null;
  readonly tried: readonly { readonly path: string; readonly error: string }[];
}

/** The hash of the native sources that this JavaScript was built with; undefined where TypeScript runs unbuilt. */
declare const __DOWNHILL_SOURCE_HASH__: string | undefined;
const expectedHash = typeof __DOWNHILL_SOURCE_HASH__ === "string" ? __DOWNHILL_SOURCE_HASH__ : undefined;

function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return basename(here) === "dist" ? join(here, "..") : join(here, "..", "..", "..");
}

/** The optional package with the prebuilt addon of this platform, for example `downhill-linux-x64`. */
export function platformPackage(): string {
  const { platform, arch } = process;
  const report =
    platform === "linux" ? (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } }) : undefined;
  const musl = report !== undefined && report.header?.glibcVersionRuntime === undefined;
  return `downhill-${platform}-${arch}${musl ? "-musl" : ""}`;
}

/** The addon at `path`, or why it cannot serve. */
function open(path: string, nodeRequire: NodeJS.Require): Addon | string {
  try {
    const file = /[\\/]/.test(path) ? path : nodeRequire.resolve(path);
    if (!existsSync(file)) return "no such file";
    const fault = process.platform === "linux" ? elfFault(file) : undefined;
    if (fault !== undefined) return fault;
    const addon = nodeRequire(file) as Partial<Addon>;
    if (typeof addon.sourceHash !== "string") return "not an addon of downhill";
    if (expectedHash !== undefined && addon.sourceHash !== expectedHash) {
      return `stale build: run npm run build (built from sources ${addon.sourceHash}, expected ${expectedHash})`;
    }
    return addon as Addon;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.split("\n")[0] ?? text;
  }
}

export function loadAddon(): LoadResult {
  // Not named `require`: the CommonJS build turns import.meta.url into a call of the module's own require.
  const nodeRequire = createRequire(import.meta.url);
  const root = packageRoot();
  const explicit = environment().addon;
  const builds = ["build", "build-cmake"].map((folder) => join(root, folder, "Release", "downhill.node"));
  const tried: { path: string; error: string }[] = [];
  for (const path of [...(explicit === undefined ? [] : [resolve(explicit)]), ...builds]) {
    const addon = open(path, nodeRequire);
    if (typeof addon !== "string") return { addon, path, tried };
    tried.push({ path, error: addon });
  }
  const name = platformPackage();
  const addon = open(name, nodeRequire);
  if (typeof addon !== "string") return { addon, path: nodeRequire.resolve(name), tried };
  tried.push({ path: name, error: addon.startsWith("Cannot find module") ? "not installed" : addon });
  return { addon: null, path: null, tried };
}
