import { expect, test } from "vitest";
import { RMSprop } from "../../src/index.ts";

test("a variance over one step, which is 0, is refused, and said why", () => {
  const params = [new Float32Array(1)];
  for (const options of [
    { average: "instant", centered: true },
    { average: "window", window: 1, centered: true },
  ] as const)
    expect(() => new RMSprop(params, options)).toThrow(
      expect.objectContaining({ code: "ERR_OPTION", message: expect.stringContaining("variance is 0") }),
    );
});

test("momentum that begins later adds its state and keeps the window", () => {
  const theta = Float64Array.of(1);
  const optimizer = new RMSprop([theta], { average: "window", window: 2, learningRate: 0.1, epsilon: 0 });
  optimizer.step([Float64Array.of(3)]);
  expect(theta[0]).toBe(1 - 0.1);
  optimizer.groups[0]!.momentum = 0.5;
  optimizer.step([Float64Array.of(4)]);
  expect(Object.keys(optimizer.stateDict().params[0]!.slots)).toEqual(["H", "b"]);
  expect(theta[0]).toBe(1 - 0.1 - 0.1 * (4 / Math.sqrt((9 + 16) * 0.5)));
});
