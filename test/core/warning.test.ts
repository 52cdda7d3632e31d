import { expect, test, vi } from "vitest";
import { MomentumAccelerator } from "../../src/optim/index.ts";
import { GradientNormRatio } from "../../src/schedule/index.ts";

test("a form of the texts that can diverge warns once, its default never", () => {
  const emitted: string[] = [];
  const spy = vi.spyOn(process, "emitWarning").mockImplementation((warning) => {
    emitted.push(String(warning));
  });
  const parameter = () => [Float32Array.of(1)];
  new MomentumAccelerator(parameter());
  GradientNormRatio();
  expect(emitted).toEqual([]);
  for (let i = 0; i < 2; i++) {
    new MomentumAccelerator(parameter(), { mode: "literal" });
    GradientNormRatio({ clamp: null });
  }
  expect(emitted).toEqual([expect.stringContaining("MomentumAccelerator"), expect.stringContaining("GradientNormRatio")]);
  spy.mockRestore();
});
