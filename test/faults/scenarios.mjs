// Entry points for fault injection: make() builds fresh arguments; run() is what must survive and returns the arrays that
// it computes; what inputs() returns must keep its bits where run() fails.
import { createRequire } from "node:module";

export const m = createRequire(import.meta.url)("../../dist/index.cjs");

const { Float32Array: F32, Float64Array: F64 } = globalThis;

/** Values that need no generator; none is zero. */
function filled(kind, length, scale = 1) {
  const array = new kind(length);
  for (let i = 0; i < length; i++) array[i] = scale * ((((i * 7919) % 1009) - 500.5) / 512);
  return array;
}

function owned(dtype, length) {
  const array = m.allocate(dtype, length);
  array.set(filled(array.constructor, length));
  return array;
}

const gemmOptions = (kind, size, more = {}) => {
  const a = filled(kind, size * size);
  const b = filled(kind, size * size, 0.5);
  const c = filled(kind, size * size, 2);
  return { m: size, n: size, k: size, a, b, c, beta: 0.5, ...more };
};

const product = (call, kind, size, more) => () => {
  const options = gemmOptions(kind, size, more);
  return { inputs: () => [options.a, options.b, options.c], run: () => call(options) };
};

const scenarios = {
  "allocate, small": () => ({ inputs: () => [], run: () => [m.allocate("float32", 1000)] }),
  "allocate, large": () => ({ inputs: () => [], run: () => [m.allocate("float64", 1 << 19)] }),
  "matmul of a batch": () => {
    const [a, b] = [filled(F32, 2 * 40 * 30), filled(F32, 30 * 20)];
    return { inputs: () => [a, b], run: () => [m.matmul(m.tensor(a, [2, 40, 30]), m.tensor(b, [30, 20])).data] };
  },
  "reductions and clipping": () => {
    const gradients = [filled(F32, 200_000), filled(F64, 100)];
    const run = () => {
      const norm = m.globalNorm(gradients);
      m.clipByGlobalNorm(gradients, norm / 2);
      return gradients;
    };
    return { inputs: () => gradients, run };
  },
  "adaptive clipping, penalties and sums of gradients": () => {
    const { params, gradients } = parts(F32);
    const arrays = gradients.map((g) => g.data ?? g);
    const run = () => {
      m.adaptiveClip(gradients, params, { clipping: 0.001 });
      const kept = arrays.map((g) => g.slice());
      m.addL1L2(kept, params, { l1: 0.1, l2: 0.1 });
      m.clipByNorm(kept, 0.5);
      const accumulator = new m.GradientAccumulator();
      for (const part of [kept, arrays]) accumulator.add(part);
      return [...accumulator.mean(), F64.of(m.allFinite(kept) ? 1 : 0)];
    };
    return { inputs: () => params.map((p) => p.data ?? p), run };
  },
  "averages of weights": () => {
    const { params } = parts(F32);
    const arrays = params.map((p) => p.data ?? p);
    const run = () => {
      const ema = new m.EMA(params, { decay: 0.5 });
      for (let k = 0; k < 2; k++) ema.update();
      return ema.average;
    };
    return { inputs: () => arrays, run };
  },
  "look-ahead": () => {
    const { params, gradients } = parts(F32);
    const run = () => {
      const optimizer = new m.Lookahead(new m.SGD(params), { period: 1 });
      optimizer.step(gradients);
      return optimizer.slow;
    };
    return { inputs: () => gradients.map((g) => g.data ?? g), run };
  },
  backendInfo: () => ({ inputs: () => [], run: () => [F64.of(m.backendInfo().threads, m.backendInfo().isas.length)] }),
};

