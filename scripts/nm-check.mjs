// Checks what the objects of native/isa/*/ export: exactly their one table, nothing weak, and no C++ library function.
// A weak symbol from such an object (a template or inline function compiled for AVX-512) may be the copy that the linker
// keeps for everybody, and then the addon dies on older processors.
// node scripts/nm-check.mjs [FOLDER…] compiles them at -O0, where nothing is inlined away, and checks the objects that
// other builds left below the folders (-O3, sanitizers, clang, arm64). --full compiles in every mode itself.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { variables } = JSON.parse(readFileSync(join(root, "native/sources.gypi"), "utf8"));
const sources = variables.downhill_core_sources.filter((file) => file.startsWith("native/isa/"));
const full = process.argv.includes("--full");

const has = (command) => spawnSync(command, ["--version"]).status === 0;
const x86 = ["avx512", "avx2", "scalar"];
const arm = ["neon", "scalar"];
const host = process.arch === "arm64" ? arm : x86;
const modes = { "-O3": [], "-O0": ["-O0"], sanitizers: ["-O1", "-fsanitize=address,undefined"] };
const compilers = [
  { cxx: "g++", isas: host, modes: full ? Object.keys(modes) : ["-O0"] },
  { cxx: "clang++", isas: host, modes: full ? Object.keys(modes) : [] },
  { cxx: "aarch64-linux-gnu-g++", isas: arm, modes: full ? Object.keys(modes) : [] },
];
const folders = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

// Symbols that sanitizers add to every object, the clean-up around their calls included (a pointer, no code).
const instrumentation = /^(__odr_asan|__asan_|__ubsan_|__tsan_|asan\.|_GLOBAL__|__emutls|(DW\.ref\.)?__gxx_personality_v0)/;
// What a kernel may call: these are C functions that every process has, compiled for the base target.
const allowedCalls =
  /^(mem(cpy|set|move|cmp)|bcmp|fmaf?|__stack_chk_fail|__tls_get_addr|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|sanitizer)_.*|downhill::.*)$/;

// A sanitizer's clean-up goes on unwinding afterwards; without one, a kernel has nothing to clean up.
const unwinding = "_Unwind_Resume";

/** What is wrong with the symbols of one object, as lines. */
export function faults(listing, isa, unit) {
  const name = unit.replace(/(?:^|_)(.)/g, (_, letter) => letter.toUpperCase());
  const wanted = `downhill::${isa}::k${name}Table`;
  const found = [];
  const problems = [];
  const sanitized = /\b__(tsan|asan)_func|\b__(tsan|asan)_init/.test(listing);
  for (const line of listing.split("\n")) {
    const [, type, name] = /^[0-9a-f ]* ([A-Za-z]) (.*)$/.exec(line) ?? [];
    if (type === undefined || instrumentation.test(name)) continue;
    if (/[WVwvu]/.test(type)) problems.push(`weak symbol ${name}`);
    else if (type === "U") {
      if (!allowedCalls.test(name) && !(sanitized && name === unwinding)) problems.push(`calls ${name}`);
    } else if (/[A-Z]/.test(type)) found.push(name);
  }
  if (found.join() !== wanted) problems.push(`exports ${found.join(", ") || "nothing"} instead of ${wanted}`);
  return problems;
}

const run = promisify(execFile);

async function check({ cxx, mode, source }, object) {
  const [, , isa, file] = source.split("/");
  const args = [...variables.downhill_cflags, ...modes[mode], "-fPIC", "-Werror", "-Inative", "-c", source, "-o", object];
  try {
    await run(cxx, args, { cwd: root, maxBuffer: 1 << 28 });
  } catch (error) {
    return [`does not compile without warnings:\n${error.stderr.slice(0, 2000)}`];
  }
  const { stdout } = await run("nm", ["-C", object], { maxBuffer: 1 << 28 });
  return faults(stdout, isa, file.replace(".cc", ""));
}

/** Objects of native/isa/ below `folder` that another build left; empty ones are of another architecture. */
function objectsBelow(folder) {
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return found.flatMap((name) => {
    const [, isa, unit] = /native\/isa\/(\w+)\/(\w+)\.(?:cc\.)?o$/.exec(name) ?? [];
    return isa === undefined ? [] : [{ object: join(folder, name), isa, unit }];
  });
}

async function checkBuilt({ object, isa, unit }) {
  const { stdout } = await run("nm", ["-C", object], { maxBuffer: 1 << 28 });
  const elsewhere = object.includes("arm64") ? !arm.includes(isa) : !host.includes(isa);
  return elsewhere ? [] : faults(stdout, isa, unit);
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "downhill-nm-"));
  const jobs = [];
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const { cxx, isas, modes: wanted } of compilers) {
    if (wanted.length > 0 && !has(cxx)) {
      skipped += 1;
      process.stdout.write(`skipped ${cxx}: not installed\n`);
      continue;
    }
    for (const mode of wanted) {
      for (const source of sources.filter((file) => isas.includes(file.split("/")[2]))) jobs.push({ cxx, mode, source });
    }
  }
  const worker = async (index) => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const problems = await check(job, join(folder, `${index}.o`));
      if (problems.length === 0) passed += 1;
      else failed += 1;
      for (const problem of problems) process.stdout.write(`${job.source} (${job.cxx}, ${job.mode}): ${problem}\n`);
    }
  };
  for (const built of folders) {
    const objects = objectsBelow(built);
    if (objects.length === 0) {
      skipped += 1;
      process.stdout.write(`skipped ${built}: no objects of native/isa there\n`);
    }
    for (const object of objects) {
      const problems = await checkBuilt(object);
      if (problems.length === 0) passed += 1;
      else failed += 1;
      for (const problem of problems) process.stdout.write(`${object.object}: ${problem}\n`);
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, (_, index) => worker(index)));
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
