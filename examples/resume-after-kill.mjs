// Kills a training with SIGKILL in the middle, resumes it from its checkpoint, and compares the parameters with those of a
// training that was never stopped: they have the same SHA-256.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Checkpoint, layers, sequential } from "downhill";

const EPOCHS = 40;

async function train(path) {
  const x = Float32Array.from({ length: 2000 * 20 }, (_, i) => ((i * 7919) % 1000) / 1000);
  const y = Int32Array.from({ length: 2000 }, (_, i) => (i * 31) % 5);
  const model = sequential(
    [
      layers.dense({ units: 64, activation: "relu" }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 5, activation: "softmax" }),
    ],
    { inputShape: [20], seed: 1 },
  );
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  // Sent to the parent, so that it can kill this process in the middle. Slow epochs make the middle easy to hit.
  const tell = {
    onEpochEnd: (epoch) => new Promise((resolve) => setTimeout(resolve, process.send ? 20 : 0)).then(() => process.send?.(epoch)),
  };
  const resume = existsSync(path) ? { resume: path } : {};
  const history = await model.fit(x, y, {
    epochs: EPOCHS,
    batchSize: 50,
    verbose: 0,
    callbacks: [new Checkpoint({ path }), tell],
    ...resume,
  });
  return { sha256: model.trainer.parametersSha256(), epochs: history.epoch.length };
}

if (process.send) {
  await train(process.argv[2]);
} else {
  const folder = mkdtempSync(join(tmpdir(), "downhill-resume-"));
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), join(folder, "killed.safetensors")], {
    stdio: ["ignore", 1, 2, "ipc"],
  });
  child.on("message", (epoch) => epoch === 7 && child.kill("SIGKILL"));
  const signal = await new Promise((resolve) => child.on("exit", (_, name) => resolve(name)));
  const resumed = await train(join(folder, "killed.safetensors"));
  const whole = await train(join(folder, "whole.safetensors"));
  rmSync(folder, { recursive: true });
  console.log(`killed by ${signal}, resumed to epoch ${resumed.epochs}`);
  console.log(`resumed        ${resumed.sha256}\nuninterrupted  ${whole.sha256}`);
  console.log(resumed.sha256 === whole.sha256 ? "identical bits" : "DIFFERENT");
  process.exitCode = resumed.sha256 === whole.sha256 ? 0 : 1;
}
