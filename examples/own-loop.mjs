// A training loop written by hand: groups with options of their own, a schedule, clipping, a non-finite guard, averaged
// weights. The model is logistic regression on two overlapping clouds of points; its gradient is written out.
import { Adam, clipByGlobalNorm, cosine, EMA, GradientNormMonitor, NonFiniteGuard, warmup } from "downhill";

const count = 400;
const steps = 600;
// Deterministic points: a golden-ratio sequence, class 1 shifted to the upper right.
const points = Array.from({ length: count }, (_, i) => {
  const label = i % 2;
  const spread = (k) => ((i * k) % 1) * 2 - 1;
  return { label, x: [spread(0.618034) + 0.6 * label, spread(0.754878) + 0.4 * label] };
});

const weights = new Float64Array(2);
const bias = new Float64Array(1);
const schedule = warmup({ steps: 50, after: cosine({ steps: steps - 50 }) });
const optimizer = new Adam(
  [
    { params: [weights], name: "weights", weightDecay: 1e-3, schedule },
    { params: [bias], name: "bias", schedule },
  ],
  { learningRate: 0.1 },
);
const average = new EMA([weights, bias], { decay: 0.98 });
const monitor = new GradientNormMonitor(optimizer.groups);
const guard = new NonFiniteGuard();
const gradients = [new Float64Array(2), new Float64Array(1)];

/** Mean cross-entropy; writes the gradients. */
function lossAndGradients([gw, gb]) {
  gw.fill(0);
  gb.fill(0);
  let loss = 0;
  for (const { label, x } of points) {
    const z = weights[0] * x[0] + weights[1] * x[1] + bias[0];
    const p = 1 / (1 + Math.exp(-z));
    loss -= Math.log(label ? p : 1 - p) / count;
    gw[0] += ((p - label) * x[0]) / count;
    gw[1] += ((p - label) * x[1]) / count;
    gb[0] += (p - label) / count;
  }
  return loss;
}

for (let step = 0; step < steps; step++) {
  const loss = lossAndGradients(gradients);
  monitor.observe(gradients);
  clipByGlobalNorm(gradients, 1);
  if (guard.accepts(gradients)) optimizer.step(gradients);
  average.update();
  if (step % 150 === 0) console.log(`step ${step}  loss ${loss.toFixed(4)}`);
}
average.swap(); // evaluate with the averaged weights
console.log(`loss ${lossAndGradients(gradients).toFixed(4)} with averaged weights, ${guard.skipped} steps skipped`);
for (const { name, mean, max } of monitor.statistics())
  console.log(`${name}: gradient norm ${mean.toFixed(4)}, at most ${max.toFixed(4)}`);
