// Whole trainings: native against the reference bit for bit, however the steps are cut, and on any number of threads.
import { afterEach, describe, expect, it } from "vitest";
import { loadAddon } from "../../src/backend/native/load.ts";
import { setBackend, setThreads } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import type { Dtype } from "../../src/core/types.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam } from "../../src/optim/adam.ts";
import { createTrainer } from "../../src/train/engine.ts";
import type { TrainerOptions } from "../../src/train/trainer.ts";

const ROWS = 70;
const FEATURES = 19;

function dataset(dtype: Dtype) {
  const draw = (i: number) => uniform(7, 1, i) * 2 - 1;
  const x = Array.from({ length: ROWS * FEATURES }, (_, i) => draw(i));
  const y = Int32Array.from({ length: ROWS }, (_, r) => Math.floor(uniform(7, 2, r) * 5));
  return { x: dtype === "float32" ? Float32Array.from(x) : Float64Array.from(x), y };
}

function network(dtype: Dtype) {
  return sequentialNetwork(
    [
      layers.dense({ units: 33, activation: "relu", kernelInitializer: "heNormal", inputShape: [FEATURES] }),
      layers.dropout({ rate: 0.3 }),
      layers.batchNormalization(),
      layers.dense({ units: 17, activation: "gelu" }),
      layers.layerNormalization(),
      layers.dense({ units: 5, activation: "softmax" }),
    ],
    { dtype, seed: 11 },
  );
}

