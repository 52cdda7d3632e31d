// The hash of the version and of everything under native/ that the addon is built from. The addon carries it and dist/
// expects it, so that a build from other sources is told apart. `--header DIR` writes it for the compiler, touching the
// file only where it changed, and prints DIR.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Sorted paths of the regular files below `folder` of the repository, relative to the root, with forward slashes. */
export function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"))
    .sort();
}

/** The first 16 hexadecimal digits of the SHA-256 over names and contents; line ends count as \n. */
export function hashOf(files, salt = "") {
  const hash = createHash("sha256").update(salt);
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(root, file), "utf8").replaceAll("\r\n", "\n"));
  return hash.digest("hex").slice(0, 16);
}

export function sourceHash() {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const files = filesBelow("native").filter((file) => /\.(cc|h|gypi)$/.test(file) && !/^native\/(test|blas)\//.test(file));
  return hashOf(files, version);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf("--header");
  if (at < 0) process.stdout.write(sourceHash());
  else {
    const folder = process.argv[at + 1];
    const file = join(folder, "source_hash.h");
    const text = `#define DOWNHILL_SOURCE_HASH "${sourceHash()}"\n`;
    mkdirSync(folder, { recursive: true });
    if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
    process.stdout.write(folder);
  }
}
