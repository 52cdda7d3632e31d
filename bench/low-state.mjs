// An Adam step with moments in fewer bits, beyond cache, where bytes are time: float32 moves 28 per parameter, bfloat16 20,
// 8 bits 16; float32 is the side to compare with.
import { Adam, allocate, backendInfo, setBackend, setThreads } from "../dist/index.js";

const sizes = { "1,000,000": 1_000_000, "25,000,000": 25_000_000 };

function side(parameter, gradient, options) {
  const adam = new Adam([parameter], options);
  const gradients = [gradient];
  adam.step(gradients);
  return () => adam.step(gradients);
}

export default {
  question: "How much time do moments in bfloat16 or 8 bits save?",
  async run(bench) {
    setBackend("native");
    const before = backendInfo().threads;
    for (const [name, count] of Object.entries(sizes)) {
      if (bench.quick && count > 1e6) continue;
      const parameter = allocate("float32", count).fill(1);
      const gradient = allocate("float32", count);
      for (let i = 0; i < count; ++i) gradient[i] = ((i % 1000) - 500) / 1000;
      const sides = { float32: side(parameter, gradient, {}) };
      for (const stateType of ["bf16", "int8"]) {
        for (const stateRounding of ["nearest", "stochastic"]) {
          sides[`${stateType}, ${stateRounding}`] = side(parameter, gradient, { stateType, stateRounding });
        }
      }
      for (const threads of new Set([1, before])) {
        setThreads(threads);
        await bench.compare({
          case: `Adam, ${name} parameters, ${threads} thread${threads > 1 ? "s" : ""}`,
          sides,
          rate: { work: count, unit: "ns/parameter", per: "item" },
          budget: bench.quick ? 0.5 : 3,
        });
      }
      setThreads(before);
    }
    setBackend("auto");
  },
};
