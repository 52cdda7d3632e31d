// downhill bench: a short look at this machine's speed. The benchmarks with peers and spreads are in the repository (npm run bench).
import { allocate } from "../backend/allocate.ts";
import { backendInfo, setBackend, setThreads } from "../backend/select.ts";
import { gemm } from "../linalg/gemm.ts";
import { Adam } from "../optim/index.ts";
import { optionHelp, parseCommand } from "./args.ts";
import { type Command, commonOptions, computeOptions, type Output } from "./command.ts";
import { demoModel } from "./demo.ts";

const OPTIONS = { ...computeOptions, ...commonOptions } as const;

function help(): string {
  return `downhill bench: how fast is this machine?

  downhill bench [--backend native|reference] [--json]

Times matrix multiply, an Adam step and training for about five seconds. The median of many runs is shown; other work on the
machine lowers it. Comparisons with other libraries: npm run bench in the repository.

${optionHelp(OPTIONS)}
`;
}

interface Row {
  readonly name: string;
  /** Units of work per second. */
  readonly rate: number;
  readonly unit: string;
}

/** Median seconds of a call, after a warm-up, over about `budget` seconds. */
function median(call: () => void, budget: number): number {
  call();
  const times: number[] = [];
  const end = performance.now() + 1000 * budget;
  do {
    const start = performance.now();
    call();
    times.push((performance.now() - start) / 1000);
  } while (performance.now() < end);
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

function gemmRow(n: number): Row {
  const make = () => allocate("float32", n * n).map((_, i) => (i % 17) - 8) as Float32Array;
  const [a, b] = [allocate("float32", n * n), allocate("float32", n * n)];
  a.set(make());
  b.set(make());
  const c = allocate("float32", n * n);
  const seconds = median(() => gemm({ m: n, n, k: n, a, b, c }), 0.6);
  return { name: `gemm ${n}³ float32`, rate: (2 * n * n * n) / seconds / 1e9, unit: "GFLOP/s" };
}

function adamRow(count: number): Row {
  const parameters = allocate("float32", count);
  const gradient = allocate("float32", count).fill(1e-3);
  const optimizer = new Adam([parameters]);
  const seconds = median(() => optimizer.step([gradient]), 0.6);
  optimizer.dispose();
  return { name: `Adam ${count.toLocaleString("en")} parameters`, rate: count / seconds / 1e6, unit: "million/s" };
}

async function trainingRow(): Promise<Row> {
  const rows = 20_000;
  const x = allocate("float32", rows * 784);
  for (let i = 0; i < x.length; i++) x[i] = ((i * 7919) % 256) / 255;
  const y = Int32Array.from({ length: rows }, (_, i) => i % 10);
  using model = demoModel(784, 10, 0);
  let best = 0;
  const end = performance.now() + 1500;
  do {
    const start = performance.now();
    await model.fit(x, y, { batchSize: 128, verbose: 0 });
    best = Math.max(best, rows / ((performance.now() - start) / 1000));
  } while (performance.now() < end);
  return { name: "training 784-64-32-10, batch 128", rate: best, unit: "samples/s" };
}

async function run(args: readonly string[], { out, err }: Output): Promise<void> {
  const { values } = parseCommand(args, OPTIONS, { min: 0, max: 0, names: "no arguments" });
  if (values.backend !== undefined) setBackend(values.backend as "auto");
  if (values.threads !== undefined) setThreads(values.threads);
  const { name: backend, isa, threads } = backendInfo();
  err(`timing ${backend === "native" ? `${isa}, ${threads} threads` : "pure TypeScript"} …\n`);
  const rows = [gemmRow(128), gemmRow(512), adamRow(10_000), adamRow(1_000_000), await trainingRow()];
  if (values.json) {
    out(`${JSON.stringify({ backend, isa, threads, results: rows }, null, 2)}\n`);
    return;
  }
  const figure = (rate: number) => (rate >= 1000 ? Math.round(rate).toLocaleString("en") : rate.toPrecision(3));
  out(rows.map(({ name, rate, unit }) => `${name.padEnd(34)}${figure(rate).padStart(12)} ${unit}\n`).join(""));
}

export const bench: Command = { summary: "time matrix multiply, an Adam step and training", help, run };
