import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The version of this package, read from its package.json (two folders up in the sources, one in dist/). */
export function packageVersion(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const up of ["..", "../.."]) {
    try {
      const manifest = JSON.parse(readFileSync(join(here, up, "package.json"), "utf8")) as { name?: string; version?: string };
      if (manifest.name === "downhill" && manifest.version) return manifest.version;
    } catch {
      // Not at this level.
    }
  }
  return "unknown";
}
