// The numerics version in checkpoints: written, and asked for before a training goes on.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { backendInfo, NUMERICS_VERSION } from "../../src/backend/select.ts";
import { readSafetensors, writeSafetensors } from "../../src/checkpoint/index.ts";
import { dense } from "../../src/nn/layers.ts";
import { Checkpoint } from "../../src/train/callbacks/index.ts";
import { loadModel } from "../../src/train/load-model.ts";
import { sequential } from "../../src/train/sequential.ts";
import { checkNumerics, NUMERICS_KEY } from "../../src/train/state.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-numerics-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const x = Float32Array.from({ length: 40 * 3 }, (_, i) => ((i * 7919) % 97) / 50 - 1);
const y = Float32Array.from({ length: 40 }, (_, i) => x[3 * i] - x[3 * i + 1]);
const options = { batchSize: 16, seed: 5, verbose: 0 } as const;

const build = () =>
  sequential([dense({ units: 1 })], { inputShape: [3], seed: 9 }).compile({ optimizer: "adam", loss: "meanSquaredError" });

/** A checkpoint after one epoch of two whose numerics version is replaced; null removes it. */
async function checkpointOf(name: string, version: string | null | undefined): Promise<string> {
  const path = join(folder, name);
  await build().fit(x, y, { ...options, callbacks: [new Checkpoint({ path })] });
  if (version === undefined) return path;
  const { tensors, metadata } = await readSafetensors(path);
  const { [NUMERICS_KEY]: _, ...others } = metadata;
  await writeSafetensors(path, { tensors, metadata: version === null ? others : { ...others, [NUMERICS_KEY]: version } });
  return path;
}

function warnings(): unknown[] {
  const emitted: unknown[] = [];
  vi.spyOn(process, "emitWarning").mockImplementation((...given: unknown[]) => void emitted.push(...given));
  return emitted;
}

describe("the numerics version of a checkpoint", () => {
  test("is that of backendInfo()", async () => {
    const { metadata } = await readSafetensors(await checkpointOf("written", undefined));
    expect(metadata[NUMERICS_KEY]).toBe(String(backendInfo().numericsVersion));
  });
  test("goes on without a warning under the same version, and as version 1 without one", async () => {
    const emitted = warnings();
    const whole = build();
    await whole.fit(x, y, { ...options, epochs: 2 });
    for (const version of NUMERICS_VERSION === 1 ? [undefined, null] : [undefined]) {
      const model = build();
      await model.fit(x, y, { ...options, epochs: 2, resume: await checkpointOf("same", version) });
      expect(model.trainer.parametersSha256()).toBe(whole.trainer.parametersSha256());
    }
    expect(emitted).toEqual([]);
  });
  test("warns once from an older version, which a file without one has too", () => {
    const emitted = warnings();
    for (let i = 0; i < 2; i++) checkNumerics({ metadata: { [NUMERICS_KEY]: "7" } }, 9);
    for (let i = 0; i < 2; i++) checkNumerics({ metadata: {} }, 9);
    const code = { code: "DOWNHILL_NUMERICS" };
    const text = (version: number) => expect.stringContaining(`of numerics version ${version} goes on under version 9`);
    expect(emitted).toEqual([text(7), code, text(1), code]);
  });
  test.each([
    [String(NUMERICS_VERSION + 1), "ERR_STATE"],
    ["1.5", "ERR_FORMAT"],
    ["0", "ERR_FORMAT"],
    ["-1", "ERR_FORMAT"],
    ["1e0", "ERR_FORMAT"],
    [" 1", "ERR_FORMAT"],
    ["", "ERR_FORMAT"],
    ["one", "ERR_FORMAT"],
    ["9007199254740992", "ERR_FORMAT"],
  ])("%j is refused with %s before anything changes; the weights still predict", async (version, code) => {
    const path = await checkpointOf("refused", version);
    const model = build();
    const before = model.trainer.parametersSha256();
    await expect(model.fit(x, y, { ...options, epochs: 2, resume: path })).rejects.toMatchObject({ code });
    expect(model.trainer.parametersSha256()).toBe(before);
    expect((await loadModel(path)).predict(x).shape).toEqual([40, 1]);
  });
});
