// Times several sides of one question against each other: warm-up, then rounds in which every side runs once, in turn,
// so that a change of clock or a neighbour's load meets all sides alike. It does not decide what is worth comparing.

/** A sample shorter than this repeats its function inside one pair of clock readings. */
const kSampleSeconds = 0.002;
const kMinimumRounds = 5;

const now = () => Number(process.hrtime.bigint()) * 1e-9;

/** Keeps a result alive, so that an engine cannot drop the work that made it. */
let sink = 0;
export function consume(value) {
  sink = typeof value === "number" ? sink + value : value ? sink + 1 : sink;
  return value;
}

async function sample(side) {
  const { run, repeats } = side;
  const start = now();
  if (side.asynchronous) for (let i = 0; i < repeats; ++i) await run();
  else for (let i = 0; i < repeats; ++i) run();
  return (now() - start) / repeats;
}

/** Warms a side up (compilers need some calls to settle) and chooses how often one sample repeats it. */
async function prepare(name, run, budget) {
  const side = { name, run, repeats: 1, asynchronous: false, seconds: [] };
  const first = run();
  side.asynchronous = first instanceof Promise;
  await first;
  const until = now() + Math.min(0.25, budget / 8);
  let fastest = Number.POSITIVE_INFINITY;
  let calls = 0;
  do {
    fastest = Math.min(fastest, await sample(side));
    calls += 1;
  } while (now() < until && calls < 10_000);
  side.repeats = Math.max(1, Math.ceil(kSampleSeconds / Math.max(fastest, 1e-9)));
  return side;
}

const quantile = (sorted, q) => {
  const position = (sorted.length - 1) * q;
  const low = Math.floor(position);
  const high = Math.ceil(position);
  return sorted[low] + (sorted[high] - sorted[low]) * (position - low);
};

/**
 * Median seconds per call of each side, with the quartiles as its spread.
 * @param {Record<string, () => unknown>} sides functions that do the same work; a promise is awaited
 * @param {number} budget seconds that all sides together may take (at least 5 rounds run in any case)
 */
export async function measure(sides, budget = 2) {
  const prepared = [];
  for (const [name, run] of Object.entries(sides)) prepared.push(await prepare(name, run, budget));
  const until = now() + budget;
  for (let round = 0; round < kMinimumRounds || now() < until; ++round) {
    for (let i = 0; i < prepared.length; ++i) {
      const side = prepared[(i + round) % prepared.length];
      side.seconds.push(await sample(side));
    }
  }
  return prepared.map(({ name, seconds, repeats }) => {
    const sorted = seconds.toSorted((a, b) => a - b);
    return {
      side: name,
      seconds: quantile(sorted, 0.5),
      low: quantile(sorted, 0.25),
      high: quantile(sorted, 0.75),
      best: sorted[0],
      samples: sorted.length,
      repeats,
    };
  });
}
