// Runs every test runner and ends with one line that sums over all of them. A test without an end, because its process died,
// is named: vitest does not say which.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
const folder = mkdtempSync(join(tmpdir(), "downhill-test-"));
const report = join(folder, "vitest.json");
const result = spawnSync(
  process.execPath,
  [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { cwd: root, stdio: ["ignore", 1, 2] },
);
let passed = 0;
let failed = result.status === 0 ? 0 : 1;
let skipped = 0;
try {
  const summary = JSON.parse(readFileSync(report, "utf8"));
  const unfinished = summary.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.filter(({ status }) => status === "pending").map(({ fullName }) => `${relative(root, name)}: ${fullName}`),
  );
  for (const test of unfinished) process.stderr.write(`test: not finished: ${test}\n`);
  passed = summary.numPassedTests;
  failed = Math.max(failed, summary.numFailedTests + unfinished.length);
  skipped = summary.numTotalTests - passed - summary.numFailedTests - unfinished.length;
} catch (error) {
  process.stderr.write(`test: no report from vitest: ${error.message}\n`);
}
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
