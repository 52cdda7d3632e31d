// Linear regression of y = 2x + 1 + noise on the 100 points that NumPy makes from seed 0 (data/regression.npy, written by
// test/golden/files/make.py), by gradient descent at rate 0.01, 1000 steps. The text's gradient is that of ½·(mean
// squared error), so that is the loss here.
import { layers, losses, ops, readNpy, sequential } from "downhill";

const { data } = await readNpy(new URL("data/regression.npy", import.meta.url).pathname);
const x = data.filter((_, i) => i % 2 === 0);
const y = data.filter((_, i) => i % 2 === 1);
const halfSquaredError = losses.lossFrom("halfSquaredError", (prediction, target) =>
  ops.multiply(ops.square(ops.subtract(prediction, target)), 0.5),
);

async function run(title, learningRate, options) {
  const model = sequential([layers.dense({ units: 1, kernelInitializer: "zeros" })], { inputShape: [1], dtype: "float64" });
  model.compile({ optimizer: { name: "sgd", learningRate }, loss: halfSquaredError });
  const history = await model.fit(x, y, { batchSize: "full", ...options });
  const [w, b] = model.network.parameters.map(({ tensor }) => tensor.data[0]);
  const mse = 2 * (await model.evaluate(x, y)).loss;
  console.log(`${title} (${history.epoch.length} steps): w ${w.toFixed(8)}, b ${b.toFixed(8)}, MSE ${mse.toFixed(8)}`);
}

await run("rate 0.01", 0.01, { epochs: 1000 });
// Not converged: the least-squares optimum needs a higher rate, or far more steps.
await run("rate 0.5", 0.5, { epochs: 5000, stopWhen: { parameterChange: 1e-10 } });
