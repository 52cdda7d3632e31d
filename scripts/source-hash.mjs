// Prints the hash of everything under native/ that the addon is built from, so that a stale build can be told.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export function sourceHash() {
  const hash = createHash("sha256");
  const files = readdirSync(join(root, "native"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(cc|h|gypi)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !relative(root, file).startsWith(join("native", "test")))
    .sort();
  for (const file of files) hash.update(relative(root, file).replaceAll("\\", "/")).update("\0").update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(sourceHash());