for (const [label, kind] of [
  ["float32", F32],
  ["float64", F64],
]) {
  for (const [name, size, more] of [
    ["tiny", 8, {}],
    ["packed on all threads", 300, { transA: true }],
    ["of transposed B", 120, { transB: true }],
    ["of both transposed", 120, { transA: true, transB: true }],
    ["narrow", 200, { n: 5, ldb: 200, ldc: 200 }],
    ["few rows", 200, { m: 2, transB: true }],
    ["one row", 200, { m: 1 }],
  ]) {
    scenarios[`gemm ${name}, ${label}`] = product((o) => [m.gemm(o)], kind, size, more);
  }
  scenarios[`prepareGemm, ${label}`] = product((o) => [m.prepareGemm(o).run()], kind, 130, { transB: true });
  scenarios[`packB and prepareGemm, ${label}`] = product(
    (o) => {
      const b = m.packB({ n: o.n, k: o.k, b: o.b, transB: true });
      return [m.prepareGemm({ ...o, b }).run()];
    },
    kind,
    130,
  );
  scenarios[`gemmAsync of plain arrays, ${label}`] = product(async (o) => [await m.gemmAsync(o)], kind, 130, { transB: true });
  scenarios[`gemmBatched, ${label}`] = product(
    (o) => [m.gemmBatched({ ...o, m: 8, n: 8, k: 8, batch: 200, lda: 8, ldb: 8, ldc: 8 })],
    kind,
    130,
  );
  scenarios[`gemmAsync of owned arrays, ${label}`] = () => {
    const [a, b, c] = [owned(label, 10_000), owned(label, 10_000), owned(label, 10_000)];
    return { inputs: () => [a, b, c], run: async () => [await m.gemmAsync({ m: 100, n: 100, k: 100, a, b, c, beta: 1 })] };
  };
}

/** Everything an optimizer holds that a failed call must not change. */
const held = (optimizer, params) => [
  ...params.map((p) => p.data ?? p),
  ...optimizer
    .stateDict()
    .params.flatMap((p) => [...Object.values(p.slots), p.step].map((s) => (typeof s === "number" ? F64.of(s) : s))),
];

/** A scenario of an optimizer: it holds the same where run() fails. */
const keeps = (optimizer, params, run) => ({
  inputs: () => held(optimizer, params),
  run: () => {
    run();
    return held(optimizer, params);
  },
});

const isOptimizer = (value) => typeof value === "function" && value !== m.Optimizer && value.prototype instanceof m.Optimizer;

function parts(kind) {
  const params = [m.tensor(filled(kind, 120), [6, 20]), filled(kind, 33), filled(kind, 5000)];
  const gradients = [m.tensor(filled(kind, 120, 0.1), [6, 20]), filled(kind, 33, 0.1), filled(kind, 5000, 0.1)];
  return { params, gradients };
}

const variants = [
  ...Object.keys(m)
    .filter((name) => isOptimizer(m[name]) && name !== "MultiOptimizer")
    .map((name) => [name, name, {}]),
  ["Adam with bf16 state", "Adam", { stateType: "bf16" }],
  ["Adam with int8 state", "Adam", { stateType: "int8" }],
  ["Adam with adaptive clipping", "Adam", { clipAdaptive: 0.01, monitor: true }],
  ["LAMB with adaptive clipping", "LAMB", { clipAdaptive: 0.01 }],
  ["RMSprop with a window", "RMSprop", { average: "window", window: 2, centered: true, momentum: 0.5, clipNorm: 0.1 }],
  ["SGD with clipping", "SGD", { momentum: 0.9, clipGlobalNorm: 0.1, skipNonFinite: true }],
];
for (const [label, name, options] of variants) {
  for (const kind of options.stateType ? [F32] : [F32, F64]) {
    const dtype = kind === F32 ? "float32" : "float64";
    scenarios[`${label}: construction and first step, ${dtype}`] = () => {
      const { params, gradients } = parts(kind);
      const run = () => {
        new m[name](params, options).step(gradients, { loss: 1.5 });
        return params.map((p) => p.data ?? p);
      };
      return { inputs: () => params.map((p) => p.data ?? p), run };
    };
    if (kind === F64) continue;
    const stepped = (call) => () => {
      const { params, gradients } = parts(kind);
      const optimizer = new m[name](params, options);
      optimizer.step(gradients, { loss: 1.5 });
      return keeps(optimizer, params, () => call({ optimizer, gradients }));
    };
    scenarios[`${label}: a step where a gradient is null`] = stepped(({ optimizer, gradients }) =>
      optimizer.step([gradients[0], null, gradients[2]], { loss: 1.5 }),
    );
    scenarios[`${label}: stateDict and loadStateDict`] = stepped(({ optimizer }) =>
      optimizer.loadStateDict(optimizer.stateDict()),
    );
    scenarios[`${label}: a step after addGroup`] = () => {
      const { params, gradients } = parts(kind);
      const optimizer = new m[name](params, options);
      optimizer.step(gradients, { loss: 1.5 });
      optimizer.addGroup({ params: [filled(kind, 50)] });
      return keeps(optimizer, params, () => optimizer.step([...gradients, filled(kind, 50)], { loss: 1.5 }));
    };
  }
}
for (const options of [{}, { stateType: "int8" }]) {
  scenarios[`Adam on all threads, ${options.stateType ?? "float32"}`] = () => {
    const [params, gradients] = [[filled(F32, 100_000)], [filled(F32, 100_000, 0.1)]];
    const optimizer = new m.Adam(params, options);
    return keeps(optimizer, params, () => optimizer.step(gradients));
  };
}
scenarios["SGD: momentum given later adds slots"] = () => {
  const { params, gradients } = parts(F32);
  const optimizer = new m.SGD(params, { learningRate: 0.1 });
  optimizer.step(gradients);
  const run = () => {
    optimizer.groups[0].momentum = 0.5;
    optimizer.step(gradients);
    return held(optimizer, params);
  };
  return {
    inputs: () => params.map((p) => p.data ?? p),
    run,
  };
};

