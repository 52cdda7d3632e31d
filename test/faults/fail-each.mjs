// For every scenario: the n-th call of the addon's (memory or thread) fails, n = 1, 2, … until none is left to fail. Prints
// one line of JSON per scenario: how many failures there were and what went wrong. Argument: kind.
import { createRequire } from "node:module";
import scenarios, { m } from "./scenarios.mjs";

const injector = createRequire(import.meta.url)(process.env.INJECTOR);
const [kind] = process.argv.slice(2);
const MOST = 2000;

const bytes = (arrays) => Buffer.concat(arrays.map((a) => Buffer.from(new Uint8Array(a.buffer, a.byteOffset, a.byteLength))));

async function attempt(run) {
  try {
    return { result: bytes(await run()) };
  } catch (error) {
    return { error };
  }
}

/** Another number of threads ends those that run; the first number starts them anew, without scratch memory. */
function freshThreads() {
  m.setThreads(1);
  m.setThreads(3);
}

async function failEach(make) {
  m.setThreads(3);
  const expected = bytes(await make().run());
  const problems = [];
  let refused = 0;
  for (let n = 1; n <= MOST; n++) {
    freshThreads();
    const scenario = make();
    const before = bytes(scenario.inputs());
    injector.arm("downhill.node", kind, n);
    const { result, error } = await attempt(scenario.run);
    if (injector.disarm() < n) return { injected: n - 1, refused, problems };
    if (error !== undefined) {
      refused++;
      if (kind === "thread" || error.code !== "ERR_OUT_OF_MEMORY") problems.push(`${n}: ${error.code} ${error.message}`);
      if (!bytes(scenario.inputs()).equals(before)) problems.push(`${n}: inputs changed`);
    } else if (!result.equals(expected)) problems.push(`${n}: another result`);
    if (error === undefined) continue;
    const again = await attempt(scenario.run);
    if (again.error !== undefined) problems.push(`${n}: the next call: ${again.error.code} ${again.error.message}`);
    else if (!again.result.equals(expected)) problems.push(`${n}: the next call has another result`);
  }
  problems.push(`still allocating after ${MOST}`);
  return { injected: MOST, refused, problems };
}

for (const [name, make] of Object.entries(scenarios)) console.log(JSON.stringify({ name, ...(await failEach(make)) }));
