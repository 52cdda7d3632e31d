// An Adam step: native against the reference backend and against a plain loop, 10 thousand to 25 million parameters.
import { Adam, allocate, backendInfo, setBackend, setThreads } from "../dist/index.js";
import { plainAdam } from "./plain/adam.mjs";

const sizes = { "10,000": 10_000, "1,000,000": 1_000_000, "25,000,000": 25_000_000 };

/** A parameter with its gradient, and a function that makes one step on the backend. */
function optimizer(backend, count) {
  setBackend(backend);
  const parameter = allocate("float32", count).fill(1);
  const gradient = allocate("float32", count);
  for (let i = 0; i < count; ++i) gradient[i] = ((i % 1000) - 500) / 1000;
  const adam = new Adam([parameter]);
  const gradients = [gradient];
  return { parameter, gradient, step: () => adam.step(gradients) };
}

function plain(count, gradient) {
  const [parameter, m, v] = [1, 0, 0].map((value) => new Float32Array(count).fill(value));
  let t = 0;
  return { parameter, step: () => plainAdam(parameter, gradient, m, v, ++t) };
}

function check(sides) {
  for (let step = 0; step < 3; ++step) for (const { step: run } of sides) run();
  const [ours, ...others] = sides.map(({ parameter }) => parameter);
  for (const other of others) {
    for (let i = 0; i < ours.length; ++i) {
      if (Math.abs(ours[i] - other[i]) > 1e-6) throw new Error(`parameter ${i}: ${ours[i]} and ${other[i]}`);
    }
  }
}

export default {
  question: "How much faster is a native Adam step than plain JavaScript?",
  async run(bench) {
    const before = backendInfo().threads;
    for (const [name, count] of Object.entries(sizes)) {
      if (bench.quick && count > 1e6) continue;
      const native = optimizer("native", count);
      const reference = optimizer("reference", count);
      const loop = plain(count, native.gradient);
      check([native, loop, reference]);
      for (const threads of new Set([1, before])) {
        setThreads(threads);
        await bench.compare({
          case: `Adam, ${name} float32 parameters, ${threads} thread${threads > 1 ? "s" : ""}`,
          sides: { native: native.step, "plain loop": loop.step, "reference backend": reference.step },
          rate: { work: count, unit: "ns/parameter", per: "item" },
          budget: bench.quick ? 0.5 : 4,
        });
      }
      setThreads(before);
    }
    setBackend("auto");
  },
};
