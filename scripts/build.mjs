// Builds what is missing or stale: the addon (node-gyp, or cmake-js with --cmake) and dist/ (tsdown). Downloads nothing
// and reads no npm setting of the machine. Quiet unless something fails; --verbose shows every command's output.
// --native-only leaves dist/ alone, --force builds both again.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { filesBelow, hashOf, sourceHash } from "./source-hash.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const has = (flag) => process.argv.includes(flag);
const say = (text) => process.stderr.write(`build: ${text}\n`);
// Files compiled at once: the kernels of one instruction set take up to 600 MB.
const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
const jobs = String(Math.max(1, Math.min(availableParallelism(), Math.floor(memory / 2 ** 30))));
const hint =
  "the addon needs a C++20 compiler (GCC 12, clang 14 or later), make and Python 3; without it set DOWNHILL_BACKEND=reference";

// npm hands its configuration down as npm_config_*, which node-gyp and cmake-js would read (nodedir, arch, proxies …).
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(config|package)_/i.test(name)));

function tool(pkg, file, args) {
  const script = join(dirname(require.resolve(`${pkg}/package.json`)), file);
  const stdio = has("--verbose") ? ["ignore", 2, 2] : ["ignore", "pipe", "pipe"];
  const result = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio, env, maxBuffer: 1 << 28 });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  say(`${pkg} ${args.join(" ")} failed`);
  say(hint);
  process.exit(result.status ?? 1);
}

const stampOf = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");

function buildAddon() {
  const cmake = has("--cmake");
  const folder = cmake ? "build-cmake" : "build";
  const output = join(root, folder, "Release", "downhill.node");
  const stamp = join(root, folder, "downhill.stamp");
  const inputs = ["binding.gyp", "CMakeLists.txt"];
  const wanted = `${sourceHash()} ${hashOf(inputs)} ${process.version} ${process.arch} ${process.env.DOWNHILL_WERROR ?? ""}`;
  if (!has("--force") && existsSync(output) && stampOf(stamp) === wanted) return;
  const start = Date.now();
  rmSync(stamp, { force: true });
  // Node's headers lie beside its binary in every official distribution; elsewhere node-api-headers serve, through cmake-js.
  const prefix = join(dirname(process.execPath), "..");
  if (cmake || !existsSync(join(prefix, "include", "node", "node_api.h"))) {
    say("compiling the addon with cmake-js …");
    tool("cmake-js", "bin/cmake-js", ["compile", "--parallel", jobs, "--out", folder]);
  } else {
    say("compiling the addon with node-gyp …");
    tool("node-gyp", "bin/node-gyp.js", ["configure", `--nodedir=${prefix}`]);
    tool("node-gyp", "bin/node-gyp.js", ["build", "-j", jobs]);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  say(`${folder}/Release/downhill.node (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}

async function buildDist() {
  const stamp = join(root, "dist", ".stamp");
  const inputs = [...filesBelow("src"), "tsdown.config.ts", "tsconfig.json", "package.json", "package-lock.json"];
  const wanted = `${hashOf(inputs)} ${sourceHash()}`;
  if (!has("--force") && stampOf(stamp) === wanted) return;
  // The function, not the command: the command line of tsdown warns about Node 20 at every run.
  const { build } = await import("tsdown");
  await build({ cwd: root, logLevel: has("--verbose") ? "info" : "warn" });
  writeFileSync(stamp, wanted);
}

buildAddon();
if (!has("--native-only")) await buildDist();
