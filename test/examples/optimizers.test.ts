// The examples of optimizers and schedules run and show what they promise. They import the built package.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = existsSync(`${root}/dist/index.js`);
if (!built) console.log("skipped: dist/ is not built (npm run build)");

function run(example: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`examples/${example}.mjs`], { cwd: root, encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stdout;
}

test.skipIf(!built)("own-loop trains with every tool and skips nothing", () => {
  const out = run("own-loop");
  expect(Number(/loss ([\d.]+) with averaged/.exec(out)?.[1])).toBeLessThan(0.53);
  expect(out).toContain("0 steps skipped");
});

test.skipIf(!built)("find-learning-rate suggests a rate that trains", () => {
  const out = run("find-learning-rate");
  expect(Number(/suggested learning rate: ([\d.e-]+)/.exec(out)?.[1])).toBeGreaterThan(1e-4);
  expect(Number(/loss ([\d.e-]+) after/.exec(out)?.[1])).toBeLessThan(0.01);
});

test.skipIf(!built)("schedules draws each schedule", () => {
  expect(run("schedules").match(/step 0/g)).toHaveLength(11);
});
