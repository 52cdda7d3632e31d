// FAULTS 24: kill -9 during a save, 200 times: the old or the new checkpoint is there in full, always.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSafetensors } from "../../src/checkpoint/file.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

const KILLS = 200;
const AT_ONCE = 4;
const ELEMENTS = 100_000;

/** Saves without end, each time all elements equal to a counter that goes on from the file. */
const SAVER = `
import { readSafetensors, writeSafetensors } from "./checkpoint/file.js";
const path = process.argv[2];
let n = await readSafetensors(path).then((c) => Number(c.metadata.n), () => 0);
process.stdout.write("ready");
for (;;) {
  n++;
  const data = new Float32Array(${ELEMENTS}).fill(n);
  await writeSafetensors(path, { tensors: new Map([["w", { dtype: "F32", shape: [data.length], data }]]), metadata: { n: String(n) } });
}`;

/** Transpiles a module of src/ and, through its imports, all that it needs into the folder. */
function transpile(file: string, done = new Set<string>()): void {
  if (done.has(file)) return;
  done.add(file);
  const source = readFileSync(fileURLToPath(new URL(`../../src/${file}.ts`, import.meta.url)), "utf8");
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, `${file}.js`), outputText.replaceAll(/(from "[^"]*)\.ts"/g, '$1.js"'));
  for (const [, target] of outputText.matchAll(/from "(\.[^"]*)\.ts"/g)) transpile(join(dirname(file), target as string), done);
}

beforeAll(() => {
  transpile("checkpoint/file");
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "saver.js"), SAVER);
});

/** Kills a saver `delay` milliseconds after it began, but not before a first checkpoint is there. */
async function killOnce(path: string, delay: number): Promise<void> {
  const child = spawn(process.execPath, [join(folder, "saver.js"), path], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  await Promise.race([new Promise((resolve) => child.stdout.once("data", resolve)), closed]);
  do await new Promise((resolve) => setTimeout(resolve, delay));
  while (!existsSync(path) && child.exitCode === null);
  child.kill("SIGKILL");
  await closed;
  expect(child.signalCode).toBe("SIGKILL");
}

test(`${KILLS} kills leave ${KILLS} valid checkpoints and no heap of temporary files`, async () => {
  const saved = await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, lane) => {
      const path = join(folder, `state-${lane}.safetensors`);
      let last = 0;
      for (let k = 0; k < KILLS / AT_ONCE; k++) {
        // Delays of 1 to 25 ms hit any moment of a save.
        await killOnce(path, 1 + ((k * 7 + lane * 3) % 25));
        const { tensors, metadata } = await readSafetensors(path);
        const n = Number(metadata.n);
        expect(n).toBeGreaterThanOrEqual(last);
        const data = tensors.get("w")?.data as Float32Array;
        expect(data.length === ELEMENTS && data.every((x) => x === n)).toBe(true);
        last = n;
      }
      return last;
    }),
  );
  for (const n of saved) expect(n).toBeGreaterThan(1);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp")).length).toBeLessThanOrEqual(AT_ONCE);
});
