// Every row of docs/faults.md names tests, and those are there.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../backend/child.ts";

const rows = readFileSync(join(root, "docs", "faults.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (?!Case|---)/.test(line))
  .map((line) => line.split(" | ") as [string, string, string]);

test.each(rows)("%s", (_case, _behaviour, tests) => {
  const files = [...tests.matchAll(/`([^`]+)`: ((?:"[^"]+"(?:, )?)+)/g)];
  expect(files.length).toBeGreaterThan(0);
  for (const [, file = "", titles = ""] of files) {
    expect(existsSync(join(root, file)), file).toBe(true);
    const source = readFileSync(join(root, file), "utf8");
    for (const [, title = ""] of titles.matchAll(/"([^"]+)"/g)) expect(source).toContain(title);
  }
});

test("the table has all the cases", () => {
  expect(rows.length).toBeGreaterThanOrEqual(24);
});
