// The loader: order, what is listed in `tried`, fallback with one warning, refusal where native is required.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { platformPackage } from "../../src/backend/native/load.ts";
import { root, runChild } from "./child.ts";

const show = "try { console.log(JSON.stringify(m.backendInfo())) } catch (e) { console.log(e.code, e.message) }";
const compute =
  "const p = new Float32Array([1]); new m.SGD([p], { learningRate: 1 }).step([new Float32Array([3])]); console.log(p[0]);";
const addon = join(root, "build", "Release", "downhill.node");
let folder = "";
let bare = ""; // index.cjs of a copy of the package without any addon

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-loader-"));
  cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  bare = join(folder, "dist", "index.cjs");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const warnings = (stderr: string) => stderr.match(/DOWNHILL_REFERENCE/g)?.length ?? 0;

test("without an addon TypeScript computes, with one warning that says what was tried", () => {
  const { stdout, stderr, status } = runChild(`${show}; ${compute}; m.setBackend("auto"); m.setBackend("auto")`, {}, bare);
  const [info, result] = stdout.split("\n");
  expect([status, result]).toEqual([0, "-2"]);
  const { name, tried, path, isas } = JSON.parse(info ?? "");
  expect({ name, path, isas }).toEqual({ name: "reference", path: null, isas: [] });
  expect(tried.map((attempt: { error: string }) => attempt.error)).toEqual(["no such file", "no such file", "not installed"]);
  expect(tried[2].path).toBe(platformPackage());
  expect(warnings(stderr)).toBe(1);
  for (const attempt of tried) expect(stderr).toContain(`${attempt.path}: ${attempt.error}`);
});

test("DOWNHILL_SILENT=1 and the reference backend warn of nothing", () => {
  expect(runChild(show, { DOWNHILL_SILENT: "1" }, bare).stderr).toBe("");
  expect(runChild(show, { DOWNHILL_BACKEND: "reference" }, bare).stderr).toBe("");
});

test("where native is required its absence is an error that lists what was tried", () => {
  const { stdout, stderr } = runChild(show, { DOWNHILL_BACKEND: "native" }, bare);
  expect(stdout).toMatch(/^ERR_BACKEND no native addon could be loaded; tried\n {2}.*downhill\.node: no such file/);
  expect(stderr).toBe("");
  const call = `try { m.setBackend("native") } catch (e) { console.log(e.code) } console.log(m.backendInfo().name)`;
  expect(runChild(call, { DOWNHILL_SILENT: "1" }, bare).stdout).toBe("ERR_BACKEND\nreference");
});

test.each([
  ["missing", undefined, /no such file/],
  ["empty", Buffer.alloc(0), /file too short|not a valid|not a mach-o/],
  ["cut after its header", readFileSync(addon).subarray(0, 64), /^truncated file$/],
  ["cut inside its header", readFileSync(addon).subarray(0, 63), /^truncated file$/],
  ["cut in the middle", readFileSync(addon).subarray(0, 20_000), /^truncated file$/],
  ["a byte short", readFileSync(addon).subarray(0, -1), /^truncated file$/],
  [
    "garbage",
    Buffer.from("this is no shared object, only text of some length".repeat(10)),
    /invalid ELF header|not a valid|not a mach-o/,
  ],
])("an addon that is %s is listed and the next candidate taken", (kind, content, error) => {
  const path = join(folder, `${kind}.node`);
  if (content !== undefined) writeFileSync(path, content);
  const none = runChild(`${show}; ${compute}`, { DOWNHILL_ADDON: path }, bare);
  const [info, result] = none.stdout.split("\n");
  expect([none.status, result, warnings(none.stderr)]).toEqual([0, "-2", 1]);
  expect(JSON.parse(info ?? "").tried[0]).toEqual({ path, error: expect.stringMatching(error) });
  const next = runChild(show, { DOWNHILL_ADDON: path });
  expect(JSON.parse(next.stdout)).toMatchObject({ name: "native", path: addon, tried: [{ path }] });
  expect(warnings(next.stderr)).toBe(1);
  const required = runChild(show, { DOWNHILL_ADDON: path, DOWNHILL_BACKEND: "native" });
  expect(required.stdout).toMatch(/^ERR_BACKEND /);
  expect(required.stdout).toContain(path);
});

test("an addon built from other sources is a stale build", () => {
  const path = join(folder, "stale.cjs");
  writeFileSync(path, `module.exports = { sourceHash: "0123456789abcdef" };`);
  const { stdout } = runChild(show, { DOWNHILL_ADDON: path, DOWNHILL_SILENT: "1" }, bare);
  expect(JSON.parse(stdout).tried[0].error).toMatch(/^stale build: run npm run build \(built from sources 0123456789abcdef/);
  writeFileSync(path, "module.exports = {};");
  const foreign = runChild(show, { DOWNHILL_ADDON: path, DOWNHILL_SILENT: "1" }, bare);
  expect(JSON.parse(foreign.stdout).tried[0].error).toBe("not an addon of downhill");
});

test("the platform package serves where there is no build", () => {
  const home = join(folder, "node_modules", platformPackage());
  mkdirSync(home, { recursive: true });
  cpSync(addon, join(home, "downhill.node"));
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: platformPackage(), version: "0.1.0", main: "downhill.node" }));
  const { stdout, stderr } = runChild(show, {}, bare);
  expect(JSON.parse(stdout)).toMatchObject({ name: "native", path: join(home, "downhill.node") });
  expect(stderr).toBe("");
  rmSync(join(folder, "node_modules"), { recursive: true });
});
