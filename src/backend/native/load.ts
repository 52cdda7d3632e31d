// Finds the addon: DOWNHILL_ADDON, node-gyp build, cmake-js build, platform package. At first use, never at import.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { environment } from "../../core/env.ts";
import type { Addon } from "./addon.ts";

export interface LoadResult {
  readonly addon: Addon | null;
  readonly path: string | null;
  readonly tried: { path: string; error: string }[];
}

function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return here.endsWith("dist") ? join(here, "..") : join(here, "..", "..", "..");
}

export function loadAddon(): LoadResult {
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  const explicit = environment().addon;
  const candidates = explicit
    ? [explicit]
    : [join(root, "build", "Release", "downhill.node"), join(root, "build-cmake", "Release", "downhill.node")];
  const tried: { path: string; error: string }[] = [];
  for (const path of candidates) {
    try {
      return { addon: require(path) as Addon, path, tried };
    } catch (error) {
      tried.push({ path, error: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) });
    }
  }
  return { addon: null, path: null, tried };
}
