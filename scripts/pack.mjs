// Stages what is published: the package `downhill` (TypeScript build, native sources, no install script) and the optional
// package with this machine's prebuilt addon. node scripts/pack.mjs [--out DIR] [--check]. --check packs them, lints them
// with publint and attw, installs them into an empty project and runs it from ESM, CommonJS and TypeScript.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { values: options } = parseArgs({ options: { out: { type: "string" }, check: { type: "boolean", default: false } } });
const out = options.out ? resolve(options.out) : mkdtempSync(join(tmpdir(), "downhill-pack-"));

/** Every platform with a prebuilt addon; the loader asks for `downhill-<name>`. */
const platforms = {
  "linux-x64": { os: ["linux"], cpu: ["x64"], libc: ["glibc"] },
  "linux-arm64": { os: ["linux"], cpu: ["arm64"], libc: ["glibc"] },
  "linux-x64-musl": { os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  "linux-arm64-musl": { os: ["linux"], cpu: ["arm64"], libc: ["musl"] },
  "darwin-arm64": { os: ["darwin"], cpu: ["arm64"] },
  "darwin-x64": { os: ["darwin"], cpu: ["x64"] },
  "win32-x64": { os: ["win32"], cpu: ["x64"] },
};
const shared = ["name", "version", "description", "license", "repository", "homepage", "bugs", "author"];
const kept = [
  ...shared,
  "keywords",
  "type",
  "sideEffects",
  "engines",
  "main",
  "module",
  "types",
  "exports",
  "bin",
  "gypfile",
  "binary",
];
const pick = (keys) => Object.fromEntries(keys.filter((key) => key in manifest).map((key) => [key, manifest[key]]));
const write = (folder, value) => writeFileSync(join(folder, "package.json"), `${JSON.stringify(value, null, 2)}\n`);

function fresh(name) {
  const folder = join(out, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

function stageMain() {
  const folder = fresh("downhill");
  const files = [
    "dist",
    "native",
    "scripts/build.mjs",
    "scripts/source-hash.mjs",
    "binding.gyp",
    "CMakeLists.txt",
    "CHANGELOG.md",
  ];
  const names = Object.keys(platforms).map((name) => [`downhill-${name}`, manifest.version]);
  write(folder, {
    ...pick(kept),
    files,
    scripts: { build: "node scripts/build.mjs --native-only" },
    optionalDependencies: Object.fromEntries(names),
  });
  const unpublished = [join(root, "native", "test"), join(root, "dist", ".stamp")];
  for (const file of [...files, "README.md", "LICENSE"]) {
    cpSync(join(root, file), join(folder, file), { recursive: true, filter: (source) => !unpublished.includes(source) });
  }
  return folder;
}

function stagePlatform() {
  const { platformPackage } = require(join(root, "dist", "testing.cjs"));
  const name = platformPackage();
  const description = `Prebuilt native addon of downhill for ${name.slice("downhill-".length)}`;
  const folder = fresh(name);
  write(folder, {
    ...pick(shared),
    name,
    description,
    ...platforms[name.slice("downhill-".length)],
    main: "downhill.node",
    files: ["downhill.node"],
  });
  cpSync(join(root, "build", "Release", "downhill.node"), join(folder, "downhill.node"));
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  writeFileSync(join(folder, "README.md"), `# ${name}\n\n${description}. Installed by \`downhill\`; not for direct use.\n`);
  return folder;
}

let passed = 0;
let failed = 0;

/** Runs a command and counts it; what it printed is shown where it failed or `expected` is missing from it. */
function check(title, command, args, cwd, expected = "", env = {}) {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", env: { ...process.env, ...env } });
  const printed = `${result.stdout}${result.stderr}`;
  if (result.status === 0 && printed.includes(expected)) {
    passed += 1;
    return;
  }
  failed += 1;
  process.stdout.write(`failed: ${title} (status ${result.status})\n${printed}\n`);
}

function pack(folder) {
  const result = spawnSync("npm", ["pack", "--silent", "--pack-destination", out], { cwd: folder, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`npm pack: ${result.stderr}`);
  return join(out, result.stdout.trim().split("\n").at(-1));
}

const consumer = `
const gradients = [new Float32Array([1, 2])];
const parameters = [new Float32Array([1, 2])];
new Adam(parameters).step(gradients);
const { name, path, tried } = backendInfo();
console.log(name, path, parameters[0][0] < 1, tried.length);
`;
const typed = `
import { type BackendInfo, type FloatArray, backendInfo, gemm, tensor } from "downhill";
const info: BackendInfo = backendInfo();
const c: FloatArray = gemm({ m: 1, n: 1, k: 1, a: new Float32Array(1), b: new Float32Array(1) });
const shape: readonly number[] = tensor(c, [1, 1]).shape;
// @ts-expect-error a plain array is no FloatArray
gemm({ m: 1, n: 1, k: 1, a: [1], b: [1] });
// @ts-expect-error there is no such backend
const wrong: "gpu" = info.name;
export const used = [shape, wrong];
`;

function checkInstalled(main, platform) {
  const project = fresh("project");
  write(project, { name: "consumer", private: true });
  for (const [name, tarball] of [main, platform]) {
    const folder = join(project, "node_modules", name);
    mkdirSync(folder, { recursive: true });
    spawnSync("tar", ["xzf", tarball, "--strip-components=1", "-C", folder]);
  }
  writeFileSync(join(project, "run.mjs"), `import { Adam, backendInfo } from "downhill";${consumer}`);
  writeFileSync(join(project, "run.cjs"), `const { Adam, backendInfo } = require("downhill");${consumer}`);
  for (const file of ["types.mts", "types.cts"]) writeFileSync(join(project, file), typed);
  const node = process.execPath;
  check("ESM uses the platform package", node, ["run.mjs"], project, `native ${join(project, "node_modules", platform[0])}`);
  check("CommonJS uses the platform package", node, ["run.cjs"], project, `native ${join(project, "node_modules", platform[0])}`);
  const compiler = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2023,esnext.disposable"];
  check("types serve ESM and CommonJS", node, [compiler, ...flags, "types.mts", "types.cts"], project);
  check("the command line runs", node, ["node_modules/downhill/dist/cli.js", "info", "--json"], project, '"native"');
  rmSync(join(project, "node_modules", platform[0]), { recursive: true });
  for (const file of ["run.mjs", "run.cjs"]) {
    check(`without an addon ${file} warns once and runs`, node, [file], project, "reference null true 3");
    check(`without an addon ${file} says why`, node, [file], project, "not installed");
    check(`DOWNHILL_SILENT keeps ${file} silent`, node, ["-e", silentProgram(file)], project, "silent", { DOWNHILL_SILENT: "1" });
  }
}

const silentProgram = (file) =>
  `const r = require("node:child_process").spawnSync(process.execPath, [${JSON.stringify(file)}], { encoding: "utf8" });` +
  `console.log(r.stderr === "" ? "silent" : r.stderr)`;

const folders = [stageMain(), stagePlatform()];
if (options.check) {
  const bin = (name, file) => join(root, "node_modules", name, file);
  const tarballs = folders.map((folder) => [folder.slice(out.length + 1), pack(folder)]);
  check("publint", process.execPath, [bin("publint", "src/cli.js"), "run", folders[0], "--strict"], root);
  check("attw", process.execPath, [bin("@arethetypeswrong/cli", "dist/index.js"), tarballs[0][1], "--no-color"], root);
  checkInstalled(tarballs[0], tarballs[1]);
  if (!options.out) rmSync(out, { recursive: true, force: true });
  process.stdout.write(`${passed} passed, ${failed} failed, 0 skipped\n`);
  process.exitCode = failed > 0 ? 1 : 0;
} else {
  process.stdout.write(`${folders.join("\n")}\n${readdirSync(folders[0]).join(" ")}\n`);
}
