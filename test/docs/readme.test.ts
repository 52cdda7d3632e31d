// The documentation does what it says: code blocks of the README run, its commands exist, tables are the registry's.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../backend/child.ts";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const readme = read("README.md");
/** Every document of the repository; of the sources where they are no clone. */
const documents = trackedDocuments();
const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code ?? "");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
let folder = "";

function trackedDocuments(): string[] {
  const { status, stdout } = spawnSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" });
  if (status === 0 && stdout !== "") return stdout.trim().split("\n");
  const inside = ["docs", "bench", "native", "examples", "test"].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: "utf8" }).map((name) => join(top, name)),
  );
  return [...readdirSync(root), ...inside].filter((file) => /\.md$/.test(file) && !file.includes("node_modules"));
}

const withoutBlocks = (file: string) => read(file).replace(/```[\s\S]*?```/g, "");

/** Anchors of a document's headings, as its hosts make them. */
function anchorsOf(file: string): string[] {
  return [...withoutBlocks(file).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

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
  const commands = documents.flatMap((file) => [...read(file).matchAll(/npm run ([\w:]+)/g)]);
  expect(commands.length).toBeGreaterThan(3);
  for (const [text, name] of commands) expect(Object.keys(scripts), text).toContain(name);
});

test("links of the documentation lead somewhere", () => {
  let links = 0;
  for (const file of documents) {
    for (const [, target = "", anchor] of withoutBlocks(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)/g)) {
      const path = target === "" ? file : join(dirname(file), target);
      expect(existsSync(join(root, path)), `${file}: ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(path), `${file}: ${target}#${anchor}`).toContain(anchor);
      links++;
    }
  }
  expect(documents.length).toBeGreaterThanOrEqual(14);
  expect(links).toBeGreaterThan(20);
});

test("files that the documentation names from the root exist", () => {
  const missing = documents.flatMap((file) =>
    [...withoutBlocks(file).matchAll(/`((?:src|native|test|scripts|bench|docs|examples|\.ci)\/[\w./-]*)`/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${file}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("bench/README.md has a row for each question", () => {
  const questions = readdirSync(join(root, "bench"), { encoding: "utf8" }).filter(
    (name) => /\.mjs$/.test(name) && name !== "run.mjs",
  );
  const rows = [...read("bench/README.md").matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => `${name}.mjs`);
  expect(rows.sort()).toEqual(questions.sort());
});

test("tables are what the registry says", () => {
  const { status, stdout } = spawnSync(process.execPath, ["scripts/docs.mjs", "--check"], { cwd: root, encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});

/** Files between backticks in one section of a document. */
function filesOf(section: string, document = "CONTRIBUTING.md"): string[] {
  const text =
    read(document)
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

test("the recipe for an operation names every file that its example is in, and they exist", () => {
  expect(read("CONTRIBUTING.md")).toContain("(docs/engine.md#adding-an-operation)");
  const files = filesOf("Adding an operation", "docs/engine.md");
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  const needed = ["src", "native", "test"]
    .flatMap((top) => readdirSync(join(root, top), { recursive: true, encoding: "utf8" }).map((name) => join(top, name)))
    .filter((file) => /\.(ts|cc|h|json)$/.test(file) && /\blayerNorm\b|\blayer_norm/.test(read(file)));
  expect(needed.length).toBeGreaterThanOrEqual(14);
  expect(needed.filter((file) => !files.includes(file))).toEqual([]);
});

test("the recipe for an instruction set names every file of its example, and they exist", () => {
  const files = filesOf("Add an instruction set");
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  expect(files.filter((file, i) => files.indexOf(file) !== i)).toEqual([]);
  const readmeOfIsas = read("native/isa/README.md");
  for (const name of readdirSync(join(root, "native/isa/avx2"))) expect(readmeOfIsas).toContain(`\`${name}\``);
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
