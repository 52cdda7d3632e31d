// node scripts/netlib-blas.mjs [--library FILE] [--quick]: the netlib BLAS test programs over libdownhill_blas.so, with
// the sizes they ship and with wider ones, for every ISA of the machine and one and two threads. Debian's libblas-test
// has the programs compiled against libblas.so.3; the library is preloaded before it, and the dynamic linker's own log
// must show that the program's gemm was bound to it. Without --library it is built in build-native/. --quick leaves
// the widest sizes, which take minutes, out. A case that cannot run says why; the last line counts them all.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values: options } = parseArgs({
  options: { library: { type: "string" }, quick: { type: "boolean", default: false } },
});
const folder = mkdtempSync(join(tmpdir(), "downhill-netlib-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** What the programs test of us. `symbol` is the one that must be bound to our library. */
const programs = [
  { program: "xblat3s", input: "sblat3.in", output: "sblat3.out", symbol: "sgemm_", routine: "SGEMM", forms: [""] },
  { program: "xblat3d", input: "dblat3.in", output: "dblat3.out", symbol: "dgemm_", routine: "DGEMM", forms: [""] },
  { program: "xscblat3", input: "sin3", symbol: "cblas_sgemm", routine: "cblas_sgemm", forms: ["COLUMN-MAJOR ", "ROW-MAJOR "] },
  { program: "xdcblat3", input: "din3", symbol: "cblas_dgemm", routine: "cblas_dgemm", forms: ["COLUMN-MAJOR ", "ROW-MAJOR "] },
];
/** The programs take nine sizes of at most 65. Two sets: around the vector widths, and around the tiles. */
const sizes = {
  shipped: null,
  lanes: [0, 1, 4, 7, 8, 15, 16, 17, 33],
  tiles: [2, 3, 6, 14, 24, 31, 48, 64, 65],
};
const isas = ["avx512", "avx2", "neon", "scalar"];

let passed = 0;
let failed = 0;
let skipped = 0;
const say = (text) => process.stdout.write(`${text}\n`);

function finish() {
  say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed > 0 ? 1 : 0);
}

function run(command, args, more = {}) {
  return spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, ...more });
}

/** Gives up on all cases at once, for a reason that has to do with the machine. */
function skipAll(reason) {
  const count = programs.length * Object.keys(sizes).length;
  say(`skipped: all ${count} suites (${reason})`);
  skipped += count;
  finish();
}

function suiteFolder() {
  const base = "/usr/lib";
  if (process.platform !== "linux") return skipAll("preloading works on Linux only");
  const found = readdirSync(base).find((name) => existsSync(join(base, name, "blas", "xblat3s")));
  return found
    ? join(base, found, "blas")
    : skipAll("the test programs are not installed: apt-get install libblas-test libblas3");
}

function library() {
  if (options.library) return resolve(options.library);
  const build = join(root, "build-native");
  if (run("cmake", ["--version"]).status !== 0) return skipAll("no cmake to build the library with");
  for (const args of [
    ["-S", root, "-B", build, "-DDOWNHILL_BUILD_BLAS=ON"],
    ["--build", build, "-j", "2", "--target", "downhill_blas"],
  ]) {
    const { status, stdout, stderr } = run("cmake", args);
    if (status === 0) continue;
    say(`${stdout}${stderr}\nFAILED: cmake ${args.join(" ")}`);
    failed += 1;
    finish();
  }
  return join(build, "libdownhill_blas.so");
}

/**
 * The CBLAS programs share the variable RowMajorStrg with the reference libblas.so.3. Other libraries lack it; a
 * library of that one variable makes up for it. Returns what to preload, or null where no compiler is at hand.
 */
function rowMajorVariable() {
  const source = join(folder, "variable.c");
  const output = join(folder, "librow_major.so");
  writeFileSync(source, "int RowMajorStrg;\n");
  return run("cc", ["-shared", "-fPIC", "-o", output, source]).status === 0 ? output : null;
}

