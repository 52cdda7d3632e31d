// The documentation does what it says: code blocks of the README run, its commands exist, tables are the registry's.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../backend/child.ts";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const readme = read("README.md");
const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code ?? "");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-readme-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "downhill"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The block that imports `name`, run as a file of its own. */
function run(name: string): string[] {
  const block = blocks.find((code) => new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from "downhill"`).test(code));
  expect(block, `a block with ${name}`).toBeDefined();
  expect(block?.split("\n").length).toBeLessThanOrEqual(16);
  writeFileSync(join(folder, `${name}.js`), block ?? "");
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${name}.js`], { cwd: folder, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.trim().split("\n");
}

const numbers = (line: string | undefined) =>
  (line?.replace(/Float32Array\(\d+\)/g, "").match(/-?\d+(\.\d+)?(e-?\d+)?/g) ?? []).map(Number);

test("the optimizer example brings all parameters close to 0", () => {
  const values = numbers(run("Adam").join(" "));
  expect(values).toHaveLength(4);
  for (const value of values) expect(Math.abs(value)).toBeLessThan(0.01);
});

test("the gemm example prints what its comment says", () => {
  expect(numbers(run("gemm")[0])).toEqual([0, 0, 5, 6]);
});

test("the training example learns its task", () => {
  const [accuracy] = numbers(run("sequential")[0]);
  expect(accuracy).toBeGreaterThan(0.98);
});

test("every npm command of the documentation exists", () => {
  const commands = ["README.md", "CONTRIBUTING.md", "bench/README.md"].flatMap((file) => [
    ...read(file).matchAll(/npm run ([\w:]+)/g),
  ]);
  expect(commands.length).toBeGreaterThan(3);
  for (const [text, name] of commands) expect(Object.keys(scripts), text).toContain(name);
});

test("links of the documentation lead somewhere", () => {
  for (const file of [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/numerics.md",
    "docs/optimizers.md",
  ]) {
    for (const [, target] of read(file).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      expect(existsSync(join(root, dirname(file), target ?? "")), `${file}: ${target}`).toBe(true);
    }
  }
});

test("tables are what the registry says", () => {
  const { status, stdout } = spawnSync(process.execPath, ["scripts/docs.mjs", "--check"], { cwd: root, encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});

/** Files between backticks in one section of CONTRIBUTING. */
function filesOf(section: string): string[] {
  const text =
    read("CONTRIBUTING.md")
      .split(/^## /m)
      .find((part) => part.startsWith(section)) ?? "";
  return [...text.matchAll(/`((?:src|native|test|scripts|\.ci)\/[\w./-]*)`/g)].map(([, file]) => file ?? "");
}

test("the recipe for an optimizer names every file that its example touches, and they exist", () => {
  const files = filesOf("Add an optimizer");
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  const mention = (file: string) => /adagrad/i.test(read(file));
  const touched = ["src", "native"]
    .flatMap((top) => readdirSync(join(root, top), { recursive: true, encoding: "utf8" }).map((name) => join(top, name)))
    .filter((file) => /\.(ts|cc|h)$/.test(file) && mention(file));
  // Files that only speak of it (a text, a comment, a preset by name) are no part of the recipe.
  const needed = touched.filter((file) => /registry|rules\.h$|\/adagrad\.(ts|h)$|optim\/index\.ts$/.test(file));
  expect(needed.length).toBeGreaterThanOrEqual(5);
  for (const file of needed) expect(files).toContain(file);
  expect(read("scripts/docs.mjs")).toContain("methods");
});

test("the recipe for an instruction set names every file of its example, and they exist", () => {
  const files = filesOf("Add an instruction set");
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  for (const name of readdirSync(join(root, "native/isa/avx2"))) expect(files).toContain(`native/isa/avx2/${name}`);
  const lists = [
    "native/dispatch/isas.h",
    "native/dispatch/dispatch.cc",
    "native/dispatch/cpu.cc",
    "src/core/env.ts",
    "scripts/nm-check.mjs",
  ];
  for (const file of lists) {
    expect(read(file)).toContain("avx2");
    expect(files).toContain(file);
  }
});
