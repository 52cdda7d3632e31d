import { describe, expect, test } from "vitest";
import { runCli } from "./run-cli.ts";

describe("wrong arguments give one clear line on standard error and exit code 2", () => {
  test.each<[string[], RegExp]>([
    [[], /expected a command: info/],
    [["infoo"], /unknown command "infoo", did you mean info\?/],
    [["constructor"], /unknown command "constructor"/],
    [["info", "--jsno"], /unknown option --jsno, did you mean --json\?/],
    [["info", "--json=1"], /--json: expected no value, received "1"/],
    [["info", "extra"], /unexpected argument "extra"/],
  ])("%o", async (args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^downhill: [^\n]*\n$/);
    expect(stderr).toMatch(message);
  });
  test("an invalid environment variable gives one line and exit code 1", async () => {
    const { code, stderr } = await runCli(["info"], { env: { DOWNHILL_BACKEND: "gpu" } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^downhill: DOWNHILL_BACKEND: expected one of auto, native, reference, received "gpu"\n$/);
  });
});

describe("help", () => {
  test("lists the commands with examples", async () => {
    const { code, stdout } = await runCli(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/downhill info .*\n[\s\S]*Examples:/);
  });
  test("of a command is the same three ways and names every option", async () => {
    const [a, b, c] = await Promise.all([runCli(["info", "--help"]), runCli(["info", "-h"]), runCli(["help", "info"])]);
    expect([a?.code, b?.code, c?.code]).toEqual([0, 0, 0]);
    expect(a?.stdout).toContain("--json");
    expect([b?.stdout, c?.stdout]).toEqual([a?.stdout, a?.stdout]);
  });
  test("--version prints the version alone", async () => {
    expect((await runCli(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("info", () => {
  test("--json prints one document with backend, ISA, threads and what was tried", async () => {
    const { code, stdout } = await runCli(["info", "--json"], { env: { DOWNHILL_BACKEND: "reference" } });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: expect.any(String),
      backend: "reference",
      isa: "typescript",
      threads: 1,
      path: null,
      numericsVersion: 1,
    });
  });
  test("says which addon was not loaded, and why", async () => {
    const env = { DOWNHILL_ADDON: "/nowhere/downhill.node", DOWNHILL_SILENT: "1" };
    const { code, stdout } = await runCli(["info"], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/not loaded +\/nowhere\/downhill\.node: /);
  });
});