/** The input file with other sizes, testing gemm alone. */
function widened(text, values) {
  return text
    .replace(/^\d+(\s+NUMBER OF VALUES OF N)\s*$/m, `${values.length}$1`)
    .replace(/^[\d ]+VALUES OF N\s*$/m, `${values.join(" ")} VALUES OF N`)
    .replace(/^((?!\w*gemm)\w+\s+)T(\s+PUT F FOR NO TEST.*)$/gim, "$1F$2");
}

/** Why this run is not a pass, or null. */
function fault(test, log, report, result, lib) {
  if (result.error) return String(result.error);
  if (result.status !== 0)
    return `${test.program} ended with ${result.signal ?? `status ${result.status}`}: ${result.stderr.trim()}`;
  const bound = new RegExp(`binding file \\S*${test.program} \\[0\\] to (\\S+) \\[0\\]: normal symbol \`${test.symbol}'`).exec(
    log,
  );
  if (bound?.[1] !== lib) return `${test.symbol} was bound to ${bound?.[1] ?? "nothing"}, not to ${lib}`;
  const lines = report.split("\n").filter((line) => line.trim().startsWith(test.routine));
  const wanted = [
    /PASSED THE TESTS OF ERROR-EXITS/,
    ...test.forms.map((form) => new RegExp(`PASSED THE ${form}\\s*COMPUTATIONAL TESTS`)),
  ];
  const missing = wanted.find((pattern) => !lines.some((line) => pattern.test(line)));
  if (missing || lines.some((line) => /FAIL|SUSPECT/.test(line))) return `no "${missing?.source}" in:\n${report}`;
  return null;
}

function runSuite(test, sizesName, isa, threads, tools) {
  const title = `${test.program} ${sizesName} sizes, ${isa}, ${threads} thread${threads > 1 ? "s" : ""}`;
  const skip = (reason) => {
    say(`skipped: ${title} (${reason})`);
    skipped += 1;
  };
  const cblas = test.symbol.startsWith("cblas");
  if (cblas && !tools.variable) return skip("needs a C compiler for the variable RowMajorStrg");
  const shipped = readFileSync(join(tools.suite, test.input), "utf8");
  const input = sizes[sizesName] ? widened(shipped, sizes[sizesName]) : shipped;
  if (sizes[sizesName] && !input.includes(sizes[sizesName].join(" "))) throw new Error(`no line of sizes in ${test.input}`);
  const work = mkdtempSync(join(folder, "run-"));
  const result = run(join(tools.suite, test.program), [], {
    cwd: work,
    input,
    timeout: 600_000,
    env: {
      ...process.env,
      DOWNHILL_ISA: isa,
      DOWNHILL_THREADS: String(threads),
      LD_PRELOAD: [tools.library, ...(cblas ? [tools.variable] : [])].join(" "),
      LD_DEBUG: "bindings",
      LD_DEBUG_OUTPUT: join(work, "log"),
    },
  });
  if (/is not available on this machine/.test(result.stderr ?? "")) return skip(`this machine does not run ${isa}`);
  if (/cannot open shared object file/.test(result.stderr ?? "")) return skip(result.stderr.trim());
  const log = readdirSync(work)
    .filter((name) => name.startsWith("log."))
    .map((name) => readFileSync(join(work, name), "utf8"))
    .join("");
  const summary = test.output && existsSync(join(work, test.output)) ? readFileSync(join(work, test.output), "utf8") : "";
  const problem = fault(test, log, `${summary}${result.stdout}`, result, tools.library);
  rmSync(work, { recursive: true, force: true });
  if (problem === null) {
    passed += 1;
    say(`passed: ${title}`);
  } else {
    failed += 1;
    say(`FAILED: ${title}: ${problem}`);
  }
}

const suite = suiteFolder();
const tools = { suite, library: library(), variable: rowMajorVariable() };
say(`library: ${tools.library}\nprograms: ${suite}`);
for (const isa of isas) {
  for (const threads of [1, 2]) {
    for (const sizesName of Object.keys(sizes)) {
      if (options.quick && sizesName === "tiles") continue;
      for (const test of programs) runSuite(test, sizesName, isa, threads, tools);
    }
  }
}
finish();
