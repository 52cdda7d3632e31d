// JavaScript leaves these functions to the implementation, and runtimes differ in the last bits: src/ uses
// core/scalar-math.ts instead (NUMERICS, Scalars). Only + − × ÷, Math.sqrt, Math.fround and exact functions are left.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../../src", import.meta.url));
const forbidden =
  "pow exp expm1 log log1p log2 log10 sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh cbrt hypot random".split(
    " ",
  );
const pattern = new RegExp(`Math\\s*\\??\\.\\s*(${forbidden.join("|")})\\b|Math\\s*\\[|\\*\\*`, "g");

/** Code without comments and text, so that only real uses count. Template text stays: its expressions are code. */
function codeOnly(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, (match) =>
    match.replace(/[^\n]/g, " "),
  );
}

function findings(text: string): string[] {
  const code = codeOnly(text);
  return [...code.matchAll(pattern)].map((match) => `${code.slice(0, match.index).split("\n").length}: ${match[0]}`);
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

test("the search finds each forbidden form and nothing else", () => {
  expect(findings("a = Math.pow(2, 3);\nb = 2 ** 3;\nc = Math.log2(8)")).toEqual(["1: Math.pow", "2: **", "3: Math.log2"]);
  expect(findings("c **= 2")).toHaveLength(1);
  expect(findings('Math["exp"](1)')).toHaveLength(1);
  expect(findings("const { random } = Math\n// Math.exp\n/** 2 ** 3 */\nMath.sqrt(Math.fround(2)); Math.log1pish")).toEqual([]);
  expect(findings('error("no Math.exp here")')).toEqual([]);
});

test.each(files.map((name) => [relative(".", name), join(source, name)]))("%s", (_, path) => {
  const text = readFileSync(path, "utf8");
  expect(findings(text)).toEqual([]);
  // Taking the functions out of Math by destructuring or by another name would hide them.
  expect(codeOnly(text)).not.toMatch(/[=(,:]\s*Math\s*[;,)\n]/);
});
