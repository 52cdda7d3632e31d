// Whole steps from JavaScript, over allocate()d and over plain memory, beside a loop that only moves the same bytes.
import { Adagrad, Adam, allocate, backendInfo, Lion, RMSprop, SGD, setBackend, setThreads } from "../dist/index.js";
import { loadAddon } from "../dist/testing.js";

const MLP = [784 * 256, 256, 256 * 128, 128, 128 * 10, 10];
/** Name, class, options, state arrays. */
const METHODS = [
  ["SGD", SGD, {}, 0],
  ["SGD with momentum", SGD, { momentum: 0.9 }, 1],
  ["Adagrad", Adagrad, {}, 1],
  ["RMSprop", RMSprop, {}, 1],
  ["Lion", Lion, {}, 1],
  ["Adam", Adam, {}, 2],
];

/** A filled array: on large pages and owned, or the engine's. */
function memory(owned, count, value) {
  return (owned ? allocate("float32", count) : new Float32Array(count)).fill(value);
}

function stepper(Class, options, counts, owned) {
  const params = counts.map((count) => memory(owned, count, 1));
  const gradients = counts.map((count) => memory(owned, count, 0.01));
  const optimizer = new Class(params, { learningRate: 1e-6, ...options });
  optimizer.step(gradients);
  if (!params.every((p) => p.every((x) => x !== 1 && Number.isFinite(x)))) throw new Error("a step changed nothing");
  return () => optimizer.step(gradients);
}

/** Moves the bytes of a step over one array as long as all of them: reads p, g, state, writes p, state. */
function traffic(addon, count, slots) {
  const arrays = Array.from({ length: 2 + slots }, () => memory(true, count, 1e-20));
  return () => addon.moveBytes(...arrays);
}

export default {
  question: "How near are optimizer steps, call included, to the speed of memory?",
  async run(bench) {
    setBackend("native");
    const { addon } = loadAddon();
    const most = backendInfo().threads;
    const compare = (title, Class, options, counts, slots) => {
      const total = counts.reduce((a, b) => a + b);
      return bench.compare({
        case: title,
        sides: {
          "allocate()": stepper(Class, options, counts, true),
          plain: stepper(Class, options, counts, false),
          "bytes only": traffic(addon, total, slots),
        },
        rate: { work: total, unit: "ns/parameter", per: "item" },
      });
    };
    const rows = {
      "one element": [1],
      "10,000": [10_000],
      "100,000": [100_000],
      "1,000,000": [1_000_000],
      "1,000 tensors of 64": new Array(1000).fill(64),
      "784-256-128-10": MLP,
    };
    for (const threads of new Set([1, most])) {
      setThreads(threads);
      const suffix = `${threads} thread${threads > 1 ? "s" : ""}`;
      for (const [name, counts] of Object.entries(rows)) await compare(`Adam, ${name}, ${suffix}`, Adam, {}, counts, 2);
      if (bench.quick) continue;
      for (const [name, Class, options, slots] of METHODS)
        await compare(`${name}, 25,000,000, ${suffix}`, Class, options, [25_000_000], slots);
    }
    setThreads(most);
    setBackend("auto");
  },
};
