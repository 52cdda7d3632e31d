// Runs the conformance cases over dist/ in plain Node: for emulators and runtimes where vitest does not start.
// Arguments are words that a case's name must contain. Ends with "N passed, N failed, N skipped".
import { allCases } from "./cases.mjs";

const api = await import(new URL("../../dist/testing.js", import.meta.url));
const words = process.argv.slice(2);
let [passed, failed, skipped] = [0, 0, 0];
for (const { name, run, skip } of allCases(api)) {
  if (!words.every((word) => name.includes(word))) continue;
  if (skip) {
    skipped++;
    console.log(`skipped: ${name}: ${skip}`);
    continue;
  }
  try {
    run();
    passed++;
  } catch (error) {
    failed++;
    console.log(`failed: ${name}\n  ${error.message}`);
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
