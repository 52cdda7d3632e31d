// Clipping and the non-finite guard as options of the optimizer, in fit(): beside compile({ clip }), with accumulation,
// schedules and resume.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dense } from "../../src/nn/layers.ts";
import type { Adam } from "../../src/optim/index.ts";
import { cosine } from "../../src/schedule/index.ts";
import { Checkpoint, type FitOptions } from "../../src/train/index.ts";
import type { CompileOptions } from "../../src/train/model.ts";
import { type Model, sequential } from "../../src/train/sequential.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-guards-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ROWS = 96;
const x = Float32Array.from({ length: ROWS * 3 }, (_, i) => ((i * 7919) % 997) / 500 - 1);
const y = Float32Array.from({ length: ROWS }, (_, i) => 3 * x[3 * i]! - x[3 * i + 1]! + 1);
const options = { batchSize: 8, epochs: 3, seed: 2, verbose: 0 } as const satisfies FitOptions;

function build(optimizer: object, more: Partial<CompileOptions> = {}): Model {
  const model = sequential([dense({ units: 6, activation: "tanh" }), dense({ units: 1 })], { inputShape: [3], seed: 8 });
  return model.compile({
    optimizer: { name: "adam", learningRate: 0.05, ...optimizer },
    loss: "meanSquaredError",
    schedule: cosine({ steps: 36 }),
    ...more,
  });
}

async function trained(model: Model, extra: FitOptions = {}, inputs = x): Promise<number[][]> {
  await model.fit(inputs, y, { ...options, ...extra });
  return model.network.parameters.map(({ tensor }) => [...tensor.data]);
}

describe("fit with an optimizer that clips", () => {
  test.each([
    ["clipValue", { clipValue: 0.02 }, { value: 0.02 }],
    ["clipNorm", { clipNorm: 0.05 }, { norm: 0.05 }],
    ["clipGlobalNorm", { clipGlobalNorm: 0.1 }, { globalNorm: 0.1 }],
  ])("%s gives the bits of compile({ clip })", async (_, own, clip) => {
    const plain = await trained(build({}));
    for (const extra of [{}, { accumulate: 3 }]) {
      const clipped = await trained(build(own), extra);
      expect(clipped).toEqual(await trained(build({}, { clip }), extra));
      expect(clipped).not.toEqual(plain);
    }
  });
  test("resumes to the same bits, in steps and with Lookahead too", async () => {
    const path = join(folder, "clip.safetensors");
    const own = { clipGlobalNorm: 0.1, skipNonFinite: true };
    const whole = await trained(build(own, { lookahead: true }));
    await trained(build(own, { lookahead: true }), { stopWhen: { maxSteps: 17 }, callbacks: [new Checkpoint({ path })] });
    const everyStep = { onStepEnd: () => {} };
    expect(await trained(build(own, { lookahead: true }), { resume: path, callbacks: [everyStep] })).toEqual(whole);
  });
});

describe("fit with skipNonFinite", () => {
  const bad = x.slice();
  bad[3 * 50] = Number.NaN;

  test("leaves out the updates of a bad row, and no others", async () => {
    const model = build({ skipNonFinite: true });
    const weights = await trained(model, {}, bad);
    expect(weights.flat().every(Number.isFinite)).toBe(true);
    expect((model.trainer.optimizer as Adam).skippedSteps).toBe(options.epochs);
    expect((await trained(build({}), {}, bad)).flat().some(Number.isFinite)).toBe(false);
  });
  test.each([{}, { lookahead: { period: 4, alpha: 0.5 } }])(
    "resumes after a skipped update to the same bits %o",
    async (more) => {
      const path = join(folder, "skip.safetensors");
      const guarded = () => build({ skipNonFinite: true }, more);
      const whole = await trained(guarded(), {}, bad);
      for (const maxSteps of [10, 13, 30])
        await trained(
          guarded(),
          { stopWhen: { maxSteps }, callbacks: [new Checkpoint({ path })], ...(maxSteps > 10 ? { resume: path } : {}) },
          bad,
        );
      expect(await trained(guarded(), { resume: path }, bad)).toEqual(whole);
    },
  );
  test("validation with averaged weights stays finite", async () => {
    const { history } = await build({ skipNonFinite: true }).fit(bad, y, {
      ...options,
      average: "ema",
      validationData: { x, y },
    });
    expect(history.val_loss!.every(Number.isFinite)).toBe(true);
  });
});
