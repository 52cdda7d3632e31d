// Checks that the node-gyp and the cmake-js build are the same addon: backendInfo() agrees but for the path, the exports
// agree, and both carry the hash of these sources.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceHash } from "./source-hash.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const paths = ["build", "build-cmake"].map((folder) => join(root, folder, "Release", "downhill.node"));

function info(path) {
  const program = `import("./dist/index.js").then((m) => console.log(JSON.stringify(m.backendInfo())))`;
  const env = { ...process.env, DOWNHILL_BACKEND: "native", DOWNHILL_ADDON: path };
  const result = spawnSync(process.execPath, ["-e", program], { cwd: root, env, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${path}: ${result.stderr}`);
  const { path: used, ...rest } = JSON.parse(result.stdout);
  if (used !== path) throw new Error(`${path}: ${used} was loaded instead`);
  return JSON.stringify(rest);
}

let failed = 0;
function check(name, left, right) {
  if (left === right) return;
  failed += 1;
  process.stdout.write(`${name} differ:\n  node-gyp ${left}\n  cmake-js ${right}\n`);
}

check("backendInfo()", info(paths[0]), info(paths[1]));
const [gyp, cmake] = paths.map((path) => require(path));
check("exports", Object.keys(gyp).sort().join(), Object.keys(cmake).sort().join());
check("source hashes", gyp.sourceHash, cmake.sourceHash);
check("source hash and sources", gyp.sourceHash, sourceHash());
process.stdout.write(`${4 - failed} passed, ${failed} failed, 0 skipped\n`);
process.exitCode = failed > 0 ? 1 : 0;
