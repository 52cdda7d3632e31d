// Other libraries as processes that answer JSON lines: found by themselves, each side asked for one sample at a time.
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const INSTALL = {
  PyTorch: "apt install python3-torch",
  NumPy: "apt install python3-numpy",
  "scikit-learn": "apt install python3-sklearn",
  "tfjs-wasm":
    "npm install --prefix /tmp/peers --ignore-scripts @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-wasm; DOWNHILL_PEERS=/tmp/peers",
};

export class Peer {
  #child;
  #lines;

  constructor(command, args, env) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${JSON.stringify(request)}: the process has ended`);
    return JSON.parse(value);
  }

  close() {
    this.#child.stdin.end();
  }
}

/** The Python that has most of the modules: the first one of PATH, or the system's. */
export function python() {
  const probe =
    "import importlib.util as u; print(sum(u.find_spec(m) is not None for m in ('numpy','torch','sklearn')), u.find_spec('numpy') is not None)";
  const found = ["python3", "/usr/bin/python3", "python"].flatMap((command) => {
    const { status, stdout } = spawnSync(command, ["-c", probe], { encoding: "utf8" });
    const [count, usable] = status === 0 ? stdout.trim().split(" ") : ["0", "False"];
    return usable === "True" ? [{ command, count: Number(count) }] : [];
  });
  return found.sort((a, b) => b.count - a.count)[0]?.command;
}

/** OpenBLAS 0.3.21 and BLIS 0.9 do not know newer processors with AVX-512: without this they take slow kernels. */
function blasEnvironment(isas) {
  if (!isas.includes("avx512")) return {};
  return { OPENBLAS_CORETYPE: "SkylakeX", OPENBLAS_L2_SIZE: undefined, BLIS_ARCH_TYPE: "0" };
}

export function hasTfjs(parts = ["core", "layers", "backend-wasm"]) {
  const require = createRequire(join(process.env.DOWNHILL_PEERS ?? process.cwd(), "x.js"));
  try {
    for (const name of parts) require.resolve(`@tensorflow/tfjs-${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

const ONE_THREAD = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };

/**
 * Every side that is installed: `{ side, ask(request) }`; one line for each that is not.
 * @param {{ isas: readonly string[], note: (text: string) => void, oneThread?: boolean }} o
 */
export async function findPeers({ isas, note, oneThread = false }) {
  const command = python();
  const peers = [];
  if (command !== undefined) {
    const environment = { ...blasEnvironment(isas), ...(oneThread ? ONE_THREAD : {}) };
    peers.push(new Peer(command, [here("./peers.py")], environment));
  }
  if (hasTfjs()) peers.push(new Peer(process.execPath, [here("./tfjs.mjs")], {}));
  const sides = [];
  for (const peer of peers) {
    const { sides: names, versions } = await peer.ask({ do: "sides" });
    for (const side of names) {
      sides.push({ side, ask: (request) => peer.ask({ ...request, side }) });
      note(`${side} ${versions[side]}`);
    }
  }
  for (const [side, how] of Object.entries(INSTALL))
    if (!sides.some((other) => other.side === side)) note(`${side}: not installed (${how})`);
  return {
    sides,
    close: () => {
      for (const peer of peers) peer.close();
    },
  };
}
