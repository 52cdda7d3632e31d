// The smallest model: y ≈ θx, one parameter, gradient descent at rate 0.01, 1000 steps.
import { layers, sequential } from "downhill";

const x = Float64Array.from({ length: 50 }, (_, i) => i / 25);
const y = x.map((value) => 3 * value);
const model = sequential([layers.dense({ units: 1, useBias: false, kernelInitializer: "zeros" })], {
  inputShape: [1],
  dtype: "float64",
});
model.compile({ optimizer: { name: "sgd", learningRate: 0.01 }, loss: "meanSquaredError" });
await model.fit(x, y, { batchSize: "full", epochs: 1000 });
const [theta] = model.network.parameters[0].tensor.data;
console.log(`theta ${theta.toFixed(6)}`);
