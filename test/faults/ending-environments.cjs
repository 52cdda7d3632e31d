// Calls every entry point of the addon with arguments whose getters, read by native code, throw or end the environment.
// Prints how many calls read one, and every call that did not end as it should. Argument: addon.
const { Worker } = require("node:worker_threads");

const program = ([path, ends, wanted]) => `
  const addon = require(${JSON.stringify(path)});
  let reached = false;
  const trap = () => {
    reached = true;
    if (${ends}) process.exit(3);
    throw new RangeError("from a getter");
  };
  const traps = {
    element: () => Object.defineProperty([], 0, { get: trap, enumerable: true }),
    property: () => new Proxy({}, { get: trap }),
    nested: () => [new Proxy({}, { get: trap })],
    second: () => Object.defineProperty([new Float32Array(4)], 1, { get: trap, enumerable: true }),
  };
  const fillers = { zero: () => 0, numbers: () => new Float64Array(64), list: () => [] };
  // gemmPlaced() reads addresses that its caller has checked.
  const names = Object.keys(addon).filter((name) => typeof addon[name] === "function" && name !== "gemmPlaced");
  const post = (message) => require("node:worker_threads").parentPort.postMessage(message);
  for (const name of names) {
    for (let at = 0; at < 8; at++) {
      for (const [kind, make] of Object.entries(traps)) {
        for (const [filler, fill] of Object.entries(fillers)) {
          const call = [name, at, kind, filler].join();
          if (${wanted !== undefined} && call !== ${JSON.stringify(wanted)}) continue;
          const given = Array.from({ length: 10 }, (_, i) => (i === at ? make() : fill()));
          reached = false;
          let error = "none";
          try {
            addon[name](...given);
          } catch (thrown) {
            error = String(thrown);
          }
          if (reached) post([call, error]);
        }
      }
    }
  }
`;

const run = (...about) =>
  new Promise((done, fail) => {
    const messages = [];
    const worker = new Worker(program(about), { eval: true });
    worker.on("message", (message) => messages.push(message));
    worker.on("error", fail);
    worker.on("exit", (code) => done({ code, messages }));
  });

(async () => {
  const addon = process.argv[2];
  const { messages } = await run(addon, false);
  const wrong = messages.filter(([, error]) => error !== "RangeError: from a getter");
  for (const [call] of messages) {
    const { code, messages: after } = await run(addon, true, call);
    if (code !== 3 || after.length > 0) wrong.push([call, code, ...after]);
  }
  console.log(
    JSON.stringify({ calls: messages.length, entries: [...new Set(messages.map(([call]) => call.split(",")[0]))], wrong }),
  );
})();
