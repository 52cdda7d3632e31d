// Trains with averaged weights (EMA), keeps the best epoch, saves, and rebuilds the model from the file alone.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cosine, EarlyStopping, layers, loadModel, sequential } from "downhill";

// Three spirals that wind around each other.
const count = 1500;
const x = new Float32Array(2 * count);
const y = Int32Array.from({ length: count }, (_, i) => i % 3);
for (let i = 0; i < count; i++) {
  const radius = i / count;
  const angle = 4 * radius + (y[i] * 2 * Math.PI) / 3;
  x.set([radius * Math.cos(angle), radius * Math.sin(angle)], 2 * i);
}

const model = sequential(
  [
    layers.dense({ units: 64, activation: "relu", kernelInitializer: "heNormal", inputShape: [2] }),
    layers.dense({ units: 32, activation: "relu", kernelInitializer: "heNormal" }),
    layers.dense({ units: 3, activation: "softmax" }),
  ],
  { seed: 7 },
);
const epochs = 60;
model.compile({
  optimizer: { name: "adamw", learningRate: 0.01 },
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
  schedule: cosine({ steps: epochs * Math.ceil(count / 50) }),
  clip: { globalNorm: 1 },
});
const stopping = new EarlyStopping({ monitor: "val_accuracy", patience: 20 });
await model.fit(x, y, {
  epochs,
  batchSize: 50,
  average: { kind: "ema", decay: 0.99 },
  validationData: { x, y },
  callbacks: [stopping],
  verbose: 0,
});

const folder = mkdtempSync(join(tmpdir(), "downhill-save-"));
const path = join(folder, "spirals.safetensors");
await model.saveWeights(path);
const loaded = await loadModel(path);
rmSync(folder, { recursive: true });
const { accuracy } = await model.evaluate(x, y);
const predictions = model.predict(x).data;
const same = loaded.predict(x).data.every((value, i) => value === predictions[i]);
console.log(loaded.summary());
console.log(`accuracy ${accuracy.toFixed(4)} with the averaged weights of epoch ${stopping.bestEpoch + 1}`);
console.log(same ? "the loaded model predicts the same bits" : "DIFFERENT");