/** A small network with its data; dropout and layer normalisation so that programs have all kinds of instructions. */
function training(options = {}) {
  const network = m.sequentialNetwork([
    m.layers.dense({ units: 24, activation: "relu", inputShape: [12] }),
    m.layers.layerNormalization(),
    m.layers.dropout({ rate: 0.2 }),
    m.layers.dense({ units: 3 }),
  ]);
  const trainer = m.createTrainer({ network, optimizer: (p) => new m.Adam(p), loss: "meanSquaredError", ...options });
  return {
    trainer,
    x: filled(F32, 70 * 12),
    y: filled(F32, 70 * 3),
    order: Uint32Array.from({ length: 70 }, (_, i) => (i * 11) % 70),
  };
}
const weights = (trainer) => trainer.parameters.map(({ tensor }) => tensor.data);
const trained = (call, options) => () => {
  const made = training(options);
  made.trainer.setData({ x: made.x, y: made.y });
  return {
    inputs: () => weights(made.trainer),
    run: () => call(made),
  };
};
scenarios["createTrainer and setData"] = () => ({
  inputs: () => [],
  run: () => {
    const { trainer, x, y } = training();
    trainer.setData({ x, y });
    return weights(trainer);
  },
});
for (const [label, options] of [
  ["", {}],
  [", sharded", { shards: 3, workers: 2 }],
  [", clipped", { clip: { globalNorm: 0.1 } }],
]) {
  scenarios[`runSteps${label}`] = trained(({ trainer, order }) => {
    trainer.runSteps(order, { batchSize: 32 });
    return weights(trainer);
  }, options);
  scenarios[`runStepsAsync${label}`] = trained(async ({ trainer, order }) => {
    await trainer.runStepsAsync(order, { batchSize: 32 });
    return weights(trainer);
  }, options);
}
scenarios["predict of one row and of many"] = trained(({ trainer, x }) => [
  trainer.predict(x.subarray(0, 12)),
  trainer.predict(x),
]);
scenarios.evaluate = trained(({ trainer, x, y }) => [trainer.evaluate({ x, y }).outputs]);
scenarios["compile, fit and predict of a model"] = () => {
  const { x, y } = training();
  const run = async () => {
    const model = m.sequential([
      m.layers.dense({ units: 8, activation: "tanh", inputShape: [12] }),
      m.layers.dense({ units: 3 }),
    ]);
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    await model.fit(m.tensor(x, [70, 12]), m.tensor(y, [70, 3]), { epochs: 2, batchSize: 16, verbose: 0 });
    const out = await model.predict(m.tensor(x, [70, 12]));
    return [out.data ?? out];
  };
  return { inputs: () => [x, y], run };
};

export default scenarios;
