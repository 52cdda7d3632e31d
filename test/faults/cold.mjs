// The first native call of a process, loading the addon included, with the n-th call (memory or thread) of the addon's
// failing; then the same again without failures. Prints one line of JSON. Arguments: kind, n.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const injector = require(process.env.INJECTOR);
const m = require("../../dist/index.cjs");
const [kind, n] = process.argv.slice(2);

const a = new Float32Array(40_000).fill(0.5);
const b = new Float32Array(40_000).fill(0.25);

function attempt() {
  try {
    const sum = createHash("sha256")
      .update(m.gemm({ m: 200, n: 200, k: 200, a, b, transB: true }))
      .digest("hex");
    return { sum, backend: m.backendInfo().name };
  } catch (error) {
    return { code: error.code ?? String(error) };
  }
}

injector.arm("downhill.node", kind, Number(n));
const first = attempt();
const failed = injector.disarm() >= Number(n);
console.log(JSON.stringify({ first, failed, second: attempt() }));
