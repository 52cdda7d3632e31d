// The environment variables: each is honoured, and an invalid value is an error with a code, at first use.
import { expect, test } from "vitest";
import { backendInfo } from "../../src/index.ts";
import { runChild } from "./child.ts";

const show = "try { console.log(JSON.stringify(m.backendInfo())) } catch (e) { console.log(e.code, e.message) }";

test.each([
  ["DOWNHILL_BACKEND", "gpu", "ERR_OPTION"],
  ["DOWNHILL_REFERENCE", "slow", "ERR_OPTION"],
  ["DOWNHILL_ISA", "sse9", "ERR_ISA"],
  ["DOWNHILL_ISA", "AVX2", "ERR_ISA"],
  ["DOWNHILL_THREADS", "0", "ERR_OPTION"],
  ["DOWNHILL_THREADS", "-1", "ERR_OPTION"],
  ["DOWNHILL_THREADS", "two", "ERR_OPTION"],
  ["DOWNHILL_THREADS", "0x2", "ERR_OPTION"],
  ["DOWNHILL_THREADS", "1.5", "ERR_OPTION"],
  ["DOWNHILL_THREADS", "100000", "ERR_OPTION"],
  ["DOWNHILL_SILENT", "yes", "ERR_OPTION"],
])("%s=%s is refused with %s", (name, value, code) => {
  const { stdout, status } = runChild(`${show}; ${show}`, { [name]: value });
  const lines = stdout.split("\n");
  expect(status).toBe(0);
  expect(lines).toHaveLength(2); // the second use is refused like the first
  for (const line of lines) expect(line).toMatch(new RegExp(`^${code} ${name}: expected .*, received "${value}"$`));
});

test("an empty value counts as unset", () => {
  const env = { DOWNHILL_BACKEND: "", DOWNHILL_ISA: "", DOWNHILL_THREADS: "", DOWNHILL_ADDON: "", DOWNHILL_SILENT: "" };
  expect(JSON.parse(runChild(show, env).stdout)).toEqual(JSON.parse(runChild(show).stdout));
});

test("importing reads no variable and loads nothing", () => {
  const { stdout, status } = runChild("console.log(typeof m.gemm)", { DOWNHILL_BACKEND: "gpu", DOWNHILL_ISA: "sse9" });
  expect([status, stdout]).toEqual([0, "function"]);
});

test("DOWNHILL_BACKEND and DOWNHILL_REFERENCE choose the backend and its setting", () => {
  const info = (env: Record<string, string>) => JSON.parse(runChild(show, env).stdout);
  expect(info({ DOWNHILL_BACKEND: "reference" })).toMatchObject({ name: "reference", exact: false, threads: 1, path: null });
  expect(info({ DOWNHILL_BACKEND: "reference", DOWNHILL_REFERENCE: "exact" })).toMatchObject({ name: "reference", exact: true });
  expect(info({ DOWNHILL_BACKEND: "native", DOWNHILL_THREADS: "3" })).toMatchObject({ name: "native", exact: true, threads: 3 });
});

test("each ISA of the machine can be forced and computes the same; any other is ERR_ISA, never an illegal instruction", () => {
  const program = `try {
    const a = Float32Array.from({ length: 391 }, (_, i) => Math.fround(Math.sin(i)));
    const c = m.gemm({ m: 17, n: 13, k: 23, a, b: a });
    console.log(m.backendInfo().isa, require("node:crypto").createHash("sha256").update(c).digest("hex"));
  } catch (e) { console.log(e.code, e.message) }`;
  const { isas } = backendInfo();
  const hashes = new Set<string>();
  for (const isa of ["avx512", "avx2", "neon", "scalar"]) {
    const { stdout, status } = runChild(program, { DOWNHILL_ISA: isa });
    expect(status).toBe(0);
    const [first, second] = stdout.split(" ");
    if (isas.includes(isa)) {
      expect(first).toBe(isa);
      hashes.add(second ?? "");
    } else expect(stdout).toMatch(/^ERR_ISA DOWNHILL_ISA: expected an instruction set of this machine/);
  }
  expect(hashes.size).toBe(1);
});

test("setThreads refuses what is not a count", () => {
  const program = `for (const n of [0, -1, 1.5, NaN, Infinity, 1025, "2", null, 2n]) {
    try { m.setThreads(n); console.log("accepted", n) } catch (e) { console.log(e.code) }
  }
  m.setThreads(2); console.log(m.backendInfo().threads);`;
  const wrong = Array.from({ length: 6 }, () => "ERR_RANGE");
  expect(runChild(program).stdout.split("\n")).toEqual([...wrong, "ERR_DTYPE", "ERR_DTYPE", "ERR_DTYPE", "2"]);
});
