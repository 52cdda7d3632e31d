// Builds what is missing or stale: the addon (node-gyp, or cmake-js with --cmake) and dist/ (tsdown). Downloads nothing
// where the running Node carries its headers.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceHash } from "./source-hash.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], env: process.env });
  if (result.status !== 0) {
    process.stderr.write(`build: ${[command, ...args].join(" ")} failed\n`);
    process.exit(result.status ?? 1);
  }
}

const bin = (pkg, file) => join(dirname(require.resolve(`${pkg}/package.json`)), file);
const node = process.execPath;
const cmake = process.argv.includes("--cmake");
const prefix = join(dirname(node), "..");
const hasHeaders = existsSync(join(prefix, "include", "node", "node_api.h"));

const stamp = join(root, cmake ? "build-cmake" : "build", "downhill.hash");
const output = join(root, cmake ? "build-cmake" : "build", "Release", "downhill.node");
const hash = sourceHash();
if (!existsSync(output) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== hash) {
  if (cmake || !hasHeaders) {
    run(node, [bin("cmake-js", "bin/cmake-js"), "compile", "--out", cmake ? "build-cmake" : "build"]);
  } else {
    run(node, [bin("node-gyp", "bin/node-gyp.js"), "configure", `--nodedir=${prefix}`, "--silent"]);
    run(node, [bin("node-gyp", "bin/node-gyp.js"), "build", "-j", "2", "--silent"]);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}
if (!process.argv.includes("--native-only")) run(node, [bin("tsdown", "dist/run.mjs"), "--log-level", "warn"]);