function trainer(dtype: Dtype, options: Partial<TrainerOptions> = {}) {
  const made = createTrainer({
    network: network(dtype),
    optimizer: (params) => new Adam(params, { learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    ...options,
  });
  made.setData(dataset(dtype));
  return made;
}

const order = Uint32Array.from({ length: ROWS }, (_, i) => (i * 13) % ROWS);

function outcome(dtype: Dtype, options: Partial<TrainerOptions> = {}, accumulate = 1) {
  const made = trainer(dtype, options);
  const { losses, correct } = made.runSteps(order, { batchSize: 16, accumulate });
  const buffers = made.network.buffers.map(({ tensor }) => [...tensor.data]);
  const { loss } = made.evaluate(dataset(dtype));
  const outputs = [...made.predict(dataset(dtype).x)];
  return { losses: [...losses], correct: [...correct], hash: made.parametersSha256(), buffers, loss, outputs };
}

afterEach(() => {
  setBackend("auto");
  setThreads(2);
});

describe("a training on native and in the reference", () => {
  const variants: [string, Partial<TrainerOptions>, number][] = [
    ["plain", {}, 1],
    ["with shards", { shards: 3, workers: 2 }, 1],
    ["with accumulation", {}, 2],
    ["with shards and accumulation", { shards: 2 }, 2],
    ["clipped by value", { clip: { value: 0.001 } }, 1],
    ["clipped by norm", { clip: { norm: 0.01 } }, 1],
    ["clipped by global norm", { clip: { globalNorm: 0.05 } }, 1],
    ["with class weights", { classWeight: [1, 2, 0.5, 0, 1] }, 1],
  ];
  for (const [name, options, accumulate] of variants) {
    it(`gives the same bits ${name}`, () => {
      setBackend("native");
      const native = outcome("float32", options, accumulate);
      setBackend("reference", { exact: true });
      expect(outcome("float32", options, accumulate)).toEqual(native);
      expect(native.losses.every(Number.isFinite)).toBe(true);
    });
  }
});

const { addon } = loadAddon();
if (!addon) throw new Error("these tests need the addon: npm run build");

describe("native trainings", () => {
  const reference = (dtype: Dtype) => {
    setBackend("native");
    return outcome(dtype, { shards: 2 });
  };

  for (const isa of addon.isas()) {
    it(`has the same float32 bits on ${isa}`, () => {
      const expected = reference("float32");
      const before = addon.isa();
      addon.setIsa(isa);
      try {
        expect(outcome("float32", { shards: 2 })).toEqual(expected);
      } finally {
        addon.setIsa(before);
      }
    });
  }

  for (const dtype of ["float32", "float64"] as const) {
    it(`does not depend on threads or workers in ${dtype}`, () => {
      const expected = reference(dtype);
      for (const [threads, workers] of [
        [1, 1],
        [3, 1],
        [4, 2],
      ]) {
        setThreads(threads);
        expect(outcome(dtype, { shards: 2, workers })).toEqual(expected);
      }
    });
  }

  it("gives the reference's float64 bits where no product is fused", () => {
    const run = () => outcome("float64");
    setBackend("native");
    const native = run();
    setBackend("reference", { exact: true });
    const plain = run();
    // float64 products are fused on one side only: relative differences of some 2⁻⁵² per term, grown over five updates.
    native.losses.forEach((loss, i) => {
      expect(Math.abs(loss - plain.losses[i])).toBeLessThan(1e-9);
    });
    expect(native.correct).toEqual(plain.correct);
  });
});

describe("runs of many steps", () => {
  for (const backend of ["native", "reference"] as const) {
    it(`have the bits of single steps on ${backend}`, async () => {
      setBackend(backend, { exact: true });
      const whole = trainer("float32");
      const once = whole.runSteps(order, { batchSize: 16 });
      const cut = trainer("float32");
      const losses: number[] = [];
      let position = 0;
      while (position < order.length) {
        const result = cut.runSteps(order, { batchSize: 16, begin: position, end: Math.min(order.length, position + 16) });
        losses.push(...result.losses);
        position = result.position;
      }
      expect(losses).toEqual([...once.losses]);
      expect(cut.parametersSha256()).toBe(whole.parametersSha256());
      const later = trainer("float32");
      const asynchronous = await later.runStepsAsync(order, { batchSize: 16 });
      expect(asynchronous).toEqual(once);
      expect(later.parametersSha256()).toBe(whole.parametersSha256());
      expect(later.generatorState()).toEqual(whole.generatorState());
    });

    it(`stop at a step boundary when aborted on ${backend}`, async () => {
      setBackend(backend, { exact: true });
      const made = trainer("float32");
      const controller = new AbortController();
      const long = new Uint32Array(200_000);
      const pending = made.runStepsAsync(long, { batchSize: 8, signal: controller.signal });
      expect(() => made.runSteps(order, { batchSize: 8 })).toThrow(expect.objectContaining({ code: "ERR_BUSY" }));
      expect(() => made.loadParameters([])).toThrow(expect.objectContaining({ code: "ERR_BUSY" }));
      setTimeout(() => controller.abort(), 20);
      const result = await pending;
      expect(result.aborted).toBe(true);
      expect(result.position).toBe(result.updates * 8);
      expect(result.losses.length).toBe(result.updates);
      expect(result.position).toBeLessThan(long.length);
      // The steps done are those of a synchronous run of the same length.
      const again = trainer("float32");
      again.runSteps(long, { batchSize: 8, end: result.position });
      expect(again.parametersSha256()).toBe(made.parametersSha256());
    });
  }

  it("leave the event loop free", async () => {
    setBackend("native");
    const made = trainer("float32");
    let running = true;
    const pending = made.runStepsAsync(new Uint32Array(40_000), { batchSize: 8 }).finally(() => {
      running = false;
    });
    let turns = 0;
    while (running) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    const { updates } = await pending;
    expect(updates).toBe(5000);
    // Ten calls of 512 updates each; were they made on this thread, there would be about one turn per call.
    expect(turns).toBeGreaterThan(50);
  });

  it("take the learning rate of each update", () => {
    setBackend("native");
    const made = trainer("float32");
    const before = made.parametersSha256();
    made.runSteps(order, { batchSize: 16, learningRates: new Float64Array(5) });
    expect(made.parametersSha256()).toBe(before);
  });

  it("end after a loss that is not finite where asked", () => {
    setBackend("native");
    const made = trainer("float32");
    const data = dataset("float32");
    data.x[16 * FEATURES] = Number.NaN;
    made.setData(data);
    const straight = Uint32Array.from({ length: ROWS }, (_, i) => i);
    const result = made.runSteps(straight, { batchSize: 16, stopOnNonFinite: true });
    expect(result.updates).toBe(2);
    expect(Number.isFinite(result.losses[0])).toBe(true);
    expect(result.losses[1]).toBeNaN();
  });
});

describe("bad input", () => {
  const refused = (code: string) => expect.objectContaining({ code });
  it("is refused before anything runs", () => {
    const made = trainer("float32");
    const before = made.parametersSha256();
    const { x, y } = dataset("float32");
    expect(() => made.runSteps(Uint32Array.of(0, ROWS), { batchSize: 1 })).toThrow(refused("ERR_RANGE"));
    expect(() => made.runSteps(Int32Array.of(0, -1), { batchSize: 1 })).toThrow(refused("ERR_RANGE"));
    expect(() => made.runSteps([0, 1] as unknown as Int32Array, { batchSize: 1 })).toThrow(refused("ERR_DTYPE"));
    expect(() => made.runSteps(order, { batchSize: 0 })).toThrow(refused("ERR_RANGE"));
    expect(() => made.runSteps(order, { batchSize: 8, begin: 9, end: 3 })).toThrow(refused("ERR_RANGE"));
    expect(() => made.setData({ x, y: y.subarray(1) })).toThrow(refused("ERR_LENGTH"));
    expect(() => made.setData({ x: x.subarray(1), y })).toThrow(refused("ERR_LENGTH"));
    expect(() => made.setData({ x: Float64Array.from(x), y })).toThrow(refused("ERR_DTYPE"));
    expect(() => made.setData({ x, y: y.map((label) => label + 1) })).toThrow(refused("ERR_RANGE"));
    expect(() => made.setData({ x, y: Float32Array.from(y) })).toThrow(refused("ERR_DTYPE"));
    expect(() => made.evaluate({ x: x.subarray(0, 0), y: y.subarray(0, 0) })).toThrow(refused("ERR_SHAPE"));
    expect(() => made.predict(x.subarray(1))).toThrow(refused("ERR_LENGTH"));
    expect(() => made.predict(x, new Float32Array(3))).toThrow(refused("ERR_LENGTH"));
    expect(made.parametersSha256()).toBe(before);
    expect(() => trainer("float32", { loss: "nothing" })).toThrow(refused("ERR_OPTION"));
    expect(() => trainer("float32", { clip: { norm: 1, value: 1 } })).toThrow(refused("ERR_OPTION"));
    expect(() => layers.dense({ units: 3, activaton: "relu" } as never)).toThrow(refused("ERR_OPTION"));
  });
});

describe("prediction", () => {
  it("of one row equals that row of a batch", () => {
    setBackend("native");
    const made = trainer("float32");
    made.runSteps(order, { batchSize: 16 });
    const { x } = dataset("float32");
    const batch = made.predict(x);
    for (const row of [0, 1, 69]) {
      const alone = made.predict(x.slice(row * FEATURES, (row + 1) * FEATURES));
      expect([...alone]).toEqual([...batch.subarray(row * 5, (row + 1) * 5)]);
    }
  });
});
