// Softmax regression on MNIST: softmax(xW + b), cross-entropy, gradient descent at rate 0.01, 1000 steps of 100 images.
// Softmax is applied once; applied twice, as some texts do, the gradient almost vanishes.
import { layers, loadMnist, sequential } from "downhill";

const { train, test } = await loadMnist();
const model = sequential([layers.dense({ units: 10, activation: "softmax", kernelInitializer: "zeros", inputShape: [784] })]);
model.compile({ optimizer: { name: "sgd", learningRate: 0.01 }, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
await model.fit(train.x, train.y, { epochs: 10, batchSize: 100, stopWhen: { maxSteps: 1000 } });
const { accuracy } = await model.evaluate(test.x, test.y);
console.log(`test accuracy after 1000 steps: ${accuracy.toFixed(4)}`);
