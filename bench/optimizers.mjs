// Optimizer steps, call from JavaScript included, beside a loop that only moves the same bytes: with allocate()d and with plain
// arrays, the reference backend, a JavaScript loop, a C++ loop, and PyTorch and tfjs where they are installed. All rows take ten
// minutes; DOWNHILL_BENCH_ROWS, a regular expression over their names, chooses among them.
import { backendInfo, setBackend, setThreads } from "../dist/index.js";
import { findPeers } from "./optimizers/peers.mjs";
import { rows, totalOf } from "./optimizers/rows.mjs";
import { ownSides } from "./optimizers/sides.mjs";
import { summarize } from "./training/rounds.mjs";

/** Sides that take longer than this per step are timed in the first rounds only. */
const SLOW_SECONDS = 0.5;

/** Three steps from the same numbers must lead to the same parameters, whoever made them. */
function check(title, sides) {
  const compared = sides.filter(({ values }) => values !== undefined);
  for (const { step } of compared) for (let i = 0; step !== undefined && i < 3; i++) step();
  const expected = compared[0]?.values();
  for (const { side, values } of compared.slice(1)) {
    values().forEach((x, i) => {
      if (!(Math.abs(x - expected[i]) <= 3e-6)) throw new Error(`${title}: ${side} has ${x} where ${expected[i]} is expected`);
    });
  }
}

/** Every side takes a turn in each round. */
async function interleaved(sides, seconds, rounds) {
  const samples = new Map(sides.map(({ side }) => [side, []]));
  for (const { sample } of sides) await sample(seconds / 4);
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < sides.length; k++) {
      const { side, sample } = sides[(k + round) % sides.length];
      const taken = samples.get(side);
      if (round >= 2 && taken[0] > SLOW_SECONDS) continue;
      // Large or threaded, the first step after another side meets cold caches and sleeping workers.
      await sample(0);
      taken.push(await sample(seconds));
    }
  }
  return sides.map(({ side }) => summarize(side, samples.get(side)));
}

export default {
  question: "How near are optimizer steps to the speed of memory, and how far are others?",
  async run(bench) {
    const most = backendInfo().threads;
    const peers = bench.quick ? null : await findPeers((text) => bench.note(text));
    const wanted = new RegExp(process.env.DOWNHILL_BENCH_ROWS ?? "");
    for (const threads of new Set([1, most])) {
      for (const row of rows.filter(({ name }) => wanted.test(name))) {
        const total = totalOf(row);
        if (bench.quick && total > 2e6) continue;
        setThreads(threads);
        const sides = ownSides(row, { reference: threads === 1 && total <= 2e6 && !row.products });
        sides.push(...((await peers?.sidesOf(row, threads)) ?? []));
        const title = `${row.name}, ${threads} thread${threads > 1 ? "s" : ""}`;
        check(title, sides);
        const [seconds, rounds] = bench.quick ? [0.01, 3] : [Math.max(0.05, total * 4e-9), 9];
        bench.record({
          case: title,
          sides: await interleaved(sides, seconds, rounds),
          rate: { work: total, unit: "ns/parameter", per: "item" },
        });
      }
    }
    peers?.close();
    setThreads(most);
    setBackend("auto");
  },
};
