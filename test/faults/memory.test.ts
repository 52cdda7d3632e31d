// The n-th allocation, or the n-th thread, of the addon's fails, for every n, in every entry point (inject.c).
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../backend/child.ts";
import { folder, reason, runInjected } from "./harness.ts";

interface Report {
  readonly name: string;
  readonly injected: number;
  readonly refused: number;
  readonly problems: readonly string[];
}

async function failEach(kind: string): Promise<Report[]> {
  const { status, signal, lines, stderr } = await runInjected("fail-each.mjs", [kind]);
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
  return lines.map((line) => JSON.parse(line) as Report);
}

const unwell = (reports: readonly Report[]) => reports.filter(({ problems }) => problems.length > 0);
const most = (reports: readonly Report[], name: RegExp) =>
  Math.max(...reports.filter((report) => name.test(report.name)).map(({ injected }) => injected));

describe.skipIf(reason !== undefined)("where memory or threads are short", () => {
  test("any allocation may fail: ERR_OUT_OF_MEMORY or the right result, inputs unchanged, the next call fine", async () => {
    const reports = await failEach("memory");
    expect(unwell(reports)).toEqual([]);
    // Where these made no allocation, the injector would have missed them.
    for (const name of [
      /^allocate/,
      /^gemm packed/,
      /^prepareGemm/,
      /^packB/,
      /^gemmAsync/,
      /^Muon: construction/,
      /^runSteps$/,
      /^runStepsAsync$/,
    ])
      expect([name, most(reports, name)]).toEqual([name, expect.toSatisfy((n: number) => n > 0)]);
    const refused = reports.reduce((sum, report) => sum + report.refused, 0);
    expect(refused).toBeGreaterThan(1000);
  });

  test("any thread may fail to start: the others compute the same", async () => {
    const reports = await failEach("thread");
    expect(unwell(reports)).toEqual([]);
    for (const name of [
      /^gemm packed/,
      /^gemmAsync/,
      /^Adam on all threads, float32/,
      /^Adam on all threads, int8/,
      /^reductions/,
      /^runSteps, sharded/,
    ])
      expect([name, most(reports, name)]).toEqual([name, 2]);
  });

  describe("at the first call of a process, which also loads the addon,", () => {
    const cold = async (kind: string, n: number) => {
      const { status, signal, lines, stderr } = await runInjected("cold.mjs", [kind, String(n)], {
        DOWNHILL_THREADS: "2",
      });
      expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
      return JSON.parse(lines[0] ?? "") as { failed: boolean; first: { sum?: string; code?: string }; second: { sum?: string } };
    };

    test("any allocation may fail", async () => {
      const { first: expected } = await cold("memory", 0);
      let n = 1;
      for (; ; n++) {
        const { failed, first, second } = await cold("memory", n);
        if (!failed) break;
        expect([expected.sum, undefined]).toContain(first.sum);
        if (first.sum === undefined) expect(first.code).toBe("ERR_OUT_OF_MEMORY");
        expect(second.sum).toBe(expected.sum);
      }
      expect(n).toBeGreaterThan(3);
    });

    test("no thread starts", async () => {
      const { first: expected } = await cold("thread", 0);
      const { failed, first, second } = await cold("thread", 1);
      expect([failed, first, second]).toEqual([true, expected, expected]);
    });
  });
});

/** The BLAS library from the addon's own object files, or why it cannot be made here. */
function blasLibrary(): { path: string } | { reason: string } {
  if (reason !== undefined) return { reason };
  const objects = join(root, "build", "Release", "obj.target", "downhill", "native");
  if (!existsSync(objects)) return { reason: "needs the object files of the node-gyp build" };
  const files = readdirSync(objects, { recursive: true, encoding: "utf8" });
  const core = files.filter((file) => file.endsWith(".o") && !/^(addon|binding\/)/.test(file));
  const sources = ["startup", "errors", "cblas", "fortran"].map((name) => join(root, "native", "blas", `${name}.cc`));
  const path = join(folder, "libdownhill_blas.so");
  const flags = ["-std=c++20", "-O1", "-shared", "-fPIC", `-I${join(root, "native")}`, "-o", path, "-pthread"];
  try {
    execFileSync(process.env.CXX ?? "c++", [...sources, ...core.map((file) => join(objects, file)), ...flags], { stdio: "pipe" });
    return { path };
  } catch (error) {
    return { reason: `the library does not link (${String(error).split("\n")[0]})` };
  }
}

const blas = blasLibrary();
if ("reason" in blas) console.log(`skipped: BLAS where memory is short: ${blas.reason}`);

describe.skipIf("reason" in blas)("the BLAS library where memory or threads are short", () => {
  test.each(["memory", "thread"])("%s: any call may fail, the result is right", async (kind) => {
    let n = 1;
    for (; ; n++) {
      const env = { BLAS: "path" in blas ? blas.path : "", DOWNHILL_THREADS: "3" };
      const { status, signal, lines, stderr } = await runInjected("blas.mjs", [kind, "160", String(n)], env);
      expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
      const { calls, wrong } = JSON.parse(lines[0] ?? "") as { calls: number; wrong: number };
      expect(wrong).toBe(0);
      if (calls < n) break;
    }
    expect(n).toBeGreaterThan(1);
  });
});
