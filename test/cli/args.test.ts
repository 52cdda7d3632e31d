import { describe, expect, test } from "vitest";
import { optionHelp, parseCommand, UsageError } from "../../src/cli/args.ts";
import { parseModel } from "../../src/cli/model-spec.ts";

const TABLE = {
  epochs: { type: "integer", minimum: 1, help: "Passes" },
  share: { type: "number", minimum: 0, below: 1, help: "Share" },
  name: { type: "string", value: "NAME", help: "First line\nsecond line" },
  kind: { type: "string", oneOf: ["auto", "native"], help: "Kind" },
  json: { type: "boolean", short: "j", help: "JSON" },
} as const;
const parse = (...args: string[]) => parseCommand(args, TABLE, { min: 0, max: 1, names: "a file" });

describe("parseCommand", () => {
  test("reads values in all forms", () => {
    expect(parse("--epochs", "3", "file", "--share=0.5", "-j", "--name", "x y")).toEqual({
      values: { epochs: 3, share: 0.5, name: "x y", json: true },
      positionals: ["file"],
    });
    expect(parse("--", "--epochs").positionals).toEqual(["--epochs"]);
    expect(parse("--share", "1e-3").values.share).toBe(0.001);
  });
  test.each<[string[], RegExp]>([
    [["--epochs", "0"], /^--epochs: expected an integer of at least 1, received "0"$/],
    [["--epochs", "1.5"], /expected an integer/],
    [["--epochs", "ten"], /received "ten"/],
    [["--epochs="], /received ""/],
    [["--epochs"], /expected a value, received nothing/],
    [["--share", "1"], /expected a number of at least 0 and below 1/],
    [["--share", "Infinity"], /received "Infinity"/],
    [["--kind", "nativ"], /expected one of auto, native, received "nativ", did you mean native\?/],
    [["--eposch", "3"], /unknown option --eposch, did you mean --epochs\?/],
    [["-x"], /unknown option -x/],
    [["--no-json"], /unknown option --no-json/],
    [["--__proto__", "1"], /unknown option --__proto__/],
    [["a", "b"], /unexpected argument "b"/],
  ])("refuses %o", (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });
  test("the help has a line per option and indents further lines", () => {
    const lines = optionHelp(TABLE).split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[3]).toMatch(/^ +second line$/);
    expect(lines[4]).toContain("--kind auto|native");
  });
});

describe("parseModel", () => {
  test("reads layers", () => {
    expect(parseModel("64 relu, dropout 0.2,batchnorm , 32 leaky-relu, 8")).toEqual([
      { kind: "dense", units: 64, activation: "relu" },
      { kind: "dropout", rate: 0.2 },
      { kind: "batchnorm" },
      { kind: "dense", units: 32, activation: "leakyRelu" },
      { kind: "dense", units: 8, activation: "linear" },
    ]);
    expect([parseModel("none"), parseModel("")]).toEqual([[], []]);
  });
  test.each<[string, RegExp]>([
    ["64 rellu", /unknown activation "rellu", did you mean relu\?/],
    ["0 relu", /1 to 1000000 units/],
    ["dropout", /expected "dropout RATE"/],
    ["dropout 1", /a rate in \[0, 1\)/],
    ["64 relu 3", /at most two words/],
    ["drop 0.2", /received "drop 0.2"/],
    ["64 relu,,32", /received ""/],
    ["batchnorm 3", /received "batchnorm 3"/],
  ])("refuses %o", (text, message) => {
    expect(() => parseModel(text)).toThrow(message);
  });
});
