// Times the C library beside other BLAS libraries: builds bench/peers (a C++ program) and takes over its figures.
// Its options (other shapes, float64, more libraries) are reached by running it: build-native/peers.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const build = join(root, "build-native");

function cmake(args) {
  const { status, error, stdout, stderr } = spawnSync("cmake", args, { encoding: "utf8" });
  if (error) return `cmake is needed to build it (${error.message})`;
  return status === 0 ? null : `cmake ${args.join(" ")} failed:\n${stdout}${stderr}`;
}

/** One result per shape and number of threads, in the harness's form: the library first, seconds per call. */
function resultOf(row, dtype) {
  const sides = row.sides.filter((side) => side.seconds !== undefined);
  return {
    bench: "peers",
    case: `${row.shape} ${dtype}, ${row.threads} thread${row.threads > 1 ? "s" : ""}`,
    rate: { unit: "GFLOP/s", peak: row.peak },
    sides: sides.map(({ side, seconds, low, high, best, gflops }) => ({
      side,
      seconds,
      low,
      high,
      best,
      rate: gflops,
      ratio: seconds / sides[0].seconds,
    })),
  };
}

export default {
  question: "How fast is the C library beside other BLAS libraries, and how near to the machine's peak?",
  async run(bench) {
    const fault =
      cmake(["-S", root, "-B", build, "-DDOWNHILL_BUILD_BLAS=ON", "-DDOWNHILL_BUILD_PEERS=ON"]) ??
      cmake(["--build", build, "-j", "2", "--target", "downhill_blas", "peers"]);
    if (fault) return bench.note(`skipped: ${fault}`);
    const folder = mkdtempSync(join(tmpdir(), "downhill-peers-"));
    const json = join(folder, "peers.json");
    const args = ["--library", join(build, "libdownhill_blas.so"), "--json", json, ...(bench.quick ? ["--quick"] : [])];
    const { status } = spawnSync(join(build, "peers"), args, { stdio: ["ignore", 1, 2] });
    if (status !== 0) throw new Error(`peers ended with status ${status}: a result is wrong or a library is missing`);
    const { rows, dtype } = JSON.parse(readFileSync(json, "utf8"));
    bench.results.push(...rows.map((row) => resultOf(row, dtype)));
    rmSync(folder, { recursive: true, force: true });
  },
};
