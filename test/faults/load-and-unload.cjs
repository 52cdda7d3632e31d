// Loads and unloads the addon in as many workers as told, four at a time; each computes one product and one optimizer step.
// Prints how much memory was in use after the first fifth and at the end, and which results there were. Arguments: addon, count.
const { Worker } = require("node:worker_threads");

const [addon, count] = [process.argv[2], Number(process.argv[3])];
const program = `
  const addon = require(${JSON.stringify(addon)});
  const [a, c] = [new Float32Array(64 * 64).fill(0.5), new Float32Array(64 * 64)];
  addon.gemmControl.set([64, 64, 64, 64, 64, 64, 64, 0, 1, 0, 1]);
  addon.gemm(a, a, c, null, null);
  const rule = addon.optimRules().find(({ slots }) => slots === "");
  const coefficients = rule.coefficients.split(" ").map(() => 0.5);
  const control = new Float64Array(addon.allocate(8 * 64), 0, 6 + coefficients.length + 8);
  const parameter = new Float32Array(addon.allocate(4000));
  const plan = addon.createStepPlan([{ rule: rule.name, f64: false, tensors: [{ parameter, slots: [] }] }], control);
  addon.bindStepPlan(plan.handle, [parameter], [parameter.map(() => 1)]);
  control.set([1, 1, Infinity, 0, 0, 1, ...coefficients]);
  plan.run(control);
  require("node:worker_threads").parentPort.postMessage([c[77], parameter[77]].join());
`;

let started = 0;
let ended = 0;
let early = 0;
const results = new Set();

const one = () =>
  new Promise((done, fail) => {
    const worker = new Worker(program, { eval: true });
    worker.on("message", (text) => results.add(text));
    worker.on("error", fail);
    worker.on("exit", done);
  });

async function lane() {
  while (started < count) {
    started++;
    await one();
    ended++;
    if (ended === Math.floor(count / 5)) early = process.memoryUsage().rss;
  }
}

Promise.all([lane(), lane(), lane(), lane()]).then(() => {
  console.log(JSON.stringify({ ended, grown: (process.memoryUsage().rss - early) / 2 ** 20, results: [...results] }));
});
