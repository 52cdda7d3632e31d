// tfjs-wasm's Adam for bench/optimizers.mjs, in a process of its own. JSON lines as in pytorch.py; DOWNHILL_PEERS names the folder
// where the packages are installed.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { gradientAt, parameterAt } from "./start.mjs";

const require = createRequire(join(process.env.DOWNHILL_PEERS ?? process.cwd(), "x.js"));
const wasm = require("@tensorflow/tfjs-backend-wasm");
const tf = require("@tensorflow/tfjs-core");
wasm.setWasmPaths(`${join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "dist")}/`);
await tf.setBackend("wasm");
await tf.ready();
if (tf.getBackend() !== "wasm") throw new Error("the wasm backend does not start");

const COMPARED = 97;
let variables = [];
let gradients = {};
let optimizer;

const filled = (shape, at) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => at(i)),
    shape,
  );

const actions = {
  sides: () => ({ sides: ["tfjs-wasm"], versions: { "tfjs-wasm": tf.version_core } }),
  prepare({ shapes, options }) {
    optimizer?.dispose();
    for (const tensor of [...variables, ...Object.values(gradients)]) tensor.dispose();
    variables = shapes.map((shape, i) => tf.variable(filled(shape, parameterAt), true, `p${process.hrtime.bigint()}_${i}`));
    gradients = Object.fromEntries(variables.map(({ name, shape }) => [name, filled(shape, gradientAt)]));
    optimizer = tf.train.adam(options.lr, 0.9, 0.999, 1e-8);
    for (let step = 0; step < 3; step++) optimizer.applyGradients(gradients);
    return { values: variables.slice(0, 10).flatMap((variable) => Array.from(variable.dataSync().subarray(0, COMPARED))) };
  },
  sample({ seconds }) {
    const begin = performance.now();
    let steps = 0;
    do {
      optimizer.applyGradients(gradients);
      steps++;
    } while (performance.now() - begin < 1000 * seconds);
    return { seconds: (performance.now() - begin) / 1000 / steps };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(actions[request.do](request))}\n`);
}
