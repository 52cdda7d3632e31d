// The thresholds of the choice of algorithm (native/gemm/regime.h, blocked.h, split.h): at shapes on both sides of each, the
// chosen algorithm is timed beside those that can be forced: direct, swapped, blocked, shallow. So thresholds between these are
// timed both ways; those of narrow and small only where narrow and small are chosen; those of tiny and dot not at all. Where
// the one that is chosen loses by more than the noise, a threshold is wrong for this machine.
import { allocate, backendInfo, prepareGemm, setThreads } from "../dist/index.js";
import { loadAddon } from "../dist/testing.js";
import { measure } from "./harness/measure.mjs";

/** Shapes below and above a threshold: [m, n, k, transA, transB], for a machine with vectors of 16 float32. */
const thresholds = [
  {
    name: "narrow C: 6 to 12 columns narrow, fewer swapped, more direct",
    between: ["direct", "swapped"],
    shapes: [5, 6, 8, 10, 11, 12, 13, 16].map((n) => [256, n, 128]),
  },
  {
    name: "narrow C: swapped below 24 of 32 columns",
    between: ["direct", "swapped"],
    shapes: [17, 20, 23, 24, 25, 31].map((n) => [256, n, 128]),
  },
  {
    name: "narrow C: small to 26 rows, swapped to 31, narrow from 32",
    between: ["direct", "swapped"],
    shapes: [25, 26, 27, 31, 32, 33, 48].map((m) => [m, 10, 128]),
  },
  {
    name: "transposed B: rows that fill vectors",
    between: ["direct", "swapped"],
    shapes: [8, 12, 13, 15, 16, 17, 26, 27, 32].map((m) => [m, 784, 63, false, true]),
  },
  {
    name: "transposed B: k against rows",
    between: ["direct", "swapped"],
    shapes: [16, 31, 32, 48, 64, 128].map((k) => [32, 784, k, false, true]),
  },
  {
    name: "transposed B: rows against columns",
    between: ["direct", "swapped"],
    shapes: [64, 100, 128, 200, 256, 400].map((m) => [m, 256, 256, false, true]),
  },
  {
    name: "both transposed: rows against k",
    between: ["direct", "swapped"],
    shapes: [64, 128, 255, 256, 512].map((m) => [m, 256, 256, true, true]),
  },
  {
    name: "few k: to ten",
    between: ["direct", "shallow"],
    shapes: [1, 4, 8, 10, 11, 12].map((k) => [300, 300, k]),
  },
  {
    name: "few k: as many rows to seven",
    between: ["direct", "shallow"],
    shapes: [4, 6, 7, 10, 14].map((m) => [m, 600, 7]),
  },
  {
    name: "few k: twice as many rows from eight on",
    between: ["direct", "shallow"],
    shapes: [8, 16, 19, 20, 32].map((m) => [m, 600, 10]),
  },
  {
    name: "few k: transposed A beside narrow C",
    between: ["swapped", "shallow"],
    shapes: [3, 5, 7, 8, 10].map((k) => [1000, 5, k, true]),
  },
  {
    name: "few rows: wider than a register tile",
    between: ["direct"],
    shapes: [
      [1, 448, 256],
      [1, 449, 256],
      [1, 784, 256],
      [2, 224, 128],
      [2, 225, 128],
      [2, 600, 256],
      [3, 144, 256],
      [3, 145, 256],
    ],
  },
  {
    name: "few rows: B from 48 KiB to 1 MiB (two rows), 800 KiB (three)",
    between: ["direct"],
    shapes: [
      [2, 300, 32],
      [2, 300, 64],
      [2, 512, 512],
      [2, 600, 512],
      [3, 300, 64],
      [3, 400, 512],
      [3, 512, 512],
    ],
  },
  {
    name: "look ahead: k from 128",
    between: ["direct", "blocked"],
    shapes: [64, 96, 127, 128, 192, 256].map((k) => [512, 512, k, false, true]),
  },
  {
    name: "packed B of 1 MiB: 384 rows",
    between: ["direct", "blocked"],
    shapes: [200, 300, 383, 384, 480].map((m) => [m, 1024, 256]),
  },
  {
    name: "packed B of 9 MiB: 160 rows",
    between: ["direct", "blocked"],
    shapes: [64, 100, 159, 160, 240].map((m) => [m, 1536, 1536]),
  },
  {
    name: "look ahead: A and C beyond 2 MiB",
    between: ["direct", "blocked"],
    shapes: [256, 384, 512, 640, 768].map((m) => [m, 512, 512]),
  },
];

function random(length) {
  let state = 12345;
  const array = allocate("float32", length);
  for (let i = 0; i < length; ++i) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    array[i] = state / 2 ** 31 - 1;
  }
  return array;
}

function prepared([m, n, k, transA = false, transB = false]) {
  return prepareGemm({ m, n, k, a: random(m * k), b: random(k * n), c: allocate("float32", m * n), transA, transB });
}

/** Shapes where the chosen regime is more than 3 % slower than another. */
async function compareRegimes(bench, addon, { name, between, shapes }) {
  const losses = [];
  for (const shape of shapes) {
    const [m, n, k, transA = false, transB = false] = shape;
    const product = prepared(shape);
    const force = (regime) => () => {
      addon.gemmForce(regime);
      product.run();
    };
    addon.gemmForce("");
    const own = addon.gemmRegime(m, n, k, transA, transB);
    const sides = { [`${own} (chosen)`]: force("") };
    for (const regime of between) if (regime !== own) sides[regime] = force(regime);
    const rate = { work: (2 * m * n * k) / 1e9, unit: "GFLOP/s" };
    const title = `${name}: ${m}×${n}×${k}${transA ? " Aᵀ" : ""}${transB ? " Bᵀ" : ""}`;
    const { sides: rows } = await bench.compare({ case: title, sides, rate, budget: bench.quick ? 0.1 : 0.5 });
    const best = rows.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    const loss = Math.round(100 * (rows[0].seconds / best.seconds - 1));
    if (loss > 3) losses.push(`${title}: ${best.side} is ${loss} % faster than ${own}`);
  }
  addon.gemmForce("");
  return losses;
}

/** Two threads from about 200,000 multiply-adds on (kWorthSplitting). */
async function compareThreads(bench, threads) {
  for (const shape of [
    [50, 64, 60],
    [52, 64, 62],
    [64, 64, 64],
    [80, 80, 80],
    [1, 512, 512],
  ]) {
    const product = prepared(shape);
    const sides = [];
    for (const count of [1, threads]) {
      setThreads(count);
      const [side] = await measure({ [`${count} thread${count > 1 ? "s" : ""}`]: () => product.run() }, bench.quick ? 0.1 : 0.5);
      sides.push(side);
    }
    bench.record({
      case: `threads: ${shape.join("×")}`,
      sides,
      rate: { work: (2 * shape[0] * shape[1] * shape[2]) / 1e9, unit: "GFLOP/s" },
    });
  }
}

export default {
  question: "Do the thresholds between gemm's algorithms lie right on this machine?",
  async run(bench) {
    const { addon } = loadAddon();
    if (!addon) return bench.note("skipped: no native addon");
    const threads = backendInfo().threads;
    setThreads(1);
    const wrong = [];
    for (const threshold of thresholds) wrong.push(...(await compareRegimes(bench, addon, threshold)));
    if (threads > 1) await compareThreads(bench, threads);
    setThreads(threads);
    for (const line of wrong) bench.note(line);
    bench.note(`${wrong.length} shapes where the chosen algorithm is more than 3 % slower than another`);
  },
};
